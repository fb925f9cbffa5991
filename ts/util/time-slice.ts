import { now } from './primordials.js';

/** How long messages are handled before other work in this thread runs, in milliseconds. */
const LENGTH = 5;
/**
 * How many messages are handled before the first check of the clock, and at most between two checks, which also take
 * time.
 */
const FIRST = 4;
const MOST = 32;
/** How long answers to messages of a slice wait for later messages of it, in milliseconds. */
const PART = 1;

/** A part of a turn of the event loop. */
export class Slice {
  private readonly start = now();
  private handled = 0;
  private stride = FIRST;
  private next = FIRST;
  private partStart = 0;

  /** @param onPart - Runs between two messages, about once in a millisecond. */
  constructor(private readonly onPart?: () => void) {}

  /** Call it after each message: whether the next one must wait. */
  isOver(): boolean {
    return ++this.handled >= this.next && this.look();
  }

  /** Whether the time is over by now. */
  isLate(): boolean {
    return now() - this.start >= LENGTH;
  }

  /** Fast messages check the clock less often: those up to the next check take at most half of the remaining time. */
  private look(): boolean {
    const used = now() - this.start;
    if (used >= LENGTH) return true;
    if (used - this.partStart >= PART) {
      this.partStart = used;
      this.onPart?.();
    }
    const fits = ((LENGTH - used) / 2) * (this.handled / used);
    this.stride = Math.max(1, Math.min(fits, this.stride * 2, MOST));
    this.next = this.handled + this.stride;
    return false;
  }
}
