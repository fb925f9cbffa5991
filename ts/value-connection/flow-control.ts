import type { RequestKind } from '../protocol/request-kind.js';
import type { Expiry } from './timers/expiry.js';
import type { Tickets } from './tickets.js';
import { now } from '../util/primordials.js';
import { Kind, STREAM_WINDOW } from '../protocol/generated.js';

/** How often, in milliseconds, a sent chunk restarts a timeout. */
const TOUCH = 10;

/** A transaction with chunks. */
export interface Flow {
  readonly kind: Kind;
  /** Units of chunks that the peer may still send. */
  balance: number;
  readonly hasChunks: boolean;
  /** When a sent chunk last restarted its timeout. */
  touched: number;
}

/**
 * The transactions with chunks, by slot. One whose chunks move does not time out, nor does one whose reader is slow.
 */
export class Flows {
  /** There have been such transactions. */
  haveBeen = false;
  /** The slots whose timeout this batch restarts. */
  readonly active = new Set<number>();
  private readonly bySlot = new Map<number, Flow>();

  constructor(
    private readonly tickets: Tickets,
    private readonly expiry: Expiry,
  ) {}

  begin(slot: number, kind: RequestKind): void {
    this.haveBeen = true;
    const hasChunks = kind !== Kind.Upload;
    this.bySlot.set(slot, { kind, balance: STREAM_WINDOW, hasChunks, touched: 0 });
  }

  get slots(): Iterable<number> {
    return this.bySlot.keys();
  }

  get(slot: number): Flow | undefined {
    return this.bySlot.get(slot);
  }

  end(slot: number): void {
    this.bySlot.delete(slot);
  }

  clear(): void {
    this.bySlot.clear();
  }

  /** Grants this many more units; `false` if the transaction has ended. */
  grant(slot: number, units: number): boolean {
    const flow = this.bySlot.get(slot);
    if (flow === undefined) return false;
    const wasPaused = flow.balance <= 0;
    flow.balance += units;
    if (wasPaused && flow.balance > 0) this.expiry.extend(slot);
    return true;
  }

  /** A source that still yields restarts the timeout. The addon learns of it now and then. */
  touch(slot: number): void {
    const flow = this.bySlot.get(slot);
    const time = now();
    if (flow === undefined || time - flow.touched < TOUCH || (flow.hasChunks && flow.balance <= 0)) return;
    flow.touched = time;
    this.expiry.extend(slot);
  }

  /** While the reader grants nothing, because it is slow, the timeout is suspended. */
  resetTimeouts(): void {
    for (const slot of this.active) {
      const flow = this.bySlot.get(slot);
      if (flow === undefined) continue;
      if (flow.hasChunks && flow.balance <= 0) this.tickets.pause(slot);
      else this.expiry.extend(slot);
    }
    this.active.clear();
  }
}
