import type * as Os from 'node:os';
import { isMainThread } from '../util/is-main-thread.js';

import type * as Binding from './binding.js';

import { loadAddon } from './load-addon.js';
import { guard } from '../util/guard.js';
import { invalidOption } from '../errors/worker-error.js';
import { hadNothingLeft, isExiting, watchExit } from './exit-flush.js';
import { newSharedMemory, now, queueMicrotask, setImmediate } from '../util/primordials.js';
import { HEAD, READY_HINT, RECORD, SLOW_HINT } from '../protocol/generated.js';

const CAPACITY = 1024;
/** Up to this many messages are too few for two writes. */
const FEW = 16;
/** After this many writes since the last batch, the ticks of the next millisecond may share one. */
const MOST_WRITES = 4;
const SHARED_FOR = 1;

/** The addon for this JavaScript thread. */
export interface Native {
  readonly addon: typeof Binding;
  readonly environment: Binding.NativeEnvironment;
  /** Shared with the addon, which writes into it right before it calls. */
  readonly records: Int32Array;
  /** This memory, behind its head. */
  readonly numbers: Float64Array;
  /** Writes the output now. */
  flush(): void;
  /**
   * Schedules the write at the end of this tick: one write for all messages and all connections; after a large batch,
   * if the other side can run in parallel, two. With `mayShare`, many short ticks in a row share one at the end of the
   * turn of the event loop.
   */
  scheduleFlush(mayShare?: boolean): void;
  /** Writes what waits for the end of this tick, before it ends. */
  flushEarly(): void;
  /** Node has delivered messages: before the thread blocks, it spins for more of them, if that has been profitable. */
  onNews(): void;
  /** This many messages have arrived at once; as many probably follow. */
  beginBatch(count: number): void;
  /** They are handled, and code that waits for them goes on: writes before it, if it has usually taken long. */
  batchEnd(): void;
}

let native: Native | undefined;
let cannotLoad = false;

/**
 * Loads the addon on first use.
 *
 * @throws `ERR_UNSUPPORTED_PLATFORM`, `ERR_ADDONS_DISABLED`.
 */
export function getNative(): Native {
  return (native ??= createNative(loadAddon()));
}

/** Like {@link getNative}, for what works without the addon, too; `undefined` where it cannot be loaded. */
export function findNative(): Native | undefined {
  if (native !== undefined || cannotLoad) return native;
  let addon: typeof Binding;
  try {
    addon = loadAddon();
  } catch {
    cannotLoad = true;
    return undefined;
  }
  return (native = createNative(addon));
}

function createNative(addon: typeof Binding): Native {
  const memory = newSharedMemory((HEAD + CAPACITY * RECORD) * Int32Array.BYTES_PER_ELEMENT);
  const records = new Int32Array(memory);
  const numbers = new Float64Array(memory, HEAD * Int32Array.BYTES_PER_ELEMENT);
  const busyPolls = process.env['ISOLATED_WORKERS_BUSY_POLL'] !== '0';
  const environment = new addon.NativeEnvironment(Buffer.from(memory), chooseEngine(), busyPolls);
  const goOn = () => environment.goOn();
  environment.shareLoop(
    guard(
      () => void setImmediate(goOn),
      () => {},
    ),
  );
  if (isMainThread && isNode()) environment.recycle(findTransfer());
  const flush = environment.flushCommand;
  watchExit();
  /** How many messages are to be sent before the first write; below zero: it is done, or not needed. */
  let untilFirst = 0;
  let canOverlap: boolean | undefined;
  let watchesTurns = false;
  /** Scheduled writes since the last batch, and when they became many. */
  let writes = 0;
  let crowdedSince = 0;
  /** The scheduled write is that of several ticks. */
  let isShared = false;
  /** A write before the end of what follows a batch is scheduled. */
  let isEarly = false;
  const flushEarly = (): void => {
    if (records[0] === 0) return;
    flush();
    // The scheduled write follows.
    records[0] = 1;
  };
  const writeEarly = (): void => {
    isEarly = false;
    flushEarly();
  };
  const isCrowded = (): boolean => {
    if (++writes < MOST_WRITES) return false;
    if (writes === MOST_WRITES) crowdedSince = now();
    else if (now() - crowdedSince < SHARED_FOR) return true;
    else writes = 0;
    return false;
  };
  return {
    addon,
    environment,
    records,
    numbers,
    flush,
    scheduleFlush(mayShare = false) {
      if (records[0] === 0) {
        if (isExiting()) return flush();
        records[0] = 1;
        isShared = mayShare && !hadNothingLeft() && isCrowded();
        if (isShared) setImmediate(flush);
        else void queueMicrotask(flush);
      } else if (isShared && !mayShare) {
        isShared = false;
        void queueMicrotask(flush);
      } else if (records[SLOW_HINT] === 1 && !isEarly) {
        isEarly = true;
        void queueMicrotask(writeEarly);
      }
      if (--untilFirst === 0) {
        flush();
        // The write at the end follows.
        records[0] = 1;
      }
    },
    flushEarly,
    batchEnd() {
      if (records[SLOW_HINT] === 1) flushEarly();
    },
    onNews() {
      if (!watchesTurns) environment.watchTurns();
      watchesTurns = true;
      records[READY_HINT] = 1;
    },
    beginBatch(count) {
      writes = 0;
      untilFirst = 0;
      if (count <= FEW) return;
      // The other side handles the first messages while this side encodes the rest.
      if ((canOverlap ??= (require('node:os') as typeof Os).availableParallelism() > 1))
        untilFirst = Math.max(FEW, count >> 2);
    },
  };
}

/**
 * `uv` polls on Node's own loop, without another thread. Elsewhere libuv is absent, only its names are there, or it
 * does not poll pipes: a thread of the addon waits instead.
 */
export function chooseEngine(): 'uv' | 'tokio' {
  const canUseUv = hasUv() && process.platform !== 'win32';
  const wanted = process.env['ISOLATED_WORKERS_ENGINE'];
  if (wanted === undefined || wanted === '') return canUseUv ? 'uv' : 'tokio';
  if (wanted !== 'uv' && wanted !== 'tokio') {
    throw invalidOption('ISOLATED_WORKERS_ENGINE', '"uv" or "tokio"', wanted);
  }
  return wanted === 'uv' && !canUseUv ? 'tokio' : wanted;
}

/** Whether the runtime has the real libuv. */
export function hasUv(): boolean {
  return isNode();
}

function isNode(): boolean {
  const { versions } = process;
  return versions['bun'] === undefined && versions['deno'] === undefined && versions['electron'] === undefined;
}

/** The native method of `ArrayBuffer` since Node 21; older runtimes may have a polyfill that copies. */
function findTransfer(): (() => ArrayBuffer) | undefined {
  const { transfer } = ArrayBuffer.prototype as { transfer?: () => ArrayBuffer };
  return Number.parseInt(process.versions.node, 10) > 20 ? transfer : undefined;
}
