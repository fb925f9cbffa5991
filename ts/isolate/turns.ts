import { clearTimeout, now, setImmediate, setTimeout } from '../util/primordials.js';
import type { NativeIsolate } from './binding.js';
import { ENDED, RUNNABLE } from './generated.js';

/** The cooperative isolates that have something to do, in the order of their turns. */
const runnable: Turns[] = [];
/** How many of them keep the event loop alive. */
let referenced = 0;
let immediate: NodeJS.Immediate | undefined;
let timer: NodeJS.Timeout | undefined;

/** Runs isolates for one slice together, or for one slice of one of them; the event loop turns before the next. */
function run(): void {
  clearTimeout(timer);
  immediate = timer = undefined;
  const start = now();
  do {
    const next = runnable.shift();
    if (next === undefined) return;
    if (next.isReferenced) referenced--;
    next.run();
    if (now() - start >= next.slice) break;
  } while (runnable.length > 0);
  schedule();
}

function schedule(): void {
  if (immediate !== undefined || runnable.length === 0) return;
  if (referenced > 0) immediate = setImmediate(run);
  // An immediate that does not keep the event loop alive does not wake it either.
  else timer ??= setTimeout(run, 0).unref();
}

/** The turns of one cooperative isolate. */
export class Turns {
  /** Whether it keeps the event loop alive while it has something to do. */
  isReferenced = true;
  private isWaiting = false;
  private hasEnded = false;
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly native: NativeIsolate,
    private readonly onEvents: () => void,
    readonly slice: number,
  ) {
    this.wake();
  }

  /** It has something to do. */
  readonly wake = (): void => {
    if (this.isWaiting || this.hasEnded) return;
    this.isWaiting = true;
    runnable.push(this);
    if (this.isReferenced) referenced++;
    schedule();
  };

  hold(isReferenced: boolean): void {
    if (this.isReferenced === isReferenced) return;
    this.isReferenced = isReferenced;
    if (!this.isWaiting) return;
    referenced += isReferenced ? 1 : -1;
    schedule();
  }

  run(): void {
    this.isWaiting = false;
    if (this.hasEnded) return;
    clearTimeout(this.timer);
    const millis = this.native.turn();
    this.hasEnded = millis === ENDED;
    // Its listeners may make it runnable again: it is then behind the others.
    this.onEvents();
    if (millis === RUNNABLE) this.wake();
    // The host's end keeps the event loop alive.
    else if (millis >= 0 && millis !== Infinity) this.timer = setTimeout(this.wake, Math.ceil(millis)).unref();
  }
}
