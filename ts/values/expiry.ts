import { afterArrivals } from '../within.js';
import { DeadlineTimer } from './deadlines.js';
import type { Late, Tickets } from './tickets.js';
import type { Wire } from './wire.js';

/** How often the loop may bring something before a deadline counts all the same. */
const MOST_TURNS = 100;
/** How long the end of the peer may take after that of its connection, in milliseconds, before timeouts count again. */
const LOSS_GRACE = 2000;

export interface ExpiryInit {
  readonly wire: Wire;
  readonly tickets: Tickets;
  /** All requests have the same timeout, unless it is told otherwise. */
  readonly hasOneTimeout: boolean;
  /** A deadline has come, and what had arrived before it was told. */
  onDue(): void;
  /** Asked when something is late: a debugger may have stopped one of the two, so it does not count. */
  isDebugged(): boolean;
}

/** When requests are late. */
export class Expiry {
  private readonly deadlines = new DeadlineTimer(() => this.afterWhatArrived(this.init.onDue));
  /** All requests have had the same timeout so far: then no later one is due before the first. */
  private hasOneTimeout: boolean;
  /** How many batches have come. */
  private batches = 0;
  private lostUntil = 0;

  constructor(private readonly init: ExpiryInit) {
    this.hasOneTimeout = init.hasOneTimeout;
  }

  /** A request has begun with a timeout of its own. */
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

  /** The other side is gone. */
  onEnd(): void {
    this.lostUntil = performance.now() + LOSS_GRACE;
  }

  stop(): void {
    this.deadlines.stop();
  }

  /** In milliseconds, until something may be late. */
  get patience(): number {
    const next = this.init.tickets.nextDeadline();
    return next < 0 ? Infinity : next;
  }

  /** A deadline has come. What had arrived before it counts. */
  afterWhatArrived(act: () => void): void {
    // That the peer has ended the loop alone tells.
    if (this.init.wire.drain()) afterArrivals(act);
    else this.afterTurns(act, MOST_TURNS);
  }

  /** The loop reads what has arrived, some of it in each turn. */
  private afterTurns(act: () => void, left: number): void {
    const { batches } = this;
    afterArrivals(() => (this.batches === batches || left === 0 ? act() : this.afterTurns(act, left - 1)));
  }

  /** Takes what is late out of the table, and tells `end` of it before the next deadline is looked for. */
  expire(end: (late: readonly Late[]) => void): readonly Late[] {
    const { tickets, isDebugged } = this.init;
    // What is still in flight has lost its peer, which is about to be told.
    if (performance.now() < this.lostUntil) {
      this.deadlines.arm(LOSS_GRACE);
      return [];
    }
    let late: readonly Late[] = [];
    if (isDebugged()) tickets.hold();
    else end((late = tickets.expire()));
    this.armNext();
    return late;
  }
}
