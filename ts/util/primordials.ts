// Programs and their test runners temporarily replace clocks, timers, microtasks and `process.exit`. The library takes
// the real ones when it is loaded, and uses no others: a lint rule forbids the globals in ts/.
import {
  clearInterval as realClearInterval,
  clearTimeout as realClearTimeout,
  setImmediate as realSetImmediate,
  setInterval as realSetInterval,
  setTimeout as realSetTimeout,
} from 'node:timers';
import type * as PerfHooks from 'node:perf_hooks';
import type { performance, RecordableHistogram as Histogram } from 'node:perf_hooks';

// Not the globals, which are numbers in a DOM.
export const setTimeout = realSetTimeout;
export const setInterval = realSetInterval;
export const setImmediate = realSetImmediate;
export const clearTimeout = realClearTimeout;
export const clearInterval = realClearInterval;

/** The language's own microtasks: no program can replace them, even before the library is loaded. */
export async function queueMicrotask(act: () => void): Promise<void> {
  await undefined;
  act();
}

export const nextTick: (act: () => void) => void = isFake(process.nextTick)
  ? queueMicrotask
  : process.nextTick.bind(process);

const { hrtime } = process;

/**
 * Milliseconds of a clock that programs cannot set. `node:perf_hooks` would cost the start of a thread most of a
 * millisecond.
 */
export const now: () => number = isFake(hrtime)
  ? () => (require('node:perf_hooks') as { performance: typeof performance }).performance.now()
  : () => {
      const [seconds, nanos] = hrtime();
      return seconds * 1e3 + nanos / 1e6;
    };

let nodeTiming: { readonly idleTime?: number } | undefined;

/** Milliseconds that this thread's event loop has waited for events; `undefined` if unknown. */
export function idleTime(): number | undefined {
  nodeTiming ??= (require('node:perf_hooks') as { performance: { nodeTiming?: object } }).performance.nodeTiming ?? {};
  return nodeTiming.idleTime;
}

export type { Histogram };

/** A histogram of whole numbers, up to `highest`, with so many significant figures. */
export function createHistogram(highest: number, figures: number): Histogram {
  const hooks = require('node:perf_hooks') as typeof PerfHooks;
  return hooks.createHistogram({ lowest: 1, highest, figures });
}

const { SharedArrayBuffer: Shared } = globalThis as { SharedArrayBuffer?: SharedArrayBufferConstructor };

/** Memory that threads share. Programs may remove the global. */
export function newSharedMemory(bytes: number): SharedArrayBuffer {
  if (Shared !== undefined) return new Shared(bytes);
  const { WebAssembly } = globalThis as unknown as {
    WebAssembly: { Memory: new (limits: object) => { buffer: object } };
  };
  const { buffer } = new WebAssembly.Memory({ initial: 0, maximum: 0, shared: true });
  return new (buffer.constructor as SharedArrayBufferConstructor)(bytes);
}

const { exit: leave } = process;
const { reallyExit } = process as unknown as { reallyExit?: (code: number) => void };

/** Ends this process, or this thread, with its exit handlers. */
export function exit(): void {
  try {
    leave.call(process);
  } catch (error) {
    // An error of an exit handler is the user's.
    if ((process as { ['_exiting']?: boolean })['_exiting'] === true) throw error;
  }
  // A program had replaced it before the library was loaded.
  process.emit('exit', Number(process.exitCode ?? 0));
  reallyExit?.call(process, Number(process.exitCode ?? 0));
}

/** The marks of the fake timers of Jest, Vitest and Sinon, and of the mocks of Jest. */
function isFake(taken: object): boolean {
  return 'clock' in taken || '_isMockFunction' in taken;
}
