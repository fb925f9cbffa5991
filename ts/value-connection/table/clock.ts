import { now } from '../../util/primordials.js';

/** The time of one connection, in milliseconds, which stops while a debugger may stop the host or the worker. */
export class Clock {
  /** For how long the clock has stopped so far. */
  private behind = 0;
  private stoppedAt: number | undefined;

  now(): number {
    return this.stoppedAt ?? now() - this.behind;
  }

  get isStopped(): boolean {
    return this.stoppedAt !== undefined;
  }

  stop(): void {
    this.stoppedAt = this.now();
  }

  goOn(): void {
    if (this.stoppedAt === undefined) return;
    this.behind = now() - this.stoppedAt;
    this.stoppedAt = undefined;
  }
}
