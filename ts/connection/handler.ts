import { now } from '../util/primordials.js';

export type AnyHandler = (payload: unknown, context?: unknown) => unknown;

/** How long a run must block its thread to count as slow, in milliseconds. */
const SLOW = 1;
/**
 * So many slow runs make a slow handler: a first one may load code, and one may be interrupted by the operating system. So many quick
 * runs in a row make it a quick one again.
 */
const SLOW_RUNS = 2;
const QUICK_RUNS = 32;
/** Of a quick handler, the first runs are timed and one of so many later ones: a look at the clock may cost as much as a run. */
const FIRST_RUNS = 4;
const ONE_OF = 16;

/** The handler of one message type, and how long its runs have blocked the thread. */
export class Handler {
  private runs = 0;
  /** How many runs were slow since it was last a quick handler. */
  private slowRuns = 0;
  /** So many quick runs in a row make it a quick handler. */
  private quickRunsLeft = 0;

  constructor(readonly act: AnyHandler) {}

  /** The next run probably blocks the thread for long. */
  get isSlow(): boolean {
    return this.slowRuns >= SLOW_RUNS;
  }

  /** Call it before each run: whether `time` has to run it. */
  isTimed(): boolean {
    return this.slowRuns > 0 || ++this.runs <= FIRST_RUNS || this.runs % ONE_OF === 0;
  }

  /** Times the part of a run that blocks the thread. */
  time<T>(run: () => T): T {
    const start = now();
    try {
      return run();
    } finally {
      this.ran(now() - start);
    }
  }

  private ran(millis: number): void {
    if (millis >= SLOW) {
      this.slowRuns++;
      this.quickRunsLeft = QUICK_RUNS;
    } else if (this.slowRuns > 0 && --this.quickRunsLeft === 0) {
      this.slowRuns = 0;
    }
  }
}
