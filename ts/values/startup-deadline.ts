/** By how many milliseconds a timer is late whose thread was blocked. */
const BLOCKED = 100;
/** How often it is looked whether a debugger is still there, in milliseconds. */
const LOOK = 500;

export interface StartupDeadlineInit {
  /** In milliseconds. */
  readonly timeout: number;
  isDebugged(): boolean;
  /** Handles what has arrived before it acts. */
  afterWhatArrived(act: () => void): void;
  onOver(): void;
}

/** When a worker should have shown that it serves. */
export class StartupDeadline {
  private timer: NodeJS.Timeout | undefined;
  private due = 0;
  private isHeld = false;

  constructor(private readonly init: StartupDeadlineInit) {
    const { timeout } = init;
    if (timeout > 0 && timeout < 2 ** 31) this.arm(timeout);
  }

  /** It has. */
  stop(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
  }

  /** In milliseconds, until it is over; `Infinity`: it does not matter any more. */
  get left(): number {
    return this.timer === undefined ? Infinity : this.due - performance.now();
  }

  private arm(millis: number): void {
    this.due = performance.now() + millis;
    this.timer = setTimeout(() => this.onDue(), millis).unref();
  }

  private onDue(): void {
    this.init.afterWhatArrived(() => {
      if (this.timer === undefined) return;
      const { timeout, isDebugged, onOver } = this.init;
      const wasHeld = this.isHeld;
      this.isHeld = isDebugged();
      if (this.isHeld) return this.arm(LOOK);
      if (wasHeld) return this.arm(timeout);
      const late = performance.now() - this.due;
      // While this thread was blocked, a worker may have waited for it.
      if (late > BLOCKED) this.arm(Math.min(late, timeout));
      else onOver();
    });
  }
}
