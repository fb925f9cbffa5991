import { clearTimeout, now, setInterval, setTimeout } from '../util/primordials.js';

/** The longest a timer can be set for. */
const LONGEST = 2 ** 31 - 1;

/** One timer for all instants of a pool. */
export class Alarm {
  private timer: NodeJS.Timeout | undefined;
  private at = Infinity;
  private holder: NodeJS.Timeout | undefined;

  constructor(private readonly ring: () => void) {}

  /** Rings at this instant, if not before. */
  atLatest(instant: number): void {
    if (instant >= this.at) return;
    this.at = instant;
    clearTimeout(this.timer);
    const wait = Math.min(Math.max(Math.ceil(instant - now()), 0), LONGEST);
    this.timer = setTimeout(() => {
      this.at = Infinity;
      this.ring();
    }, wait).unref();
  }

  /** Whether the pool keeps the process alive, whatever its workers do. */
  hold(isHeld: boolean): void {
    if (isHeld === (this.holder !== undefined)) return;
    if (isHeld) this.holder = setInterval(() => {}, LONGEST);
    else {
      clearTimeout(this.holder);
      this.holder = undefined;
    }
  }

  stop(): void {
    this.hold(false);
    clearTimeout(this.timer);
    this.at = -Infinity;
  }
}
