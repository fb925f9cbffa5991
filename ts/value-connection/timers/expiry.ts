import { isTurnAwaited } from '../../util/loop-turn.js';
import { afterArrivals } from '../../util/with-timeout.js';
import { DeadlineTimer } from './deadlines.js';
import { type Late, NO_SLOT, type Tickets } from '../tickets.js';
import type { Wire } from '../wires/wire.js';
import { now } from '../../util/primordials.js';

/** Where both sides share a thread, for how many turns of its loop, and for how many milliseconds, a deadline that has passed waits at most. */
const MOST_TURNS = 20;
const LONGEST = 100;
/** How long the end of the peer may take after that of its connection, in milliseconds, before timeouts count again. */
const LOSS_GRACE = 2000;

export interface ExpiryInit {
  readonly wire: Wire;
  readonly tickets: Tickets;
  /** All requests have one timeout, until another is set. */
  readonly hasOneTimeout: boolean;
  /** A deadline has passed, and earlier messages were delivered. */
  onDue(): void;
  /** Called when a timeout is due: a debugger may have stopped one side, so it does not count. */
  isDebugged(): boolean;
}

/** Detects when requests time out. */
export class Expiry {
  private readonly deadlines = new DeadlineTimer(() => this.afterWhatArrived(this.init.onDue));
  /** All requests have had one timeout so far: then no later one is due before the first. */
  private hasOneTimeout: boolean;
  /** How many batches have arrived. */
  private batches = 0;
  private lostUntil = 0;

  constructor(private readonly init: ExpiryInit) {
    this.hasOneTimeout = init.hasOneTimeout;
  }

  /** A request has begun with its own timeout. */
  expectAny(): void {
    this.hasOneTimeout = false;
  }

  /** There may be an earlier deadline than before. */
  arm(): void {
    if (!this.deadlines.isArmed || !this.hasOneTimeout) this.armNext();
  }

  private armNext(): void {
    this.deadlines.arm(this.init.tickets.nextDeadline());
  }

  /** The deadline of a request is later than all others of its timeout. */
  extend(slot: number): void {
    this.init.tickets.extend(slot);
    this.arm();
  }

  onBatch(): void {
    this.batches++;
  }

  /** The other side has ended. */
  onEnd(): void {
    this.lostUntil = now() + LOSS_GRACE;
  }

  stop(): void {
    this.deadlines.stop();
  }

  /** In milliseconds, until the next deadline. */
  get patience(): number {
    return this.init.tickets.nextDeadline();
  }

  /** A deadline has passed. Messages that had arrived before it count. */
  afterWhatArrived(act: () => void): void {
    // Only the loop reports that the peer has ended.
    if (this.init.wire.readAhead()) afterArrivals(act);
    else this.afterTurns(act, MOST_TURNS, now() + LONGEST);
  }

  /** Lets the loop read arrived messages, some in each turn. */
  private afterTurns(act: () => void, left: number, end: number): void {
    const { batches } = this;
    afterArrivals(() => {
      const isQuiet = this.batches === batches && !isTurnAwaited();
      if (isQuiet || (left <= 0 && now() >= end)) act();
      else this.afterTurns(act, left - 1, end);
    });
  }

  /** Removes due requests from the table, and reports them to `end` before it searches for the next deadline. */
  expire(end: (late: readonly Late[]) => void): readonly Late[] {
    const { tickets, isDebugged } = this.init;
    // Requests in flight have lost their peer, which is about to be reported.
    if (now() < this.lostUntil) {
      this.deadlines.arm(LOSS_GRACE);
      return [];
    }
    // An answer that has arrived and waits for delivery is not late.
    for (const tx of this.init.wire.heardOf()) {
      const slot = tickets.find(tx);
      if (slot !== NO_SLOT) tickets.extend(slot);
    }
    let late: readonly Late[] = [];
    if (isDebugged()) tickets.hold();
    else end((late = tickets.expire()));
    this.armNext();
    return late;
  }
}
