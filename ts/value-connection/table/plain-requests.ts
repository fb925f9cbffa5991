import type { NativeOptions, NativeRequests } from '../../addon/binding.js';
import { invalidOption, WorkerError } from '../../errors/worker-error.js';
import { Clock } from './clock.js';
import { Deadlines, type Timed } from './deadlines.js';
import { Slots } from './slots.js';
import { checkTransactionId, TransactionIds } from './transaction-ids.js';
import { HEAD, NO_TICKET, TICKET_SLOTS, TICKETS } from '../../protocol/generated.js';

/** As in the addon: a ticket is `sequence % SEQUENCES * TICKET_SLOTS + slot`. */
const SEQUENCES = 2 ** 27;
/** How often the owner of a stopped clock checks whether the debugger is still there, in milliseconds. */
const POLL_INTERVAL = 500;
/** A longer timeout is none, in milliseconds: 292 years. */
const LONGEST = 2 ** 63 / 1e6;

/** What the numbers of an exchange pass through: the addon shares its memory, this table has its own. */
export const plainRecords = new Int32Array(HEAD);
export const plainNumbers = new Float64Array(TICKETS);

interface Transaction extends Timed {
  readonly id: string;
  readonly slot: number;
  timeout: number;
  /** Its timeout, also while it is suspended. */
  readonly wholeTimeout: number;
}

/**
 * The addon's table of the requests of a value connection, in TypeScript: where the addon cannot be loaded, threads and workers in
 * the host's thread work with this one. `__test__` runs both with the same random programs.
 */
export class PlainRequests implements NativeRequests {
  private readonly slots = new Slots<Transaction>();
  private readonly byId = new Map<string, Transaction>();
  private readonly deadlines = new Deadlines<Transaction>();
  private readonly clock = new Clock();
  private readonly ids: TransactionIds;
  private readonly typeTimeouts: ReadonlyMap<string, number>;
  private inserted = 0;

  constructor(
    private readonly options: NativeOptions,
    theirBase: string | undefined,
  ) {
    this.ids = new TransactionIds(theirBase);
    this.typeTimeouts = new Map(options.timeoutTypes.map((type, index) => [type, options.timeoutMillis[index] ?? 0]));
  }

  get idBase(): string {
    return this.ids.base;
  }

  get inFlight(): number {
    return this.byId.size;
  }

  begin(type: string, tx: string | undefined | null, timeout: number): number {
    this.slots.recycle();
    if (typeof tx === 'string') checkTransactionId(tx);
    const id = tx ?? this.ids.generate(this.inserted);
    const { messageTimeout } = this.options;
    const millis = timeout < 0 ? (this.typeTimeouts.get(type) ?? messageTimeout) : timeout;
    if (Number.isNaN(millis)) throw invalidOption('timeout', 'a number of milliseconds', millis);
    const ticket = this.insert(id, millis, this.clock.now());
    if (ticket !== NO_TICKET) return ticket;
    throw new WorkerError(
      'ERR_DUPLICATE_TRANSACTION',
      `cannot send: a request with the transaction id "${id}" is in flight already. Let \`txIdGenerator\` return a new id ` +
        'for each message.',
    );
  }

  /** Returns its ticket; `NO_TICKET`: the id is in flight. */
  private insert(id: string, millis: number, now: number): number {
    if (this.byId.has(id)) return NO_TICKET;
    const timeout = millis === 0 || millis >= LONGEST ? Infinity : millis;
    const sequence = this.inserted++;
    const transaction = { id, sequence, timeout, wholeTimeout: timeout, deadline: 0, slot: 0 };
    transaction.slot = this.slots.insert(transaction);
    this.byId.set(id, transaction);
    this.deadlines.restart(transaction, now);
    return ticketOf(transaction);
  }

  get exchange(): () => void {
    return () => {
      const [, finished = 0, begun = 0] = plainRecords;
      for (let index = 0; index < finished; index++) this.finish(plainNumbers[index] as number);
      if (begun === 0) return;
      this.slots.recycle();
      const now = this.clock.now();
      for (let index = 0; index < begun; index++) {
        plainNumbers[index] = this.insert(this.ids.generate(this.inserted), this.options.messageTimeout, now);
      }
    };
  }

  private finish(ticket: number): void {
    const transaction = this.slots.get(ticket % TICKET_SLOTS);
    if (transaction !== undefined && ticketOf(transaction) === ticket) this.remove(transaction);
  }

  private remove(transaction: Transaction): void {
    this.deadlines.remove(transaction);
    this.leave(transaction);
  }

  private leave({ id, slot }: Transaction): void {
    this.byId.delete(id);
    this.slots.remove(slot);
  }

  finishById(tx: string): number | null {
    const transaction = this.byId.get(tx);
    if (transaction === undefined) return null;
    this.remove(transaction);
    return transaction.slot;
  }

  slotById(tx: string): number | null {
    return this.byId.get(tx)?.slot ?? null;
  }

  extend(slot: number): void {
    const transaction = this.slots.get(slot);
    if (transaction !== undefined) this.setTimeout(transaction, transaction.wholeTimeout);
  }

  pause(slot: number): void {
    const transaction = this.slots.get(slot);
    if (transaction !== undefined) this.setTimeout(transaction, Infinity);
  }

  private setTimeout(transaction: Transaction, timeout: number): void {
    this.deadlines.remove(transaction);
    transaction.timeout = timeout;
    this.deadlines.restart(transaction, this.clock.now());
  }

  transactionId(slot: number): string | null {
    return this.slots.get(slot)?.id ?? null;
  }

  cancel(slot: number): boolean {
    const transaction = this.slots.get(slot);
    if (transaction === undefined) return false;
    this.remove(transaction);
    return true;
  }

  failAll(): number[] {
    // In the order in which they were inserted.
    const all = [...this.byId.values()];
    for (const transaction of all) this.remove(transaction);
    return all.map(({ slot }) => slot);
  }

  hold(): void {
    this.clock.stop();
    const now = this.clock.now();
    for (const transaction of this.deadlines.takeDue(now)) this.deadlines.restart(transaction, now);
  }

  expire(): number[] {
    this.clock.goOn();
    const due = this.deadlines.takeDue(this.clock.now());
    for (const transaction of due) this.leave(transaction);
    return due.flatMap(({ slot, timeout }) => [slot, timeout]);
  }

  nextDeadline(): number | null {
    const first = this.deadlines.first();
    if (first === undefined) return null;
    return this.clock.isStopped ? POLL_INTERVAL : Math.max(first.deadline - this.clock.now(), 0);
  }
}

function ticketOf({ sequence, slot }: Transaction): number {
  return (sequence % SEQUENCES) * TICKET_SLOTS + slot;
}
