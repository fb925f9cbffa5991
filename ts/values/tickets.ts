import { getNative } from '../native/environment.js';
import type { NativeOptions, NativeRequests } from '../native/binding.js';
import type { Tx } from './wire.js';

/** Below it a ticket has the slot. */
const SLOTS = 2 ** 26;
const NONE = -1;
/** How many tickets the addon takes at once. */
const CAPACITY = 2048;

/** The slot of a ticket. */
export function slotOf(ticket: number): number {
  return ticket % SLOTS;
}

/** A transaction whose time was over. */
export interface Late {
  readonly slot: number;
  readonly tx: Tx;
  /** Its timeout. */
  readonly millis: number;
}

/** The transactions of one connection. The addon keeps them, and is told what has ended together with what begins. */
export class Tickets {
  private readonly native = getNative();
  private readonly requests: NativeRequests;
  private readonly callExchange: () => void;
  /** By slot, what an answer must name: a slot has one request after the other. */
  private readonly bySlot: number[] = [];
  /** By slot, the ids of those that are named by theirs. */
  private readonly ids = new Map<number, string>();
  /** Of requests that have ended, as the addon does not know yet. */
  private readonly finished: number[] = [];

  /**
   * @param needsIds - All are named by their id.
   * @param idBase - What the other side's generated ids begin with, where it has told.
   */
  constructor(
    options: NativeOptions,
    private readonly needsIds: boolean,
    idBase: string | undefined,
  ) {
    this.requests = new this.native.addon.NativeRequests(this.native.environment, options, idBase);
    this.callExchange = this.requests.exchange;
  }

  /** What all generated ids begin with. */
  get idBase(): string {
    return this.requests.idBase;
  }

  /** Begins a transaction; gives its slot. */
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
    return (this.bySlot[slot] ?? NONE) !== NONE;
  }

  /** What names a transaction. */
  txOf(slot: number): Tx {
    return this.ids.get(slot) ?? this.bySlot[slot];
  }

  /** The slot of a transaction, which stays in flight; -1 where it has ended before. */
  find(tx: Tx): number {
    if (typeof tx === 'string') return this.requests.slotById(tx);
    const slot = slotOf(tx ?? NONE);
    return this.bySlot[slot] === tx ? slot : NONE;
  }

  /** Begins the timeout of a transaction anew. */
  extend(slot: number): void {
    this.requests.extend(slot);
  }

  /** Takes the deadline of a transaction away until `extend`. */
  pause(slot: number): void {
    this.requests.pause(slot);
  }

  /** Nothing that comes belongs to the slot any more. */
  private forget(slot: number): void {
    this.bySlot[slot] = NONE;
    if (this.ids.size > 0) this.ids.delete(slot);
  }

  /** Begins so many with the general timeout; `take` gives the ticket of each. */
  beginAll(count: number): void {
    this.exchange(count);
  }

  /** One of those that began together. */
  take(index: number): number {
    const ticket = this.native.numbers[index] as number;
    this.bySlot[slotOf(ticket)] = ticket;
    return ticket;
  }

  /** Tells the addon which requests have ended since it was told last, and begins some. */
  private exchange(begun: number): void {
    const { finished } = this;
    if (finished.length === 0 && begun === 0) return;
    const { records, numbers } = this.native;
    let done = 0;
    do {
      const count = Math.min(finished.length - done, CAPACITY);
      for (let index = 0; index < count; index++) numbers[index] = finished[done + index] as number;
      done += count;
      records[1] = count;
      records[2] = done === finished.length ? begun : 0;
      this.callExchange();
    } while (done < finished.length);
    finished.length = 0;
  }

  /** Ends the transaction of an answer; gives its slot, or -1 where it has ended before. */
  finish(tx: Tx): number {
    if (typeof tx === 'number') return this.finishTicket(tx);
    const slot = tx === undefined ? NONE : this.requests.finishById(tx);
    if (slot >= 0) this.forget(slot);
    return slot;
  }

  /** The addon is told later, together with others. */
  private finishTicket(ticket: number): number {
    const slot = slotOf(ticket);
    if (this.bySlot[slot] !== ticket) return NONE;
    this.forget(slot);
    this.finished.push(ticket);
    if (this.finished.length >= CAPACITY) this.exchange(0);
    return slot;
  }

  transactionId(slot: number): string | null {
    return this.requests.transactionId(slot);
  }

  cancel(slot: number): boolean {
    this.forget(slot);
    return this.requests.cancel(slot);
  }

  /** Ends all; gives their slots, oldest first. */
  failAll(): number[] {
    this.exchange(0);
    this.bySlot.length = 0;
    this.ids.clear();
    return this.requests.failAll();
  }

  /** Ends what is late. */
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

  /** Instead of that: what is late does not count, and time stands still. */
  hold(): void {
    this.exchange(0);
    this.requests.hold();
  }

  /** In milliseconds; below 0: there is none. */
  nextDeadline(): number {
    return this.requests.nextDeadline();
  }
}
