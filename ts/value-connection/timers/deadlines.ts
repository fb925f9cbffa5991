import { clearTimeout, now, setTimeout } from '../../util/primordials.js';

const LONGEST_DELAY = 2 ** 31 - 1;

/** One timer for all deadlines of a connection. It may be early, never late; it does not keep the event loop alive. */
export class DeadlineTimer {
  private timer: NodeJS.Timeout | undefined;
  private firesAt = Infinity;

  constructor(private readonly onDue: () => void) {}

  get isArmed(): boolean {
    return this.timer !== undefined;
  }

  /** @param delay - In milliseconds; `Infinity`: there is no deadline. */
  arm(delay: number): void {
    if (delay === Infinity) return;
    const at = now() + delay;
    if (this.timer !== undefined && this.firesAt <= at) return;
    clearTimeout(this.timer);
    this.firesAt = at;
    // A timer of Node may be a millisecond early.
    this.timer = setTimeout(this.fire, Math.min(Math.ceil(delay) + 1, LONGEST_DELAY)).unref();
  }

  private readonly fire = (): void => {
    this.timer = undefined;
    this.firesAt = Infinity;
    this.onDue();
  };

  stop(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    this.firesAt = Infinity;
  }
}
