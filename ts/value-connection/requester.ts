import type { RequestKind } from '../protocol/request-kind.js';
import { LATER, type Requester, type SentRequest } from '../connection/connection.js';
import { Undecodable } from '../codecs/payload-codec.js';
import { isUnits, unitsOfValue } from '../streams/units.js';
import { unhandled } from '../errors/malformed-message.js';
import type { Carrier } from '../types/context-carrier.js';
import type { RemoteErrorPayload } from '../types/message.js';
import type { TransferList } from '../types/transfer-list.js';
import { checkSize } from './limits.js';
import { NO_SLOT, slotOf } from './tickets.js';
import { Transactions, type TransactionsInit } from './transactions.js';
import { RECORD, type Tx } from './wires/wire.js';
import { CONFIGURED, Extension, Kind, NO_CAPACITY, RecordKind } from '../protocol/generated.js';

/** The requester of a value connection. */
export class ValueRequester implements Requester {
  readonly transactions: Transactions;
  /** The sender cannot know which bytes have arrived. */
  readonly pendingBytes = 0;
  /** Requests of this tick without a ticket: one call gets all tickets. */
  private queued: SentRequest[] = [];
  /** The context of messages. */
  private carrier: Carrier | undefined;
  private isDrainWanted = false;

  constructor(private readonly init: TransactionsInit) {
    this.transactions = new Transactions(init, {
      // The caller of a cancel settles its request first.
      onCancelled: () => {
        if (this.isDrainWanted) void Promise.resolve().then(() => this.checkCapacity());
      },
      onExpired: () => this.checkCapacity(),
    });
  }

  get inFlight(): number {
    return this.transactions.inFlight;
  }

  /** Whether the other side accepts no further request now. */
  private get isFull(): boolean {
    const { inFlight, unsent, most } = this.transactions;
    return inFlight - unsent.size >= most;
  }

  request(request: SentRequest, encoded: unknown): number {
    if (this.isFull) return NO_CAPACITY;
    const { transactions } = this;
    const { type, timeout, transfer } = request;
    const isPlain = timeout === CONFIGURED && transfer === undefined && !transactions.hasTypeTimeouts;
    if (isPlain && this.enqueue(request, encoded)) return LATER;
    const slot = transactions.begin(type, undefined, timeout);
    try {
      this.write(Kind.Request, type, transactions.tickets.txOf(slot), encoded, transfer);
    } catch (error) {
      this.cancel(slot);
      throw error;
    }
    return slot;
  }

  private enqueue(request: SentRequest, encoded: unknown): boolean {
    const { transactions, queued, init } = this;
    const { type } = request;
    transactions.checkSendable(type);
    checkSize(encoded, type, init.maxMessageSize);
    queued.push(request);
    transactions.inFlight++;
    if (init.wire.queue(type, encoded, this.carrier)) {
      init.onChange();
      return true;
    }
    queued.pop();
    transactions.inFlight--;
    return false;
  }

  /** The wire is about to send these records: queued requests get their tickets. */
  onFlush(batch: unknown[]): void {
    const { queued } = this;
    if (queued.length === 0) return;
    this.queued = [];
    const { tickets, expiry } = this.transactions;
    tickets.beginAll(queued.length);
    const { outcomes } = this.init;
    for (let at = 0, index = 0; index < queued.length; at += RECORD) {
      if (batch[at] !== Kind.Request || batch[at + 2] !== undefined) continue;
      const ticket = (batch[at + 2] = tickets.take(index));
      outcomes.assign(slotOf(ticket), queued[index++] as SentRequest);
    }
    expiry.arm();
  }

  reserve(type: string, tx: string | undefined, timeout: number, kind: RequestKind): number {
    const hasStreams = kind !== Kind.Request;
    const { transactions } = this;
    if (hasStreams && !transactions.peer.may(Extension.Streams)) throw transactions.streamsUnsupported();
    const slot = transactions.begin(type, tx, timeout);
    transactions.unsent.add(slot);
    if (hasStreams) transactions.flows.begin(slot, kind);
    return slot;
  }

  submit(slot: number, type: string, payload: unknown, transfer?: TransferList): boolean {
    const { tickets, flows, unsent } = this.transactions;
    if (!tickets.isOpen(slot)) return true;
    if (this.isFull) return false;
    const kind = flows.get(slot)?.kind ?? Kind.Request;
    this.write(kind, type, tickets.txOf(slot), payload, transfer);
    unsent.delete(slot);
    return true;
  }

  transactionId(slot: number): string | null {
    return this.transactions.transactionId(slot);
  }

  cancel(slot: number): boolean {
    return this.transactions.cancel(slot);
  }

  abort(slot: number): boolean {
    return this.transactions.abort(slot);
  }

  askEnded(tx: string): number {
    const { transactions } = this;
    const slot = transactions.beginQuestion();
    try {
      this.write(Kind.Ended, '', transactions.tickets.txOf(slot), tx);
    } catch (error) {
      this.cancel(slot);
      throw error;
    }
    return slot;
  }

  failAll(): number[] {
    return this.transactions.failAll();
  }

  post(type: string, payload: unknown, transfer?: TransferList): boolean {
    this.write(Kind.Notification, type, undefined, payload, transfer);
    return true;
  }

  requestCapacity(): void {
    this.isDrainWanted = true;
  }

  /** One request less is open: resolves waiting callers, if that is enough. */
  private checkCapacity(): void {
    if (!this.isDrainWanted) return;
    const { inFlight, unsent, most } = this.transactions;
    if (inFlight - unsent.size > most / 2) return;
    this.isDrainWanted = false;
    this.init.outcomes.onDrain();
  }

  setContext(carrier: Carrier | undefined): void {
    this.carrier = this.transactions.peer.may(Extension.Context) ? carrier : undefined;
  }

  private write(kind: Kind, type: string, tx: Tx, payload: unknown, transfer?: TransferList): void {
    this.transactions.checkSendable(type);
    checkSize(payload, type, this.init.maxMessageSize);
    this.init.wire.send(kind, type, tx, payload, transfer, this.carrier);
  }

  credit(slot: number, units: number): void {
    const { flows, tickets } = this.transactions;
    if (flows.grant(slot, units)) this.transactions.report(Kind.Credit, tickets.txOf(slot), units);
  }

  input(slot: number, payload: unknown, transfer?: TransferList): number {
    const cost = unitsOfValue(payload);
    const { tickets, flows } = this.transactions;
    if (!tickets.isOpen(slot)) return cost;
    this.write(Kind.Input, '', tickets.txOf(slot), payload, transfer);
    flows.touch(slot);
    return cost;
  }

  endInput(slot: number, error: RemoteErrorPayload | undefined): void {
    const { tickets } = this.transactions;
    if (tickets.isOpen(slot)) this.transactions.report(Kind.InputEnd, tickets.txOf(slot), error);
  }

  /** Receives a message for the requester. */
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
    const { transactions } = this;
    const slot = transactions.tickets.finish(tx);
    // Late answers are normal: the request has timed out or was cancelled.
    if (slot === NO_SLOT) return;
    if (transactions.flows.haveBeen) transactions.flows.end(slot);
    transactions.left(true);
    try {
      this.conclude(kind, slot, payload);
    } catch (error) {
      // It is no longer in flight: no other code would settle it.
      this.init.outcomes.refuse(slot, unhandled(error));
    }
  }

  private conclude(kind: RecordKind, slot: number, payload: unknown): void {
    const { codec, outcomes } = this.init;
    const value = kind === RecordKind.Result ? codec.decode(payload) : payload;
    if (Undecodable.is(value)) outcomes.refuse(slot, value.error);
    else outcomes.settle(slot, kind, value, 0);
  }

  /** Messages before the outcome. */
  private onPart(kind: Kind, tx: Tx, payload: unknown): void {
    const { tickets, flows } = this.transactions;
    const slot = tickets.find(tx);
    if (slot === NO_SLOT) return;
    const { codec, outcomes } = this.init;
    const flow = flows.get(slot);
    if (flow !== undefined) flows.active.add(slot);
    if (kind === Kind.Progress) return outcomes.onProgress(slot, codec.decode(payload));
    if (kind === Kind.Demand) return isUnits(payload) ? outcomes.onDemand(slot, payload) : undefined;
    const cost = unitsOfValue(payload);
    if (flow !== undefined) flow.balance -= cost;
    outcomes.onChunk(slot, codec.decode(payload), cost);
  }

  /** All messages of a batch have arrived. */
  batchEnd(): void {
    const { expiry, flows } = this.transactions;
    expiry.onBatch();
    if (flows.active.size > 0) flows.resetTimeouts();
    this.init.outcomes.batchEnd();
    this.checkCapacity();
  }
}
