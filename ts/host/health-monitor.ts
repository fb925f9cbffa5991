import { clearInterval, setInterval } from '../util/primordials.js';

/** How often the monitor checks a worker, in parts of the limit, and the least interval in milliseconds. */
const POLLS = 4;
const LEAST_INTERVAL = 50;
/** The longest timer. */
const LONGEST_INTERVAL = 2 ** 31 - 1;

/** Checks a worker from time to time, and reports each long pause once. */
export class HealthWatch {
  private readonly timer: NodeJS.Timeout;
  private isLooking = false;
  private wasReported = false;

  /**
   * @param limit - In milliseconds.
   * @param look - How many milliseconds the worker has not paused; `undefined`: unknown.
   */
  constructor(
    private readonly limit: number,
    private readonly look: () => Promise<number | undefined>,
    private readonly report: (blockedFor: number) => void,
  ) {
    this.timer = setInterval(
      () => void this.check(),
      Math.min(Math.max(limit / POLLS, LEAST_INTERVAL), LONGEST_INTERVAL),
    ).unref();
  }

  private async check(): Promise<void> {
    if (this.isLooking) return;
    this.isLooking = true;
    try {
      const busy = await this.look();
      // An unknown state does not end a pause.
      if (busy === undefined) return;
      if (busy < this.limit) this.wasReported = false;
      else if (!this.wasReported) {
        this.wasReported = true;
        this.report(Math.round(busy));
      }
    } finally {
      this.isLooking = false;
    }
  }

  stop(): void {
    clearInterval(this.timer);
  }
}
