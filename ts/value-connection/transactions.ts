import type { Outcomes } from '../connection/connection.js';
import type { WorkerError } from '../errors/worker-error.js';
import { unsupportedByPeer, workerClosed } from '../errors/host-errors.js';
import type { NativeOptions } from '../addon/binding.js';
import type { PayloadCodec } from '../codecs/payload-codec.js';
import { Expiry } from './timers/expiry.js';
import { Flows } from './flow-control.js';
import { type Handshake } from './handshake.js';
import { checkTypeName } from './limits.js';
import { Peer } from './peer.js';
import { type Late, NO_SLOT, Tickets } from './tickets.js';
import { type Tx, type Wire } from './wires/wire.js';
import { CONFIGURED, Extension, GRANT_WINDOW, Kind, RecordKind } from '../protocol/generated.js';

export interface TransactionsInit {
  readonly wire: Wire;
  readonly codec: PayloadCodec;
  readonly options: NativeOptions;
  readonly outcomes: Outcomes;
  /** The other side, for error texts. */
  readonly peer: string;
  /** The longest text or bytes of a serializer. */
  readonly maxMessageSize: number;
  /** The beginning of the other side's transaction ids, if known. */
  readonly idBase?: string | undefined;
  /** The number of requests in flight has changed. */
  onChange(): void;
  onWarning(text: string): void;
  /** Called when a timeout is due: a debugger may have stopped one side, so it does not count. */
  isDebugged(): boolean;
}

/** Called when a transaction has ended without an answer, which makes room for another. */
export interface TransactionsOwner {
  onCancelled(): void;
  onExpired(): void;
}

/** The transactions of the requester, from begin to end. The addon keeps them, as for all connections. */
export class Transactions {
  inFlight = 0;
  /** How many unanswered requests the other side accepts. */
  most = GRANT_WINDOW;
  /** Begun requests whose message was not sent. */
  readonly unsent = new Set<number>();
  /** Questions whether a request has ended, before the other side's handshake. */
  private readonly questions = new Set<number>();
  readonly tickets: Tickets;
  readonly expiry: Expiry;
  readonly flows: Flows;
  readonly peer = new Peer((tx) => this.report(Kind.Cancel, tx, undefined));
  readonly hasTypeTimeouts: boolean;
  private hasEnded = false;

  constructor(
    private readonly init: TransactionsInit,
    private readonly owner: TransactionsOwner,
  ) {
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

  /** The other side's handshake has arrived. */
  onHandshake(theirs: Handshake): void {
    this.peer.onHandshake(theirs);
    this.most = this.peer.maxOpenRequests;
    if (!this.peer.may(Extension.Ended)) {
      for (const slot of this.questions) this.refuse(slot, this.questionsUnsupported());
    }
    this.questions.clear();
    if (this.peer.may(Extension.Streams)) return;
    for (const slot of this.flows.slots) this.refuse(slot, this.streamsUnsupported());
  }

  /** Begins the question whether a request has ended; returns its slot. */
  beginQuestion(): number {
    if (!this.peer.may(Extension.Ended)) throw this.questionsUnsupported();
    const slot = this.begin('', undefined, 0);
    if (!this.peer.isKnown) this.questions.add(slot);
    return slot;
  }

  private questionsUnsupported(): WorkerError {
    return unsupportedByPeer('ask whether a cancelled request has ended', this.init.peer);
  }

  streamsUnsupported(): WorkerError {
    return unsupportedByPeer('stream', this.init.peer);
  }

  begin(type: string, tx: string | undefined, timeout: number): number {
    this.init.wire.flush();
    this.checkSendable(type);
    const slot = this.tickets.begin(type, tx, timeout);
    this.entered();
    if (timeout !== CONFIGURED) this.expiry.expectAny();
    this.expiry.arm();
    return slot;
  }

  checkSendable(type: string): void {
    if (this.hasEnded) throw workerClosed(`send "${type}"`, this.init.wire.driver);
    checkTypeName(type);
  }

  transactionId(slot: number): string | null {
    return this.tickets.transactionId(slot);
  }

  cancel(slot: number): boolean {
    const ended = this.tickets.cancel(slot);
    this.unsent.delete(slot);
    if (this.flows.haveBeen) this.flows.end(slot);
    this.left(ended);
    this.owner.onCancelled();
    return ended;
  }

  abort(slot: number): boolean {
    const tx = this.tickets.txOf(slot);
    const ended = this.cancel(slot);
    if (ended) this.reportCancelled(tx);
    return ended;
  }

  private reportCancelled(tx: Tx): void {
    if (!this.hasEnded) this.peer.cancel(tx);
  }

  /** Best-effort send for a transaction the peer may already have finished; failures are only logged. */
  report(kind: Kind, tx: Tx, payload: unknown): void {
    try {
      if (!this.hasEnded) this.init.wire.send(kind, '', tx, payload);
    } catch (error) {
      this.init.onWarning((error as WorkerError).message);
    }
  }

  failAll(): number[] {
    this.init.wire.flush();
    this.flows.clear();
    this.unsent.clear();
    this.questions.clear();
    const slots = this.tickets.failAll();
    this.inFlight = 0;
    this.init.onChange();
    return slots;
  }

  /** One request less, if it existed. */
  left(ended: boolean): void {
    if (!ended) return;
    this.inFlight--;
    this.init.onChange();
  }

  /** One request more. */
  entered(): void {
    this.inFlight++;
    this.init.onChange();
  }

  /** A message that seemed to be sent was not. */
  onRequestFailed(tx: Tx, error: WorkerError): void {
    const slot = this.tickets.find(tx);
    if (slot === NO_SLOT) this.init.onWarning(error.message);
    else this.refuse(slot, error);
  }

  private refuse(slot: number, error: WorkerError): void {
    this.cancel(slot);
    this.init.outcomes.refuse(slot, error);
  }

  /** No further event follows. */
  close(): void {
    this.hasEnded = true;
    this.expiry.stop();
  }

  /** The other side has ended. */
  onEnd(): void {
    this.hasEnded = true;
    this.expiry.onEnd();
  }

  /** A deadline has passed. Messages that had arrived before it count. */
  afterWhatArrived(act: () => void): void {
    this.expiry.afterWhatArrived(act);
  }

  /** Ends the request if this identifies it; returns whether it does. */
  finish(tx: Tx, slot: number): boolean {
    if (this.tickets.find(tx) !== slot) return false;
    this.tickets.finish(tx);
    this.left(true);
    return true;
  }

  /** In milliseconds, until the next deadline. */
  patience(): number {
    return this.expiry.patience;
  }

  /** Ends due requests. */
  expire(): readonly Late[] {
    const isOver = this.hasEnded && this.inFlight === 0;
    const late = isOver ? [] : this.expiry.expire((due) => this.endLate(due));
    this.owner.onExpired();
    return late;
  }

  private endLate(late: readonly Late[]): void {
    const { outcomes } = this.init;
    for (const { slot, tx, millis } of late) {
      this.reportCancelled(tx);
      this.flows.end(slot);
      this.unsent.delete(slot);
      this.left(true);
      outcomes.settle(slot, RecordKind.TimedOut, undefined, millis);
    }
    outcomes.batchEnd();
  }
}
