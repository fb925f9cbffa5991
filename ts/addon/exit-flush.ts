import { now } from '../util/primordials.js';

/** How long the exit of a host may wait for its workers to read queued messages, in milliseconds. */
const BUDGET = 500;

/** A queue that must be written before this thread ends. */
export interface ExitFlush {
  /** Writes the queue, or hands it over; blocks for at most this many milliseconds. */
  flush(millis: number): void;
  /** Blocks until the other side has read it, for at most this many milliseconds. */
  settle?(millis: number): void;
}

const open = new Set<ExitFlush>();
let exiting = false;
let hasRunOut = false;
let isWatched = false;

/** The exit event has fired: nothing may be queued any more, because no microtask will run. */
export function isExiting(): boolean {
  return exiting;
}

/** The event loop has once had nothing left to do: what the library schedules in it could keep a program from its end. */
export function hadNothingLeft(): boolean {
  return hasRunOut;
}

/** From now on `isExiting` and `hadNothingLeft` are accurate. */
export function watchExit(): void {
  if (isWatched) return;
  isWatched = true;
  process.prependOnceListener('beforeExit', () => {
    hasRunOut = true;
  });
  process.prependListener('exit', () => {
    exiting = true;
    const deadline = now() + BUDGET;
    const left = () => Math.max(deadline - now(), 0);
    for (const each of open) each.flush(left());
    for (const each of open) each.settle?.(left());
  });
}

/** At the exit of this thread, `each` is flushed; returns a function that ends that. */
export function flushAtExit(each: ExitFlush): () => void {
  watchExit();
  open.add(each);
  return () => void open.delete(each);
}
