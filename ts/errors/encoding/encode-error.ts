import { ErrorEncoder } from './encoder.js';
import { isError, reasonOf } from '../../util/safely.js';
import type { RemoteErrorPayload } from '../../types/message.js';

/**
 * Encodes a thrown value as data. Never throws, whatever the value does when the encoder reads it; its time and space
 * are bounded.
 *
 * @param isRich - Values in the error travel as by structured clone; otherwise as by JSON.
 */
export function encodeError(thrown: unknown, isRich = false): RemoteErrorPayload {
  const encoder = new ErrorEncoder(isRich);
  try {
    return encoder.finish(isError(thrown) ? encoder.error(thrown) : encoder.thrown(thrown));
  } catch (failure) {
    const message = `a handler threw a value that cannot be encoded: ${reasonOf(failure).slice(0, 1024)}`;
    return { name: 'WorkerError', message, code: 'ERR_THROWN_VALUE' };
  }
}
