import { now } from '../../util/primordials.js';
import { Kind } from '../../protocol/generated.js';

/** So many posts may come in a row. */
const MOST = 16;
/** How long one of them takes to be allowed again, in milliseconds. A busy wire makes one post more in this time. */
const REFILL = 1;
/** For so many messages of a tick the clock is read. A program that sends more does not compute between them. */
const MOST_CLOCKED = 8;

/** A token bucket of posts that are made before the end of a tick: the code that sends a message may go on computing. */
export class EarlyPosts {
  private tokens = MOST;
  private refilledAt = now();
  /** How many messages of this tick have found no token. */
  private refused = 0;

  /** Whether what was sent just now is to be posted at once. */
  take(): boolean {
    if (this.tokens === 0 && !this.refill()) return false;
    this.tokens--;
    return true;
  }

  /** Everything that was sent is posted. */
  endTick(): void {
    this.refused = 0;
  }

  private refill(): boolean {
    if (this.refused >= MOST_CLOCKED) return false;
    this.refused++;
    const time = now();
    const earned = Math.floor((time - this.refilledAt) / REFILL);
    if (earned === 0) return false;
    this.refilledAt = time;
    this.tokens = Math.min(earned, MOST);
    return true;
  }
}

/**
 * Whether the other side can use such a message while its sender computes. A request or an answer that leaves alone would break up
 * the batches of both sides.
 */
export function isEarly(kind: Kind): boolean {
  return kind === Kind.Notification || kind === Kind.Progress || kind === Kind.Chunk || kind === Kind.Input;
}
