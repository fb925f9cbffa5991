import { quoted } from '../util/printable.js';
import { WorkerError } from './worker-error.js';
import { ErrorDecoder, Malformed } from './decoding/decoder.js';
import { reasonOf, safely } from '../util/safely.js';

export { createError, hide, markRemote } from './decoding/create-error.js';

/** How much text of an unreadable error is shown. */
const SHOWN = 500;

/** Rebuilds an error from the data of the other side. Never throws: invalid data become an error that says so. */
export function decodeError(data: unknown): Error {
  try {
    return new ErrorDecoder().decode(data);
  } catch (failure) {
    const reason = failure instanceof Malformed ? failure.message : reasonOf(failure);
    const text = safely(() => (data as { message?: unknown }).message);
    const reported = typeof text === 'string' && text !== '' ? ` Its text: ${quoted(text, SHOWN)}` : '';
    return new WorkerError(
      'ERR_MALFORMED_MESSAGE',
      `the other side sent an unreadable error: ${reason}. Correct how it encodes errors; docs/protocol.md has the form.${reported}`,
    );
  }
}
