/** How often a worker is looked at, in parts of the limit, and never more often than this, in milliseconds. */
const LOOKS = 4;
const LEAST_INTERVAL = 50;

/** Looks at a worker from time to time, and tells once for each time that it does not pause for too long. */
export class HealthWatch {
  private readonly timer: NodeJS.Timeout;
  private isLooking = false;
  private wasTold = false;

  /**
   * @param limit - In milliseconds.
   * @param look - For how many milliseconds the worker has not paused; below 0: not known.
   */
  constructor(
    private readonly limit: number,
    private readonly look: () => Promise<number>,
    private readonly tell: (blockedFor: number) => void,
  ) {
    this.timer = setInterval(() => void this.check(), Math.max(limit / LOOKS, LEAST_INTERVAL)).unref();
  }

  private async check(): Promise<void> {
    if (this.isLooking) return;
    this.isLooking = true;
    try {
      const busy = await this.look();
      // It is stopped, or gone, or who runs it cannot say.
      if (busy < 0) return;
      if (busy < this.limit) this.wasTold = false;
      else if (!this.wasTold) {
        this.wasTold = true;
        this.tell(Math.round(busy));
      }
    } finally {
      this.isLooking = false;
    }
  }

  stop(): void {
    clearInterval(this.timer);
  }
}
