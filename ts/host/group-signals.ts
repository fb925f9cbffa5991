import { isMainThread } from '../util/node-threads.js';

import { now } from '../util/primordials.js';

/** The signals by which terminals and service managers end a host together with its workers. */
const SIGNALS: readonly NodeJS.Signals[] = ['SIGINT', 'SIGTERM', 'SIGHUP'];
/** How long after its host's signal the end of a worker counts as caused by it, in milliseconds. */
const RECENT = 5000;

const received = new Map<string, number>();
let isWatching = false;

const note = (signal: string) => void received.set(signal, now());

/** Whether this host has received the signal that ended a worker, and is about to end too. */
export function cameToGroup(signal: string | null): boolean {
  const at = signal === null ? undefined : received.get(signal);
  return at !== undefined && now() - at < RECENT;
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
