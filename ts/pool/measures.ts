import type { PoolTimes } from '../types/worker-pool.js';
import { createHistogram, type Histogram } from '../util/primordials.js';

/** Times are kept in microseconds, up to a day. */
const UNIT = 1000;
const HIGHEST = 24 * 3600 * 1000 * UNIT;
const FIGURES = 3;
/** So many times are kept as they are before the histogram gets them, which takes longer than to note one. */
const BATCH = 256;

/** The distribution of times. */
export class Times {
  private readonly histogram: Histogram = createHistogram(HIGHEST, FIGURES);
  private readonly noted = new Float64Array(BATCH);
  private count = 0;
  /** Times of 0, which the histogram does not take: they are the most where nothing waits. */
  private zeros = 0;

  note(millis: number): void {
    this.noted[this.count++] = millis;
    if (this.count === BATCH) this.flush();
  }

  noteZero(): void {
    this.zeros++;
  }

  summary(): PoolTimes {
    this.flush();
    const { histogram, zeros } = this;
    const total = histogram.count + zeros;
    if (histogram.count === 0) return { mean: 0, p50: 0, p99: 0, p999: 0, max: 0 };
    const at = (part: number) => {
      const rest = part * total - zeros;
      return rest <= 0 ? 0 : histogram.percentile(Math.min((rest / histogram.count) * 100, 100)) / UNIT;
    };
    const mean = (histogram.mean * histogram.count) / total / UNIT;
    return { mean, p50: at(0.5), p99: at(0.99), p999: at(0.999), max: histogram.max / UNIT };
  }

  private flush(): void {
    for (let index = 0; index < this.count; index++) {
      const units = Math.round((this.noted[index] as number) * UNIT);
      this.histogram.record(Math.min(Math.max(units, 1), HIGHEST));
    }
    this.count = 0;
  }
}
