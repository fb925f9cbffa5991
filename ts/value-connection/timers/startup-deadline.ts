import { clearTimeout, now, setTimeout } from '../../util/primordials.js';

/** By how many milliseconds a timer is late if its thread was blocked. */
const BLOCKED = 100;
/** How often this checks whether a debugger is still there, in milliseconds. */
const POLL_INTERVAL = 500;

export interface StartupDeadlineInit {
  /** In milliseconds. */
  readonly timeout: number;
  isDebugged(): boolean;
  /** Handles arrived messages before it acts. */
  afterWhatArrived(act: () => void): void;
  onOver(): void;
}

/** The deadline of a start. */
export class StartupDeadline {
  private timer: NodeJS.Timeout | undefined;
  private due = 0;
  private isHeld = false;

  constructor(private readonly init: StartupDeadlineInit) {
    const { timeout } = init;
    if (timeout > 0 && timeout < 2 ** 31) this.arm(timeout);
  }

  /** The worker serves. */
  stop(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
  }

  /** In milliseconds, until it passes; `Infinity`: it no longer matters. */
  get left(): number {
    return this.timer === undefined ? Infinity : this.due - now();
  }

  private arm(millis: number): void {
    this.due = now() + millis;
    this.timer = setTimeout(() => this.onDue(), millis).unref();
  }

  private onDue(): void {
    this.init.afterWhatArrived(() => {
      if (this.timer === undefined) return;
      const { timeout, isDebugged, onOver } = this.init;
      const wasHeld = this.isHeld;
      this.isHeld = isDebugged();
      if (this.isHeld) return this.arm(POLL_INTERVAL);
      if (wasHeld) return this.arm(timeout);
      const late = now() - this.due;
      // While this thread was blocked, a worker may have waited for it.
      if (late > BLOCKED) this.arm(Math.min(late, timeout));
      else onOver();
    });
  }
}
