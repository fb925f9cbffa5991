import { RequestKind } from '../connection.js';
import { WINDOW } from '../streams/units.js';
import type { Expiry } from './expiry.js';
import type { Tickets } from './tickets.js';
import type { Kind } from './wire.js';

/** How often, in milliseconds, a timeout begins anew because something is sent. */
const TOUCH = 10;

/** A transaction with chunks. */
export interface Flow {
  readonly kind: Kind;
  /** Units of chunks that may still come. */
  balance: number;
  readonly hasChunks: boolean;
  /** When its timeout last began anew because something was sent. */
  touched: number;
}

/** The transactions with chunks, by slot. One that moves is not late, nor is one whose reader keeps it waiting. */
export class Flows {
  /** There have been such. */
  haveBeen = false;
  /** The slots of those whose timeout begins anew with this batch. */
  readonly active = new Set<number>();
  private readonly bySlot = new Map<number, Flow>();

  constructor(
    private readonly tickets: Tickets,
    private readonly expiry: Expiry,
  ) {}

  begin(slot: number, kind: RequestKind): void {
    this.haveBeen = true;
    const hasChunks = kind !== RequestKind.Upload;
    this.bySlot.set(slot, { kind: kind as number, balance: WINDOW, hasChunks, touched: 0 });
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

  /** So many more units may come; `false` where the transaction has ended. */
  grant(slot: number, units: number): boolean {
    const flow = this.bySlot.get(slot);
    if (flow === undefined) return false;
    const wasPaused = flow.balance <= 0;
    flow.balance += units;
    if (wasPaused && flow.balance > 0) this.expiry.extend(slot);
    return true;
  }

  /** A source that still gives something is not late. The addon is told now and then. */
  touch(slot: number): void {
    const flow = this.bySlot.get(slot);
    const now = performance.now();
    if (flow === undefined || now - flow.touched < TOUCH || (flow.hasChunks && flow.balance <= 0)) return;
    flow.touched = now;
    this.expiry.extend(slot);
  }

  /** While nothing more may come, since the reader is slow, nothing is late. */
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
