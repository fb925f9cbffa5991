import { CONFIGURED, type Outcomes } from '../connection.js';
import type { WorkerError } from '../errors.js';
import { unsupportedByPeer, workerClosed } from '../host-errors.js';
import type { NativeOptions } from '../native/binding.js';
import { RecordKind } from '../native/records.js';
import type { PayloadCodec } from '../payload-codec.js';
import { Expiry } from './expiry.js';
import { Flows } from './flows.js';
import { Extension, type Hello } from './hello.js';
import { checkTypeName } from './limits.js';
import { Peer } from './peer.js';
import { type Late, Tickets } from './tickets.js';
import { Kind, type Tx, type Wire } from './wire.js';

export interface TransactionsInit {
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

/** The transactions of the side that asks, from their begin to their end. The addon keeps them, as for all connections. */
export class Transactions {
  inFlight = 0;
  protected readonly tickets: Tickets;
  protected readonly expiry: Expiry;
  protected readonly flows: Flows;
  protected readonly peer = new Peer((tx) => this.tell(Kind.Cancel, tx, undefined));
  protected readonly hasTypeTimeouts: boolean;
  private hasEnded = false;

  constructor(protected readonly init: TransactionsInit) {
    const { options, idBase, wire, isDebugged } = init;
    this.tickets = new Tickets(options, wire.needsIds, idBase);
    this.hasTypeTimeouts = options.timeoutTypes.length > 0;
    this.expiry = new Expiry({
      wire,
      tickets: this.tickets,
      hasOneTimeout: !this.hasTypeTimeouts,
      onDue: () => this.expire(),
      isDebugged,
    });
    this.flows = new Flows(this.tickets, this.expiry);
  }

  get idBase(): string {
    return this.tickets.idBase;
  }

  /** The other side's handshake has come. */
  onHello(theirs: Hello): void {
    this.peer.onHello(theirs);
    if (this.peer.may(Extension.Streams)) return;
    for (const slot of this.flows.slots) this.refuse(slot, this.streamsUnsupported());
  }

  protected streamsUnsupported(): WorkerError {
    return unsupportedByPeer('stream', this.init.peer);
  }

  protected begin(type: string, tx: string | undefined, timeout: number): number {
    this.init.wire.flush();
    this.checkSendable(type);
    const slot = this.tickets.begin(type, tx, timeout);
    this.inFlight++;
    this.init.onChange();
    if (timeout !== CONFIGURED) this.expiry.expectAny();
    this.expiry.arm();
    return slot;
  }

  protected checkSendable(type: string): void {
    if (this.hasEnded) throw workerClosed(`send "${type}"`, this.init.wire.driver);
    checkTypeName(type);
  }

  transactionId(slot: number): string | null {
    return this.tickets.transactionId(slot);
  }

  cancel(slot: number): boolean {
    const ended = this.tickets.cancel(slot);
    if (this.flows.haveBeen) this.flows.end(slot);
    return this.left(ended);
  }

  abort(slot: number): boolean {
    const tx = this.tickets.txOf(slot);
    const ended = this.cancel(slot);
    if (ended) this.tellCancelled(tx);
    return ended;
  }

  private tellCancelled(tx: Tx): void {
    if (!this.hasEnded) this.peer.cancel(tx);
  }

  /** What concerns a transaction that may have ended on the other side: that it cannot be told matters to nobody. */
  protected tell(kind: Kind, tx: Tx, payload: unknown): void {
    try {
      if (!this.hasEnded) this.init.wire.send(kind, '', tx, payload);
    } catch (error) {
      this.init.onTrouble((error as WorkerError).message);
    }
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
  protected left(ended: boolean): boolean {
    if (ended) {
      this.inFlight--;
      this.init.onChange();
    }
    return ended;
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
    this.expiry.stop();
  }

  /** The other side is gone. */
  onEnd(): void {
    this.hasEnded = true;
    this.expiry.onEnd();
  }

  /** A deadline has come. What had arrived before it counts. */
  protected afterWhatArrived(act: () => void): void {
    this.expiry.afterWhatArrived(act);
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
    return this.expiry.patience;
  }

  protected expire(): readonly Late[] {
    if (this.hasEnded && this.inFlight === 0) return [];
    return this.expiry.expire((late) => this.endLate(late));
  }

  private endLate(late: readonly Late[]): void {
    const { outcomes } = this.init;
    for (const { slot, tx, millis } of late) {
      this.tellCancelled(tx);
      this.flows.end(slot);
      this.left(true);
      outcomes.settle(slot, RecordKind.TimedOut, undefined, millis);
    }
    outcomes.batchEnd();
  }
}
