import { idleTime, now, setImmediate } from './primordials.js';

/** How long one turn of the event loop handles messages before other work runs, in milliseconds. */
const TURN = 10;

let start = 0;
let idle: number | undefined;
let waiting: (() => void)[] = [];

/**
 * Whether messages have used up this turn: later ones wait for the next. Cheap enough to call for each message that
 * arrives alone.
 */
export function isTurnOver(): boolean {
  const time = now();
  // The first message of the thread begins its first turn: finding out more would load a module of Node's.
  if (start === 0) start = time;
  if (time - start < TURN) return false;
  // A loop that has waited for events meanwhile has had time for other work.
  const idled = idleTime();
  if (idled === undefined || idled === idle) return true;
  idle = idled;
  start = time;
  return false;
}

/** Whether messages of this thread wait for the next turn. */
export function isTurnAwaited(): boolean {
  return waiting.length > 0;
}

/** Calls back in the next turn of the loop; if that one is full, in the one after it. */
export function inNextTurn(act: () => void): void {
  if (waiting.push(act) === 1) setImmediate(next);
}

function next(): void {
  start = now();
  const acts = waiting;
  waiting = [];
  for (const [index, act] of acts.entries()) {
    if (index > 0 && isTurnOver()) {
      // These then come first.
      const late = acts.slice(index);
      if (waiting.length === 0) setImmediate(next);
      waiting = [...late, ...waiting];
      return;
    }
    act();
  }
}

/** Resolves in the next turn of the loop. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
