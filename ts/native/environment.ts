import { availableParallelism } from 'node:os';
import { isMainThread } from 'node:worker_threads';

import type { NativeEnvironment } from './binding.js';

import { loadAddon } from './addon.js';
import { invalidOption } from '../errors.js';
import { HEAD, NEWS, RECORD } from './records.js';

const CAPACITY = 1024;
/** Up to so many are too few to be written in two goes. */
const FEW = 16;

/** The addon as this JavaScript thread has it. */
export interface Native {
  readonly addon: ReturnType<typeof loadAddon>;
  readonly environment: NativeEnvironment;
  /** Shared with the addon, which writes into it right before it calls. */
  readonly records: Int32Array;
  /** The same memory behind its head. */
  readonly numbers: Float64Array;
  /** Writes what was sent, now. */
  flush(): void;
  /**
   * What was sent is written at the end of this tick: one write for all messages and all connections; after a batch of some
   * size, where the other side can run at the same time, two.
   */
  scheduleFlush(): void;
  /** News have come that Node has brought: before the thread sleeps, it looks for more of them, where that pays. */
  onNews(): void;
  /** So many messages have come at once, which are likely to be followed by as many. */
  beginBatch(count: number): void;
}

let native: Native | undefined;

/** Loads the addon when it is first needed. */
export function getNative(): Native {
  return (native ??= createNative());
}

function createNative(): Native {
  const addon = loadAddon();
  const memory = new SharedArrayBuffer((HEAD + CAPACITY * RECORD) * Int32Array.BYTES_PER_ELEMENT);
  const records = new Int32Array(memory);
  const numbers = new Float64Array(memory, HEAD * Int32Array.BYTES_PER_ELEMENT);
  const busyPolls = process.env['ISOLATED_WORKERS_BUSY_POLL'] !== '0';
  const environment = new addon.NativeEnvironment(Buffer.from(memory), chooseEngine(), busyPolls);
  if (isMainThread && isNode()) environment.recycle(findTransfer());
  const flush = environment.flushCommand;
  /** How many are to be sent until the first are written; below: that is done, or not to be. */
  let untilFirst = 0;
  let canOverlap: boolean | undefined;
  let watchesTurns = false;
  return {
    addon,
    environment,
    records,
    numbers,
    flush,
    scheduleFlush() {
      if (records[0] === 0) {
        records[0] = 1;
        queueMicrotask(flush);
      }
      if (--untilFirst === 0) {
        flush();
        // That at the end is still to come.
        records[0] = 1;
      }
    },
    onNews() {
      if (!watchesTurns) environment.watchTurns();
      watchesTurns = true;
      records[NEWS] = 1;
    },
    beginBatch(count) {
      untilFirst = 0;
      if (count <= FEW) return;
      // The other side begins with the first of them while this one makes the rest.
      if ((canOverlap ??= availableParallelism() > 1)) untilFirst = Math.max(FEW, count >> 2);
    },
  };
}

/**
 * `uv` polls on Node's own loop; no other thread is in the path. Everywhere else libuv is absent, or only looks as if
 * it were there: a thread of the addon's own does the waiting.
 */
function chooseEngine(): 'uv' | 'tokio' {
  const canUseUv = hasUv();
  const wanted = process.env['ISOLATED_WORKERS_ENGINE'];
  if (wanted === undefined || wanted === '') return canUseUv ? 'uv' : 'tokio';
  if (wanted !== 'uv' && wanted !== 'tokio') {
    throw invalidOption('ISOLATED_WORKERS_ENGINE', '"uv" or "tokio"', wanted);
  }
  return wanted === 'uv' && !canUseUv ? 'tokio' : wanted;
}

/** Whether the runtime has the real libuv, and what is polled are descriptors. */
export function hasUv(): boolean {
  return isNode() && process.platform !== 'win32';
}

function isNode(): boolean {
  const { versions } = process;
  return versions['bun'] === undefined && versions['deno'] === undefined && versions['electron'] === undefined;
}

/** What `ArrayBuffer`s have since Node 21; what older ones have is a copy of somebody's. */
function findTransfer(): (() => ArrayBuffer) | undefined {
  const { transfer } = ArrayBuffer.prototype as { transfer?: () => ArrayBuffer };
  return Number.parseInt(process.versions.node, 10) > 20 ? transfer : undefined;
}
