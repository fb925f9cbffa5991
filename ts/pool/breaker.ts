/** How often a start may fail before what waits is refused. */
const ATTEMPTS = 3;
/** How long to wait after a start that failed, in milliseconds; twice as long each time after that. */
const FIRST_DELAY = 100;
/** The same between the tries of a pool that refuses what is sent. */
const FIRST_PAUSE = 1000;
const LONGEST = 30_000;

/**
 * Whether workers may be started. After some starts that failed it opens: nothing is started for a while, and then one worker
 * as a probe, which closes it where it serves. Time is a parameter.
 */
export class Breaker {
  private state: 'closed' | 'open' | 'half-open' = 'closed';
  private failures = 0;
  private pauses = 0;
  /** Before this instant nothing is started. */
  notBefore = -Infinity;
  /** Why the last start failed. */
  cause: unknown = undefined;

  /** Whether what needs a new worker is refused now. */
  refuses(now: number): boolean {
    return this.state === 'open' && now < this.notBefore;
  }

  /** @param starting - How many are being started. */
  mayStart(now: number, starting: number): boolean {
    if (now < this.notBefore) return false;
    return this.state === 'closed' || starting === 0;
  }

  /** A start begins. */
  begun(): void {
    if (this.state === 'open') this.state = 'half-open';
  }

  /**
   * A start has failed.
   *
   * @param isHopeless - Trying again at once would be in vain.
   * @returns Whether this opens it.
   */
  failed(now: number, cause: unknown, isHopeless: boolean): boolean {
    // One that had begun before it opened.
    if (this.state === 'open') return false;
    this.cause = cause;
    this.failures++;
    if (this.state === 'closed' && this.failures < ATTEMPTS && !isHopeless) {
      this.notBefore = now + FIRST_DELAY * 2 ** (this.failures - 1);
      return false;
    }
    this.state = 'open';
    this.notBefore = now + Math.min(FIRST_PAUSE * 2 ** this.pauses++, LONGEST);
    return true;
  }

  succeeded(): void {
    this.state = 'closed';
    this.failures = 0;
    this.pauses = 0;
    this.notBefore = -Infinity;
  }
}
