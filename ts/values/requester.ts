import { CONFIGURED, LATER, type Requester, RequestKind } from '../connection.js';
import { RecordKind } from '../native/records.js';
import { Undecodable } from '../payload-codec.js';
import { isUnits, unitsOfValue } from '../streams/units.js';
import type { Carrier } from '../types/context-carrier.js';
import type { RemoteErrorPayload } from '../types/message.js';
import type { TransferList } from '../types/transfer-list.js';
import { Extension } from './hello.js';
import { checkSize } from './limits.js';
import { slotOf } from './tickets.js';
import { Transactions } from './transactions.js';
import { Kind, RECORD, type Tx } from './wire.js';

/** The side of a connection that asks, where values are moved. */
export class ValueRequester extends Transactions implements Requester {
  /** What has left this side and has not arrived is nobody's to know. */
  readonly pendingBytes = 0;
  /** Requests of this tick that have no ticket yet: they get theirs together. */
  private queued: object[] = [];
  /** What messages take along. */
  private carrier: Carrier | undefined;

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
    this.expiry.arm();
  }

  reserve(type: string, tx: string | undefined, timeout: number, kind: RequestKind): number {
    if (kind === RequestKind.Request) return this.begin(type, tx, timeout);
    if (!this.peer.may(Extension.Streams)) throw this.streamsUnsupported();
    const slot = this.begin(type, tx, timeout);
    this.flows.begin(slot, kind);
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
    this.carrier = this.peer.may(Extension.Context) ? carrier : undefined;
  }

  private write(kind: Kind, type: string, tx: Tx, payload: unknown, transfer?: TransferList): void {
    this.checkSendable(type);
    checkSize(payload, type, this.init.maxMessageSize);
    this.init.wire.send(kind, type, tx, payload, transfer, this.carrier);
  }

  credit(slot: number, units: number): void {
    if (this.flows.grant(slot, units)) this.tell(Kind.Credit, this.tickets.txOf(slot), units);
  }

  input(slot: number, payload: unknown, transfer?: TransferList): number {
    const cost = unitsOfValue(payload);
    if (!this.tickets.isOpen(slot)) return cost;
    this.write(Kind.Input, '', this.tickets.txOf(slot), payload, transfer);
    this.flows.touch(slot);
    return cost;
  }

  endInput(slot: number, error: RemoteErrorPayload | undefined): void {
    if (this.tickets.isOpen(slot)) this.tell(Kind.InputEnd, this.tickets.txOf(slot), error);
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
    if (this.flows.haveBeen) this.flows.end(slot);
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
    if (flow !== undefined) this.flows.active.add(slot);
    if (kind === Kind.Progress) return outcomes.onProgress(slot, codec.decode(payload));
    if (kind === Kind.Demand) return isUnits(payload) ? outcomes.onDemand(slot, payload) : undefined;
    const cost = unitsOfValue(payload);
    if (flow !== undefined) flow.balance -= cost;
    outcomes.onChunk(slot, codec.decode(payload), cost);
  }

  /** All messages of a batch have come. */
  batchEnd(): void {
    this.expiry.onBatch();
    if (this.flows.active.size > 0) this.flows.resetTimeouts();
    this.init.outcomes.batchEnd();
  }
}
