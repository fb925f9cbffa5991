/** Tells when the queue has become short again. */
export class BackPressure {
  private readonly mark: number;
  private wasFull = false;
  private waiting: (() => void)[] = [];

  /** @param queued - How many requests wait. */
  constructor(
    private readonly maxQueue: number,
    private readonly queued: () => number,
    private readonly onDrain: () => void,
  ) {
    this.mark = maxQueue === Infinity ? 0 : Math.floor(maxQueue / 2);
  }

  get isFull(): boolean {
    return this.queued() >= this.maxQueue;
  }

  drained(): Promise<void> {
    if (this.queued() <= this.mark) return Promise.resolve();
    return new Promise((resolve) => this.waiting.push(resolve));
  }

  /** The queue has become longer. */
  grown(): void {
    if (this.maxQueue === Infinity || this.isFull) this.wasFull = true;
  }

  /** The queue may have become shorter. */
  check(): void {
    if (this.queued() > this.mark) return;
    if (this.wasFull) {
      this.wasFull = false;
      this.onDrain();
    }
    if (this.waiting.length > 0) for (const resolve of this.waiting.splice(0)) resolve();
  }
}
