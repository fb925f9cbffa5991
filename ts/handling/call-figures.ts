import type { WorkerReport } from '../detached/worker-report.js';
import { now } from '../util/primordials.js';

/** How long the durations of calls are measured after somebody has asked for the figures, in milliseconds. */
const WATCHED = 5_000;

/** What `top` shows of the calls of a worker. Durations are measured only while somebody looks. */
export class CallFigures {
  /** The calls that were answered, or whose handlers have ended without an answer. */
  answered = 0;
  /** How many of them were measured. */
  measured = 0;
  /** The sum of their durations, in milliseconds. */
  millis = 0;
  private watchedUntil = 0;
  isWatched = false;

  /** Somebody looks, and may look again. */
  watch(): void {
    this.watchedUntil = now() + WATCHED;
    this.isWatched = true;
  }

  /** One line of JSON. */
  report(hosts: number, inFlight: number): string {
    const { answered, measured, millis } = this;
    const report: WorkerReport = { hosts, inFlight, answered, measured, millis };
    return JSON.stringify(report);
  }

  /** A call that began at this time was answered. */
  measure(began: number): void {
    const at = now();
    this.measured++;
    this.millis += at - began;
    if (at > this.watchedUntil) this.isWatched = false;
  }
}
