import type { PreparedPayload } from '../codecs/prepared-payload.js';
import { clone } from '../codecs/load-clone.js';

/**
 * Encodes a payload once, for any number of `send`s and `post`s to any workers: pass the result in place of the
 * payload. Later changes of `value` do not reach it.
 *
 * This encodes for the serializer `'structured'`; any other serializer encodes a copy at its first use. So the payload
 * may hold any value of structured clone; this ignores a `toJSON` of a class.
 *
 * @throws `ERR_NOT_SERIALIZABLE`.
 *
 * @example
 * ```ts
 * const config = preparePayload(largeObject);
 * await Promise.all(workers.map((worker) => worker.send('configure', config)));
 * ```
 */
export function preparePayload<T>(value: T): PreparedPayload<T> {
  return clone().preparePayload(value);
}
