import type { PreparedPayload } from './codecs/prepared-payload.js';
import { structuredPart } from './parts.js';

/**
 * Encodes a payload once, for any number of `send`s and `post`s to any workers: give what it returns in place of the payload.
 * What becomes of `value` afterwards does not reach it.
 *
 * It is encoded for the serializer `'structured'`; for another, from a copy, when one that has it is first sent to. So it can
 * hold what structured clone carries, and a `toJSON` of a class is not asked.
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
  return structuredPart().preparePayload(value);
}
