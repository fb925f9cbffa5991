import { types } from 'node:util';

import { nativeLater } from '../../addon/native-later.js';
import { fromNative } from '../../errors/from-native.js';
import { invalidOption } from '../../errors/worker-error.js';
import { guard } from '../../util/guard.js';
import { isMainThread } from '../../util/is-main-thread.js';
import { now } from '../../util/primordials.js';
import type { SharedBuffer as PublicSharedBuffer, SharedWaitOutcome } from '../../types/shared-buffer.js';
import { SharedBuffer } from './shared-buffer.js';

const LONGEST_WAIT = 2_147_483_647;
const MOST_WOKEN = 2_147_483_647;
/** How long a thread stays outside of JavaScript, where `terminate()` does not reach it, in milliseconds. */
const SLICE = 100;

/** As the addon numbers them. */
const OUTCOMES = ['ok', 'not-equal', 'timed-out'] as const;

/** See the exported function. */
export function sharedWait(
  memory: PublicSharedBuffer | Int32Array,
  index: number,
  value: number,
  timeout: number,
): SharedWaitOutcome {
  checkPlace(memory, index);
  if (!Number.isInteger(value) || value !== (value | 0)) throw invalidOption('value', 'an integer of 32 bits', value);
  if (typeof timeout !== 'number' || !(timeout >= 0 && timeout <= LONGEST_WAIT)) {
    throw invalidOption('timeout', `a number of milliseconds from 0 to ${LONGEST_WAIT}`, timeout);
  }
  // The other side may wait for what this one has sent.
  if (timeout > 0) nativeLater().flushEarly();
  const deadline = now() + timeout;
  for (;;) {
    const left = Math.max(0, deadline - now());
    const outcome = waitOnce(memory, index, value, isMainThread ? left : Math.min(left, SLICE));
    if (outcome !== 'timed-out' || now() >= deadline) return outcome;
  }
}

/** See the exported function. */
export function sharedNotify(memory: PublicSharedBuffer | Int32Array, index: number, count: number): number {
  checkPlace(memory, index);
  const isCount = count === Infinity || (Number.isInteger(count) && count >= 0);
  if (!isCount) throw invalidOption('count', 'an integer of at least 0, or Infinity', count);
  const most = Math.min(count, MOST_WOKEN);
  try {
    return memory instanceof SharedBuffer
      ? SharedBuffer.memoryOf(memory).notify(index, most)
      : nativeLater().addon.NativeSharedMemory.notifyAt(memory as Int32Array, index, most);
  } catch (error) {
    throw fromNative(error);
  }
}

/** Waits on a thread of its own, which keeps no program alive; `timeout` may be infinite. */
export function sharedWaitLater(
  memory: SharedBuffer,
  index: number,
  value: number,
  timeout: number,
): Promise<SharedWaitOutcome> {
  return new Promise((resolve, reject) => {
    const done = guard((outcome: 0 | 1 | 2) => resolve(OUTCOMES[outcome]), reject);
    try {
      SharedBuffer.memoryOf(memory).waitLater(index, value, timeout, done);
    } catch (error) {
      throw fromNative(error);
    }
  });
}

function waitOnce(
  memory: PublicSharedBuffer | Int32Array,
  index: number,
  value: number,
  timeout: number,
): SharedWaitOutcome {
  try {
    return memory instanceof SharedBuffer
      ? SharedBuffer.memoryOf(memory).wait(index, value, timeout)
      : nativeLater().addon.NativeSharedMemory.waitAt(memory as Int32Array, index, value, timeout);
  } catch (error) {
    throw fromNative(error);
  }
}

function checkPlace(memory: unknown, index: number): void {
  const length = wordsOf(memory);
  if (length === undefined) {
    throw invalidOption('memory', 'a SharedBuffer, or an Int32Array of a SharedArrayBuffer', memory);
  }
  if (!Number.isInteger(index) || index < 0 || index >= length) {
    throw invalidOption('index', `an integer from 0 to ${length - 1}, one of the ${length} words of 32 bits`, index);
  }
}

function wordsOf(memory: unknown): number | undefined {
  if (memory instanceof SharedBuffer) return Math.floor(memory.byteLength / Int32Array.BYTES_PER_ELEMENT);
  return types.isInt32Array(memory) && types.isSharedArrayBuffer(memory.buffer) ? memory.length : undefined;
}
