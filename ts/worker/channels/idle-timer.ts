import { clearTimeout, now, setTimeout } from '../../util/primordials.js';

/** The longest timer, in milliseconds. */
const LONGEST = 2 ** 31 - 1;

/** Calls `act` when so many milliseconds have passed since the last `start`, unless it was stopped. Keeps no process alive. */
export class IdleTimer {
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly millis: number,
    private readonly act: () => void,
  ) {}

  start(): void {
    this.stop();
    this.wait(now() + this.millis);
  }

  private wait(deadline: number): void {
    const rest = deadline - now();
    const timer = setTimeout(() => (rest > LONGEST ? this.wait(deadline) : this.act()), Math.min(rest, LONGEST));
    this.timer = timer.unref();
  }

  stop(): void {
    clearTimeout(this.timer);
  }
}
