import { LATER, type Outcomes, type Requester, RequestKind } from '../connection.js';
import { unsupportedByPeer, type WorkerError, workerClosed } from '../errors.js';
import type { NativeOptions, NativeRequests } from '../native/binding.js';
import { getNative, RecordKind } from '../native/environment.js';
import { type PayloadCodec, Undecodable } from '../payload-codec.js';
import { isUnits, unitsOfValue, WINDOW } from '../streams/units.js';
import type { RemoteErrorPayload } from '../types/message.js';
import type { TransferList } from '../types/transfer-list.js';
import { afterArrivals } from '../within.js';
import { DeadlineTimer } from './deadlines.js';
import { Extension, type Hello, names } from './hello.js';
import { checkSize, checkTypeName } from './limits.js';
import { Kind, RECORD, type Tx, type Wire } from './wire.js';

/** Below it a ticket has the slot. */
const SLOTS = 2 ** 26;
const CONFIGURED = -1;
const NONE = -1;
/** How often the loop may bring something before a deadline counts all the same. */
const MOST_TURNS = 100;
/** How often, in milliseconds, a timeout begins anew because something is sent. */
const TOUCH = 10;
/** How many tickets the addon takes at once. */
const CAPACITY = 2048;

export interface ValueRequesterInit {
  readonly wire: Wire;
  readonly codec: PayloadCodec;
  readonly options: NativeOptions;
  readonly outcomes: Outcomes;
  /** Who is asked, for error texts. */
  readonly peer: string;
  /** The longest text or bytes that a serializer may make. */
  readonly maxMessageSize: number;
  /** What the other side's transaction ids begin with, where it has been told before. */
  readonly idBase?: string | undefined;
  /** The number of requests in flight has changed. */
  onChange(): void;
  onTrouble(text: string): void;
}

/** A transaction with chunks. */
interface Flow {
  readonly kind: Kind;
  /** Units of chunks that may still come. */
  balance: number;
  readonly hasChunks: boolean;
  /** When its timeout last began anew because something was sent. */
  touched: number;
}

/** The side of a connection that asks, where values are moved. The addon keeps the transactions, as for all connections. */
export class ValueRequester implements Requester {
  inFlight = 0;
  /** What has left this side and has not arrived is nobody's to know. */
  readonly pendingBytes = 0;
  private readonly requests: NativeRequests;
  private readonly deadlines = new DeadlineTimer(() => this.onDue());
  private readonly hasTypeTimeouts: boolean;
  /** All requests have had the same timeout so far: then no later one is due before the first. */
  private hasOneTimeout: boolean;
  /** How many batches have come. */
  private batches = 0;
  private hasEnded = false;
  /** Requests of this tick that have no ticket yet: they get theirs together. */
  private queued: object[] = [];
  /** By slot, what an answer must name: a slot has one request after the other. */
  private readonly tickets: number[] = [];
  /** By slot, the ids of those that are named by theirs. */
  private readonly ids = new Map<number, string>();
  /** Of requests that have ended, as the addon does not know yet. */
  private readonly finished: number[] = [];
  /** There have been such. */
  private hasNames = false;
  private hasFlows = false;
  /** By slot. */
  private readonly flows = new Map<number, Flow>();
  /** The slots of those whose timeout begins anew with this batch. */
  private readonly active = new Set<number>();
  /** What the other side can do; `undefined`: it has not said yet. */
  private theirs: Hello | undefined;
  /** Transactions that are to be cancelled, should it be able to. */
  private cancelled: Tx[] = [];
  private readonly native = getNative();
  private readonly callExchange: () => void;

  constructor(private readonly init: ValueRequesterInit) {
    const { addon, environment } = this.native;
    const { options, idBase } = init;
    this.requests = new addon.NativeRequests(environment, options, idBase);
    this.callExchange = this.requests.exchange;
    this.hasTypeTimeouts = options.timeoutTypes.length > 0;
    this.hasOneTimeout = !this.hasTypeTimeouts;
  }

  get idBase(): string {
    return this.requests.idBase;
  }

  /** The other side's handshake has come. */
  onHello(theirs: Hello): void {
    this.theirs = theirs;
    const cancelled = this.cancelled.splice(0);
    for (const tx of cancelled) this.tellCancelled(tx);
    if (names(theirs, Extension.Streams)) return;
    for (const slot of this.flows.keys()) this.refuse(slot, this.streamsUnsupported());
  }

  private streamsUnsupported(): WorkerError {
    return unsupportedByPeer('stream', this.init.peer);
  }

  request(type: string, payload: unknown, timeout: number, transfer: TransferList | undefined, owner: object): number {
    if (
      timeout === CONFIGURED &&
      transfer === undefined &&
      !this.hasTypeTimeouts &&
      this.enqueue(type, payload, owner)
    ) {
      return LATER;
    }
    const slot = this.begin(type, undefined, timeout);
    try {
      this.write(Kind.Request, type, this.txOf(slot), payload, transfer);
    } catch (error) {
      this.cancel(slot);
      throw error;
    }
    return slot;
  }

  private enqueue(type: string, payload: unknown, owner: object): boolean {
    this.checkSendable(type);
    checkSize(payload, type, this.init.maxMessageSize);
    this.queued.push(owner);
    this.inFlight++;
    if (this.init.wire.queue(type, payload)) {
      this.init.onChange();
      return true;
    }
    this.queued.pop();
    this.inFlight--;
    return false;
  }

  /** These records are about to be sent: requests that were queued get their tickets. */
  onFlush(batch: unknown[]): void {
    const { queued } = this;
    if (queued.length === 0) return;
    this.queued = [];
    this.exchange(queued.length);
    const { numbers } = this.native;
    const { outcomes } = this.init;
    for (let at = 0, index = 0; index < queued.length; at += RECORD) {
      if (batch[at] !== Kind.Request || batch[at + 2] !== undefined) continue;
      const ticket = (batch[at + 2] = numbers[index] as number);
      this.tickets[ticket % SLOTS] = ticket;
      outcomes.assign(ticket % SLOTS, queued[index++] as object);
    }
    this.armDeadlines();
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

  reserve(type: string, tx: string | undefined, timeout: number, kind: RequestKind): number {
    if (kind === RequestKind.Request) return this.begin(type, tx, timeout);
    if (this.theirs !== undefined && !names(this.theirs, Extension.Streams)) throw this.streamsUnsupported();
    const slot = this.begin(type, tx, timeout);
    this.hasFlows = true;
    this.flows.set(slot, { kind: kind as number, balance: WINDOW, hasChunks: kind !== RequestKind.Upload, touched: 0 });
    return slot;
  }

  submit(slot: number, type: string, payload: unknown, transfer?: TransferList): boolean {
    const kind = this.flows.get(slot)?.kind ?? Kind.Request;
    if (this.isOpen(slot)) this.write(kind, type, this.txOf(slot), payload, transfer);
    return true;
  }

  post(type: string, payload: unknown, transfer?: TransferList): boolean {
    this.write(Kind.Notification, type, undefined, payload, transfer);
    return true;
  }

  wantRoom(): void {}

  private begin(type: string, tx: string | undefined, timeout: number): number {
    this.init.wire.flush();
    this.checkSendable(type);
    this.exchange(0);
    const ticket = this.requests.begin(type, tx, timeout);
    const slot = ticket % SLOTS;
    this.tickets[slot] = ticket;
    const id = this.init.wire.needsIds ? this.requests.transactionId(slot) : tx;
    if (typeof id === 'string') {
      this.hasNames = true;
      this.ids.set(slot, id);
    }
    this.inFlight++;
    this.init.onChange();
    this.hasOneTimeout &&= timeout === CONFIGURED;
    this.armDeadlines();
    return slot;
  }

  private isOpen(slot: number): boolean {
    return (this.tickets[slot] ?? NONE) !== NONE;
  }

  private txOf(slot: number): Tx {
    return this.ids.get(slot) ?? this.tickets[slot];
  }

  private armDeadlines(): void {
    if (!this.deadlines.isArmed || !this.hasOneTimeout) this.deadlines.arm(this.requests.nextDeadline());
  }

  private write(kind: Kind, type: string, tx: Tx, payload: unknown, transfer?: TransferList): void {
    this.checkSendable(type);
    checkSize(payload, type, this.init.maxMessageSize);
    this.init.wire.send(kind, type, tx, payload, transfer);
  }

  private checkSendable(type: string): void {
    if (this.hasEnded) throw workerClosed(`send "${type}"`, this.init.wire.driver);
    checkTypeName(type);
  }

  transactionId(slot: number): string | null {
    return this.requests.transactionId(slot);
  }

  cancel(slot: number): boolean {
    const ended = this.requests.cancel(slot);
    this.forget(slot);
    return this.left(ended);
  }

  abort(slot: number): boolean {
    const tx = this.txOf(slot);
    const ended = this.cancel(slot);
    if (ended) this.tellCancelled(tx);
    return ended;
  }

  private tellCancelled(tx: Tx): void {
    if (this.hasEnded) return;
    if (this.theirs === undefined) this.cancelled.push(tx);
    else if (names(this.theirs, Extension.Cancel)) this.tell(Kind.Cancel, tx, undefined);
  }

  /** What concerns a transaction that may have ended on the other side: that it cannot be told matters to nobody. */
  private tell(kind: Kind, tx: Tx, payload: unknown): void {
    try {
      if (!this.hasEnded) this.init.wire.send(kind, '', tx, payload);
    } catch (error) {
      this.init.onTrouble((error as WorkerError).message);
    }
  }

  credit(slot: number, units: number): void {
    const flow = this.flows.get(slot);
    if (flow === undefined) return;
    const wasPaused = flow.balance <= 0;
    flow.balance += units;
    if (wasPaused && flow.balance > 0) this.extend(slot);
    this.tell(Kind.Credit, this.txOf(slot), units);
  }

  input(slot: number, payload: unknown, transfer?: TransferList): number {
    const cost = unitsOfValue(payload);
    if (!this.isOpen(slot)) return cost;
    this.write(Kind.Input, '', this.txOf(slot), payload, transfer);
    this.touch(slot);
    return cost;
  }

  endInput(slot: number, error: RemoteErrorPayload | undefined): void {
    if (this.isOpen(slot)) this.tell(Kind.InputEnd, this.txOf(slot), error);
  }

  /** A source that still gives something is not late. The addon is told now and then. */
  private touch(slot: number): void {
    const flow = this.flows.get(slot);
    const now = performance.now();
    if (flow === undefined || now - flow.touched < TOUCH || (flow.hasChunks && flow.balance <= 0)) return;
    flow.touched = now;
    this.extend(slot);
  }

  /** Its deadline is later than all others of its timeout. */
  private extend(slot: number): void {
    this.requests.extend(slot);
    this.armDeadlines();
  }

  failAll(): number[] {
    this.init.wire.flush();
    this.exchange(0);
    this.tickets.length = 0;
    this.ids.clear();
    this.flows.clear();
    const slots = this.requests.failAll();
    this.inFlight = 0;
    this.init.onChange();
    return slots;
  }

  /** Nothing that comes belongs to the slot any more. */
  private forget(slot: number): void {
    this.tickets[slot] = NONE;
    if (this.hasNames) this.ids.delete(slot);
    if (this.hasFlows) this.flows.delete(slot);
  }

  /** One request fewer, if it was there. */
  private left(ended: boolean): boolean {
    if (ended) {
      this.inFlight--;
      this.init.onChange();
    }
    return ended;
  }

  /** A message for who asks has come. */
  onMessage(kind: Kind, tx: Tx, payload: unknown): void {
    switch (kind) {
      case Kind.Result:
        return this.onAnswer(RecordKind.Result, tx, payload);
      case Kind.Error:
        return this.onAnswer(RecordKind.RemoteError, tx, payload);
      default:
        return this.onPart(kind, tx, payload);
    }
  }

  private onAnswer(kind: RecordKind, tx: Tx, payload: unknown): void {
    const slot = typeof tx === 'number' ? this.finishTicket(tx) : this.finish(tx);
    // Late answers are normal: the request has timed out or was cancelled.
    if (slot < 0) return;
    this.left(true);
    const { codec, outcomes } = this.init;
    const value = kind === RecordKind.Result ? codec.decode(payload) : payload;
    if (value instanceof Undecodable) outcomes.refuse(slot, value.error);
    else outcomes.settle(slot, kind, value, 0);
  }

  /** What comes before the outcome. */
  private onPart(kind: Kind, tx: Tx, payload: unknown): void {
    const slot = this.slotOf(tx);
    if (slot < 0) return;
    const { codec, outcomes } = this.init;
    const flow = this.flows.get(slot);
    if (flow !== undefined) this.active.add(slot);
    if (kind === Kind.Progress) return outcomes.onProgress(slot, codec.decode(payload));
    if (kind === Kind.Demand) return isUnits(payload) ? outcomes.onDemand(slot, payload) : undefined;
    const cost = unitsOfValue(payload);
    if (flow !== undefined) flow.balance -= cost;
    outcomes.onChunk(slot, codec.decode(payload), cost);
  }

  private slotOf(tx: Tx): number {
    if (typeof tx === 'string') return this.requests.slotById(tx);
    const slot = (tx ?? NONE) % SLOTS;
    return this.tickets[slot] === tx ? slot : -1;
  }

  /** The addon is told later, together with others. */
  private finishTicket(ticket: number): number {
    const slot = ticket % SLOTS;
    if (this.tickets[slot] !== ticket) return -1;
    this.forget(slot);
    this.finished.push(ticket);
    if (this.finished.length >= CAPACITY) this.exchange(0);
    return slot;
  }

  /** Ends the transaction; gives its slot, or -1. */
  private finish(tx: string | undefined): number {
    const slot = tx === undefined ? -1 : this.requests.finishById(tx);
    if (slot >= 0) this.forget(slot);
    return slot;
  }

  /** All messages of a batch have come. */
  batchEnd(): void {
    this.batches++;
    if (this.active.size > 0) this.resetTimeouts();
    this.init.outcomes.batchEnd();
  }

  /** While nothing more may come, since the reader is slow, nothing is late. */
  private resetTimeouts(): void {
    for (const slot of this.active) {
      const flow = this.flows.get(slot);
      if (flow === undefined) continue;
      if (flow.hasChunks && flow.balance <= 0) this.requests.pause(slot);
      else this.extend(slot);
    }
    this.active.clear();
  }

  /** A message that seemed to be sent was not. */
  onRequestFailed(tx: Tx, error: WorkerError): void {
    const slot = this.slotOf(tx);
    if (slot < 0) this.init.onTrouble(error.message);
    else this.refuse(slot, error);
  }

  private refuse(slot: number, error: WorkerError): void {
    this.cancel(slot);
    this.init.outcomes.refuse(slot, error);
  }

  /** Nothing more will be told. */
  close(): void {
    this.hasEnded = true;
    this.deadlines.stop();
  }

  /** The other side is gone. */
  onEnd(): void {
    this.hasEnded = true;
  }

  private onDue(): void {
    this.afterWhatArrived(() => this.expire());
  }

  /** A deadline has come. What had arrived before it counts. */
  afterWhatArrived(act: () => void): void {
    if (this.init.wire.drain()) act();
    else this.afterTurns(act, MOST_TURNS);
  }

  /** The loop reads what has arrived, some of it in each turn. */
  private afterTurns(act: () => void, left: number): void {
    const { batches } = this;
    afterArrivals(() => (this.batches === batches || left === 0 ? act() : this.afterTurns(act, left - 1)));
  }

  private expire(): void {
    if (this.hasEnded && this.inFlight === 0) return;
    this.exchange(0);
    const late = this.requests.expire();
    const { outcomes } = this.init;
    for (let index = 0; index < late.length; index += 2) {
      const slot = late[index] as number;
      this.tellCancelled(this.txOf(slot));
      this.forget(slot);
      this.left(true);
      outcomes.settle(slot, RecordKind.TimedOut, undefined, late[index + 1] as number);
    }
    outcomes.batchEnd();
    this.deadlines.arm(this.requests.nextDeadline());
  }
}
