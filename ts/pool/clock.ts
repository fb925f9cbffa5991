import { nextTick, now } from '../util/primordials.js';

/** A clock that is read once for all that one callback leads to: outcomes come in batches, and reading it takes time. */
export class Clock {
  private time = 0;
  private readonly reset = () => void (this.time = 0);

  now(): number {
    if (this.time === 0) {
      this.time = now();
      nextTick(this.reset);
    }
    return this.time;
  }
}
