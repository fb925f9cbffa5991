/** How long to wait after the second crash in a row, in milliseconds; twice as long each time after that. */
const FIRST_DELAY = 100;
const LONGEST_DELAY = 5000;

/** How long a slot whose workers crash, one after the other, waits for the next. Time is a parameter. */
export class BackOff {
  private crashes = 0;
  /** Before this instant no worker is started. */
  notBefore = -Infinity;

  /** A crash that comes alone costs no wait. */
  crashed(now: number): void {
    this.crashes++;
    if (this.crashes > 1) this.notBefore = now + Math.min(FIRST_DELAY * 2 ** (this.crashes - 2), LONGEST_DELAY);
  }

  /** A worker has answered a request. */
  answered(): void {
    this.crashes = 0;
  }
}
