import { WorkerError } from './worker-error.js';
import { printable } from '../util/printable.js';
import { reasonOf } from '../util/safely.js';

/** The error for a message that this side could not handle. */
export function unhandled(cause: unknown): WorkerError {
  return new WorkerError(
    'ERR_MALFORMED_MESSAGE',
    `an incoming message could not be handled: ${printable(reasonOf(cause), 500)}`,
    { cause },
  );
}
