import { types } from 'node:util';

import { WorkerError } from '../index.js';
import { addon } from './load.js';

const MOST_WOKEN = 2 ** 31 - 1;

/**
 * Wakes those who wait for a word of shared memory in `Atomics.wait`: isolates of this process first, in their order, then threads of this
 * process, also those of `Atomics.waitAsync`. `Atomics.notify` itself wakes no isolate.
 *
 * @param words - A view of a `SharedArrayBuffer`.
 * @param index - The number of the word in it.
 * @param count - How many it wakes at most. Default: all.
 * @returns How many it has woken.
 * @throws `ERR_INVALID_OPTION`; `ERR_UNSUPPORTED_PLATFORM` where there are no isolates.
 */
export function notifyIsolates(words: Int32Array | BigInt64Array, index: number, count: number = Infinity): number {
  const isView = (types.isInt32Array(words) || types.isBigInt64Array(words)) && types.isSharedArrayBuffer(words.buffer);
  if (!isView) throw invalid('words', 'an Int32Array or a BigInt64Array of a SharedArrayBuffer', words);
  if (!Number.isInteger(index) || index < 0 || index >= words.length) {
    throw invalid('index', `an integer from 0 to ${words.length - 1}`, index);
  }
  if (count !== Infinity && !(Number.isInteger(count) && count >= 0)) {
    throw invalid('count', 'an integer of at least 0, or Infinity', count);
  }
  const most = Math.min(count, MOST_WOKEN);
  const woken = addon().notifyIsolates(words, index, most);
  return woken < most ? woken + Atomics.notify(words as Int32Array, index, count - woken) : woken;
}

function invalid(name: string, expected: string, value: unknown): WorkerError {
  return new WorkerError('ERR_INVALID_OPTION', `${name} must be ${expected}, not ${String(value)}`);
}
