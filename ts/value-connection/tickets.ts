import type { NativeOptions, NativeRequests } from '../addon/binding.js';
import { openTable, type Table } from './table/open-table.js';
import type { Tx } from './wires/wire.js';
import { NO_TICKET, TICKET_SLOTS, TICKETS } from '../protocol/generated.js';

/** In place of a slot: there is none. */
export const NO_SLOT = -1;

/** The slot of a ticket. */
export function slotOf(ticket: number): number {
  return ticket % TICKET_SLOTS;
}

/** A transaction that has timed out. */
export interface Late {
  readonly slot: number;
  readonly tx: Tx;
  /** Its timeout. */
  readonly millis: number;
}

/** The transactions of one connection. A table keeps them; one call reports ended ones and begins new ones. */
export class Tickets {
  private readonly table: Table;
  private readonly requests: NativeRequests;
  private readonly callExchange: () => void;
  /** By slot, the ticket that an answer must have: a slot serves successive requests. */
  private readonly bySlot: number[] = [];
  /** By slot, the ids of transactions that ids identify. */
  private readonly ids = new Map<number, string>();
  /** Tickets of ended requests that the table does not know yet. */
  private readonly finished: number[] = [];

  /**
   * @param needsIds - Ids identify all transactions.
   * @param idBase - The beginning of the other side's generated ids, if known.
   */
  constructor(
    options: NativeOptions,
    private readonly needsIds: boolean,
    idBase: string | undefined,
  ) {
    this.table = openTable(options, idBase);
    this.requests = this.table.requests;
    this.callExchange = this.requests.exchange;
  }

  /** The beginning of all generated ids. */
  get idBase(): string {
    return this.requests.idBase;
  }

  /** Begins a transaction; returns its slot. */
  begin(type: string, tx: string | undefined, timeout: number): number {
    this.exchange(0);
    const ticket = this.requests.begin(type, tx, timeout);
    const slot = slotOf(ticket);
    this.bySlot[slot] = ticket;
    const id = this.needsIds ? this.requests.transactionId(slot) : tx;
    if (typeof id === 'string') this.ids.set(slot, id);
    return slot;
  }

  isOpen(slot: number): boolean {
    return (this.bySlot[slot] ?? NO_TICKET) !== NO_TICKET;
  }

  /** The identifier of a transaction. */
  txOf(slot: number): Tx {
    return this.ids.get(slot) ?? this.bySlot[slot];
  }

  /** The slot of a transaction, which stays in flight; `NO_SLOT` if it has already ended. */
  find(tx: Tx): number {
    if (typeof tx === 'string') return this.requests.slotById(tx) ?? NO_SLOT;
    const slot = slotOf(tx ?? NO_TICKET);
    return this.bySlot[slot] === tx ? slot : NO_SLOT;
  }

  /** Restarts the timeout of a transaction. */
  extend(slot: number): void {
    this.requests.extend(slot);
  }

  /** Suspends the deadline of a transaction until `extend`. */
  pause(slot: number): void {
    this.requests.pause(slot);
  }

  /** Later messages do not belong to the slot any more. */
  private forget(slot: number): void {
    this.bySlot[slot] = NO_TICKET;
    if (this.ids.size > 0) this.ids.delete(slot);
  }

  /** Begins this many with the general timeout; `take` receives the ticket of each. */
  beginAll(count: number): void {
    this.exchange(count);
  }

  /** Registers one of those that began together. */
  take(index: number): number {
    const ticket = this.table.numbers[index] as number;
    this.bySlot[slotOf(ticket)] = ticket;
    return ticket;
  }

  /** Reports requests that have ended since the last call to the table, and begins some. */
  private exchange(begun: number): void {
    const { finished } = this;
    if (finished.length === 0 && begun === 0) return;
    const { records, numbers } = this.table;
    let done = 0;
    do {
      const count = Math.min(finished.length - done, TICKETS);
      for (let index = 0; index < count; index++) numbers[index] = finished[done + index] as number;
      done += count;
      records[1] = count;
      records[2] = done === finished.length ? begun : 0;
      this.callExchange();
    } while (done < finished.length);
    finished.length = 0;
  }

  /** Ends the transaction of an answer; returns its slot, or `NO_SLOT` if it has already ended. */
  finish(tx: Tx): number {
    if (typeof tx === 'number') return this.finishTicket(tx);
    const slot = tx === undefined ? NO_SLOT : (this.requests.finishById(tx) ?? NO_SLOT);
    if (slot !== NO_SLOT) this.forget(slot);
    return slot;
  }

  /** The table learns of it later, together with others. */
  private finishTicket(ticket: number): number {
    const slot = slotOf(ticket);
    if (this.bySlot[slot] !== ticket) return NO_SLOT;
    this.forget(slot);
    this.finished.push(ticket);
    if (this.finished.length >= TICKETS) this.exchange(0);
    return slot;
  }

  transactionId(slot: number): string | null {
    return this.requests.transactionId(slot);
  }

  cancel(slot: number): boolean {
    this.forget(slot);
    return this.requests.cancel(slot);
  }

  /** Ends all; returns their slots, oldest first. */
  failAll(): number[] {
    this.exchange(0);
    this.bySlot.length = 0;
    this.ids.clear();
    return this.requests.failAll();
  }

  /** Ends due transactions. */
  expire(): Late[] {
    this.exchange(0);
    const late: Late[] = [];
    const numbers = this.requests.expire();
    for (let index = 0; index < numbers.length; index += 2) {
      const slot = numbers[index] as number;
      late.push({ slot, tx: this.txOf(slot), millis: numbers[index + 1] as number });
      this.forget(slot);
    }
    return late;
  }

  /** Postpones expiry instead: the clock stops. */
  hold(): void {
    this.exchange(0);
    this.requests.hold();
  }

  /** In milliseconds; `Infinity`: there is none. */
  nextDeadline(): number {
    return this.requests.nextDeadline() ?? Infinity;
  }
}
