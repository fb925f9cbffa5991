// The module `os` in an isolate, for scripts written for `os.Worker`. It runs before the script and imports it.
import './bridge.js';
import { bridge } from './bridge.js';
import { clock } from './clock.js';
import { console } from './console.js';
import { define as defineHostFunctions } from './host-functions.js';
import { report } from './os/report.js';
import * as timers from './timers.js';

export { Worker } from './os/worker.js';
export * from './os/refused.js';
export const { setTimeout, clearTimeout, setInterval, clearInterval } = timers;
export const platform = 'isolate';

/** Milliseconds of a clock that programs cannot set. */
export const now = clock;

export function sleepAsync(millis?: unknown): Promise<void> {
  return new Promise((resolve) => timers.setTimeout(() => resolve(), millis));
}

for (const [name, value] of Object.entries({ console, print: console.log, ...timers })) {
  if (name === 'Timer') continue;
  Object.defineProperty(globalThis, name, { value, writable: true, configurable: true });
}
defineHostFunctions();
bridge.onError(report);

/** An import that fails is a rejection that nothing has caught. */
async function start(): Promise<void> {
  // The script imports this module, which must have run.
  await undefined;
  await bridge.importScript(bridge.entry);
  bridge.loaded();
}

void start();
