import { isMainThread } from '../util/is-main-thread.js';

import { clearTimeout, now, setTimeout } from '../util/primordials.js';

/** The signals by which terminals and service managers end a host together with its workers. */
const SIGNALS: readonly NodeJS.Signals[] = ['SIGINT', 'SIGTERM', 'SIGHUP'];
/** How long after its host's signal the end of a worker counts as caused by it, in milliseconds. */
const RECENT = 5000;

/** How long a signal may take to reach the host after it has ended a worker, in milliseconds. */
const ARRIVAL = 100;

const received = new Map<string, number>();
let isWatching = false;
let waiting: (() => void)[] = [];

const note = (signal: string) => {
  received.set(signal, now());
  for (const goOn of waiting.splice(0)) goOn();
};

/** Whether this host has received the signal that ended a worker, and is about to end too. */
export function cameToGroup(signal: string | null): boolean {
  const at = signal === null ? undefined : received.get(signal);
  return at !== undefined && now() - at < RECENT;
}

/**
 * Waits for the signal that ended a worker, if the host listens for it and has not received it: one key of a terminal
 * sends it to both, and the host may read of the worker's end first. `undefined`: there is nothing to wait for.
 */
export function untilItCame(signal: string | null): Promise<void> | undefined {
  if (signal === null || !isSignal(signal) || !process.listeners(signal).includes(note) || cameToGroup(signal)) {
    return undefined;
  }
  return new Promise((resolve) => {
    const timer = setTimeout(goOn, ARRIVAL);
    function goOn(): void {
      clearTimeout(timer);
      waiting = waiting.filter((other) => other !== goOn);
      resolve();
    }
    waiting.push(goOn);
  });
}

/**
 * From now on `cameToGroup` is accurate. A signal without a listener of the program keeps its effect: it ends this
 * process.
 */
export function watchGroupSignals(): void {
  if (isWatching || !isMainThread) return;
  isWatching = true;
  for (const signal of SIGNALS) if (process.listenerCount(signal) > 0) process.on(signal, note);
  process.on('newListener', (event, listener) => {
    if (!isSignal(event) || listener === note || process.listeners(event).includes(note)) return;
    process.on(event, note);
  });
  process.on('removeListener', (event) => {
    // Without this, the library would keep the signal from this process.
    if (isSignal(event) && process.listenerCount(event) === 1) process.off(event, note);
  });
}

function isSignal(event: string | symbol): event is NodeJS.Signals {
  return SIGNALS.includes(event as NodeJS.Signals);
}
