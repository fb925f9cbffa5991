import { clone } from '../codecs/load-clone.js';
import type { SharedBuffer, SharedWaitOutcome } from '../types/shared-buffer.js';

/**
 * Blocks this thread until another thread, of this or of another process, calls `sharedNotify` for the same word of shared memory, as
 * `Atomics.wait` does between the threads of one process. While it blocks, the event loop stands still; messages to
 * and from processes that were sent before have left.
 *
 * The other side changes the word first, and notifies then. A wait whose word already has another value returns at once, so none of them
 * misses a change. `Atomics.notify` does not end this wait, nor `sharedNotify` one of `Atomics.wait`.
 *
 * A process that dies notifies nobody, so each wait has a timeout. A signal does not end a wait; `terminate()` of a thread does.
 *
 * @param memory - A shared buffer, on any runtime; or an `Int32Array` of a `SharedArrayBuffer`: that of a shared buffer, or one that
 *   only threads share.
 * @param index - The number of the word: its offset in bytes is four times that.
 * @param value - The value with which the word is waited for: 32 bits, with a sign.
 * @param timeout - In milliseconds, from 0 to 2,147,483,647.
 * @returns `'ok'`: somebody has notified the word; `'not-equal'`: it has another value; `'timed-out'`.
 * @throws `ERR_INVALID_OPTION`; `ERR_UNSUPPORTED_PLATFORM` on all systems except Linux, which cannot wake other processes by an address;
 *   `ERR_SYSTEM` if the system refuses it.
 */
export function sharedWait(
  memory: SharedBuffer | Int32Array,
  index: number,
  value: number,
  timeout: number,
): SharedWaitOutcome {
  return clone().sharedWait(memory, index, value, timeout);
}

/**
 * Wakes threads of any process that wait for a word of shared memory in `sharedWait`.
 *
 * @param memory - As of `sharedWait`.
 * @param index - The number of the word.
 * @param count - How many threads it wakes at most. Default: all.
 * @returns How many it has woken.
 * @throws The errors of `sharedWait`.
 */
export function sharedNotify(memory: SharedBuffer | Int32Array, index: number, count = Infinity): number {
  return clone().sharedNotify(memory, index, count);
}
