// In place of ts/util/primordials.ts.
import { process } from '../node/process.js';

export { clock as now } from '../clock.js';
export { clearInterval, clearTimeout, setImmediate, setInterval, setTimeout } from '../timers.js';

/** The language's own microtasks. */
export async function queueMicrotask(act: () => void): Promise<void> {
  await undefined;
  act();
}

export const nextTick: (act: () => void) => void = queueMicrotask;

/** Unknown here. */
export function idleTime(): undefined {
  return undefined;
}

export function createHistogram(): never {
  throw new Error('an isolate has no histograms');
}

export function exit(): never {
  return process.end();
}
