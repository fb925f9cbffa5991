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

/** The transactions of one connection. The addon keeps them, and is told what has ended together with what begins. */
export class Tickets {
  private readonly native = getNative();
  private readonly requests: NativeRequests;
  private readonly callExchange: () => void;
  /** By slot, what an answer must name: a slot has one request after the other. */
  private readonly bySlot: number[] = [];
  /** Of requests that have ended, as the addon does not know yet. */
  private readonly finished: number[] = [];

  constructor(options: NativeOptions) {
    this.requests = new this.native.addon.NativeRequests(this.native.environment, options);
    this.callExchange = this.requests.exchange;
  }

  /** What all generated ids begin with. */
  get idBase(): string {
    return this.requests.idBase;
  }

  /** Begins a transaction; gives its ticket. */
  begin(type: string, tx: string | undefined, timeout: number): number {
    this.exchange(0);
    const ticket = this.requests.begin(type, tx, timeout);
    this.bySlot[slotOf(ticket)] = ticket;
    return ticket;
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
    if (slot >= 0) this.bySlot[slot] = NONE;
    return slot;
  }

  /** The addon is told later, together with others. */
  private finishTicket(ticket: number): number {
    const slot = slotOf(ticket);
    if (this.bySlot[slot] !== ticket) return NONE;
    this.bySlot[slot] = NONE;
    this.finished.push(ticket);
    if (this.finished.length >= CAPACITY) this.exchange(0);
    return slot;
  }

  transactionId(slot: number): string | null {
    return this.requests.transactionId(slot);
  }

  cancel(slot: number): boolean {
    this.bySlot[slot] = NONE;
    return this.requests.cancel(slot);
  }

  /** Ends all; gives their slots, oldest first. */
  failAll(): number[] {
    this.exchange(0);
    this.bySlot.length = 0;
    return this.requests.failAll();
  }

  /** Ends what is late: slots and timeouts, in turns. */
  expire(): number[] {
    this.exchange(0);
    const late = this.requests.expire();
    for (let index = 0; index < late.length; index += 2) this.bySlot[late[index] as number] = NONE;
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
