import { LATER, type Outcomes, type Requester, RequestKind } from '../connection.js';
import { type WorkerError } from '../errors.js';
import { unsupportedByPeer, workerClosed } from '../host-errors.js';
import type { NativeOptions } from '../native/binding.js';
import { RecordKind } from '../native/records.js';
import { type PayloadCodec, Undecodable } from '../payload-codec.js';
import { isUnits, unitsOfValue, WINDOW } from '../streams/units.js';
import type { Carrier } from '../types/context-carrier.js';
import type { RemoteErrorPayload } from '../types/message.js';
import type { TransferList } from '../types/transfer-list.js';
import { afterArrivals } from '../within.js';
import { DeadlineTimer } from './deadlines.js';
import { Extension, type Hello, names } from './hello.js';
import { checkSize, checkTypeName } from './limits.js';
import { type Late, slotOf, Tickets } from './tickets.js';
import { Kind, RECORD, type Tx, type Wire } from './wire.js';

const CONFIGURED = -1;
/** How often the loop may bring something before a deadline counts all the same. */
const MOST_TURNS = 100;
/** How long the end of the peer may take after that of its connection, in milliseconds, before timeouts count again. */
const LOSS_GRACE = 2000;
/** How often, in milliseconds, a timeout begins anew because something is sent. */
const TOUCH = 10;

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
  /** Asked when something is late: a debugger may have stopped one of the two, so it does not count. */
  isDebugged(): boolean;
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
  private readonly tickets: Tickets;
  private readonly deadlines = new DeadlineTimer(() => this.onDue());
  private readonly hasTypeTimeouts: boolean;
  /** All requests have had the same timeout so far: then no later one is due before the first. */
  private hasOneTimeout: boolean;
  /** How many batches have come. */
  private batches = 0;
  private hasEnded = false;
  private lostUntil = 0;
  /** Requests of this tick that have no ticket yet: they get theirs together. */
  private queued: object[] = [];
  /** There have been such. */
  private hasFlows = false;
  /** By slot. */
  private readonly flows = new Map<number, Flow>();
  /** The slots of those whose timeout begins anew with this batch. */
  private readonly active = new Set<number>();
  /** What the other side can do; `undefined`: it has not said yet. */
  private theirs: Hello | undefined;
  /** What messages take along. */
  private carrier: Carrier | undefined;
  /** Transactions that are to be cancelled, should it be able to. */
  private cancelled: Tx[] = [];

  constructor(private readonly init: ValueRequesterInit) {
    const { options, idBase, wire } = init;
    this.tickets = new Tickets(options, wire.needsIds, idBase);
    this.hasTypeTimeouts = options.timeoutTypes.length > 0;
    this.hasOneTimeout = !this.hasTypeTimeouts;
  }

  get idBase(): string {
    return this.tickets.idBase;
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
      this.write(Kind.Request, type, this.tickets.txOf(slot), payload, transfer);
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
    if (this.init.wire.queue(type, payload, this.carrier)) {
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
    this.tickets.beginAll(queued.length);
    const { outcomes } = this.init;
    for (let at = 0, index = 0; index < queued.length; at += RECORD) {
      if (batch[at] !== Kind.Request || batch[at + 2] !== undefined) continue;
      const ticket = (batch[at + 2] = this.tickets.take(index));
      outcomes.assign(slotOf(ticket), queued[index++] as object);
    }
    this.armDeadlines();
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
    if (this.tickets.isOpen(slot)) this.write(kind, type, this.tickets.txOf(slot), payload, transfer);
    return true;
  }

  post(type: string, payload: unknown, transfer?: TransferList): boolean {
    this.write(Kind.Notification, type, undefined, payload, transfer);
    return true;
  }

  wantRoom(): void {}

  carry(carrier: Carrier | undefined): void {
    const isWanted = this.theirs === undefined || names(this.theirs, Extension.Context);
    this.carrier = isWanted ? carrier : undefined;
  }

  private begin(type: string, tx: string | undefined, timeout: number): number {
    this.init.wire.flush();
    this.checkSendable(type);
    const slot = this.tickets.begin(type, tx, timeout);
    this.inFlight++;
    this.init.onChange();
    this.hasOneTimeout &&= timeout === CONFIGURED;
    this.armDeadlines();
    return slot;
  }

  private armDeadlines(): void {
    if (!this.deadlines.isArmed || !this.hasOneTimeout) this.deadlines.arm(this.tickets.nextDeadline());
  }

  private write(kind: Kind, type: string, tx: Tx, payload: unknown, transfer?: TransferList): void {
    this.checkSendable(type);
    checkSize(payload, type, this.init.maxMessageSize);
    this.init.wire.send(kind, type, tx, payload, transfer, this.carrier);
  }

  private checkSendable(type: string): void {
    if (this.hasEnded) throw workerClosed(`send "${type}"`, this.init.wire.driver);
    checkTypeName(type);
  }

  transactionId(slot: number): string | null {
    return this.tickets.transactionId(slot);
  }

  cancel(slot: number): boolean {
    const ended = this.tickets.cancel(slot);
    if (this.hasFlows) this.flows.delete(slot);
    return this.left(ended);
  }

  abort(slot: number): boolean {
    const tx = this.tickets.txOf(slot);
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
    this.tell(Kind.Credit, this.tickets.txOf(slot), units);
  }

  input(slot: number, payload: unknown, transfer?: TransferList): number {
    const cost = unitsOfValue(payload);
    if (!this.tickets.isOpen(slot)) return cost;
    this.write(Kind.Input, '', this.tickets.txOf(slot), payload, transfer);
    this.touch(slot);
    return cost;
  }

  endInput(slot: number, error: RemoteErrorPayload | undefined): void {
    if (this.tickets.isOpen(slot)) this.tell(Kind.InputEnd, this.tickets.txOf(slot), error);
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
    this.tickets.extend(slot);
    this.armDeadlines();
  }

  failAll(): number[] {
    this.init.wire.flush();
    this.flows.clear();
    const slots = this.tickets.failAll();
    this.inFlight = 0;
    this.init.onChange();
    return slots;
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
    const slot = this.tickets.finish(tx);
    // Late answers are normal: the request has timed out or was cancelled.
    if (slot < 0) return;
    if (this.hasFlows) this.flows.delete(slot);
    this.left(true);
    const { codec, outcomes } = this.init;
    const value = kind === RecordKind.Result ? codec.decode(payload) : payload;
    if (value instanceof Undecodable) outcomes.refuse(slot, value.error);
    else outcomes.settle(slot, kind, value, 0);
  }

  /** What comes before the outcome. */
  private onPart(kind: Kind, tx: Tx, payload: unknown): void {
    const slot = this.tickets.find(tx);
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
      if (flow.hasChunks && flow.balance <= 0) this.tickets.pause(slot);
      else this.extend(slot);
    }
    this.active.clear();
  }

  /** A message that seemed to be sent was not. */
  onRequestFailed(tx: Tx, error: WorkerError): void {
    const slot = this.tickets.find(tx);
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
    this.lostUntil = performance.now() + LOSS_GRACE;
  }

  private onDue(): void {
    this.afterWhatArrived(() => this.expire());
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

  /** Ends the request if this names it; tells whether it does. */
  protected finish(tx: Tx, slot: number): boolean {
    if (this.tickets.find(tx) !== slot) return false;
    this.tickets.finish(tx);
    this.left(true);
    return true;
  }

  /** In milliseconds, until something may be late. */
  protected patience(): number {
    const next = this.tickets.nextDeadline();
    return next < 0 ? Infinity : next;
  }

  protected expire(): readonly Late[] {
    if (this.hasEnded && this.inFlight === 0) return [];
    // What is still in flight has lost its peer, which is about to be told.
    if (performance.now() < this.lostUntil) {
      this.deadlines.arm(LOSS_GRACE);
      return [];
    }
    let late: readonly Late[] = [];
    if (this.init.isDebugged()) this.tickets.hold();
    else late = this.endLate();
    this.deadlines.arm(this.tickets.nextDeadline());
    return late;
  }

  private endLate(): readonly Late[] {
    const { outcomes } = this.init;
    const late = this.tickets.expire();
    for (const { slot, tx, millis } of late) {
      this.tellCancelled(tx);
      this.flows.delete(slot);
      this.left(true);
      outcomes.settle(slot, RecordKind.TimedOut, undefined, millis);
    }
    outcomes.batchEnd();
    return late;
  }
}
