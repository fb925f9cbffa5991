import type { Answerer, Answers } from '../connection/answerer.js';
import type { WorkerError } from '../errors/worker-error.js';
import type { PayloadCodec } from '../codecs/payload-codec.js';
import { encodeError } from '../errors/encode-remote-error.js';
import { unhandled } from '../errors/malformed-message.js';
import { reasonOf } from '../util/safely.js';
import { isUnits, unitsOfValue } from '../streams/units.js';
import type { RemoteErrorPayload } from '../types/message.js';
import type { TransferList } from '../types/transfer-list.js';
import { checkSize } from './limits.js';
import { isRequest, type Tx, type Wire } from './wires/wire.js';
import { ID_DIGITS, Kind, TICKET_SLOTS, WORKER_NUMBERS } from '../protocol/generated.js';

/** A request that has no answer yet. */
export interface Call {
  readonly type: string;
  readonly tx: Tx;
  isCancelled: boolean;
}

export interface ValueAnswererInit {
  readonly wire: Wire;
  readonly codec: PayloadCodec;
  /** Workers are the requesters. */
  readonly asksAsWorker: boolean;
  /** The longest text or bytes of a serializer. */
  maxMessageSize(): number;
  /** The beginning of transaction ids that travel as numbers. */
  idBase(): string;
  createDispatcher(answers: Answers<Call>): Answerer<Call>;
  onDropped(reason: string): void;
  onWarning(text: string, error?: unknown): void;
}

/** The answerer of a value connection. */
export class ValueAnswerer implements Answers<Call> {
  private hasLeft = false;
  readonly dispatcher: Answerer<Call>;
  private readonly wire: Wire;
  /** A worker that follows its host learns the serializer from the handshake. */
  codec: PayloadCodec;

  constructor(private readonly init: ValueAnswererInit) {
    this.wire = init.wire;
    this.codec = init.codec;
    this.dispatcher = init.createDispatcher(this);
  }

  /** A newer connection replaces it: it drops later answers of handlers. */
  leave(): void {
    this.hasLeft = true;
    this.dispatcher.abandon();
  }

  /** Receives a message for the answerer. */
  onMessage(kind: Kind, type: string, tx: Tx, payload: unknown): void {
    const { dispatcher, codec } = this;
    if (kind === Kind.Context) return dispatcher.setContext(payload);
    if (tx === undefined) return this.init.onDropped('a request has no transaction id');
    const call = { type, tx, isCancelled: false };
    switch (kind) {
      case Kind.Request:
        return dispatcher.receive(call, type, dispatcher.find(type), codec.decode(payload));
      case Kind.Stream:
      case Kind.Upload:
      case Kind.Duplex:
        return dispatcher.receive(call, type, dispatcher.find(type), codec.decode(payload), 0, kind);
      case Kind.Cancel:
        return dispatcher.cancel(call);
      case Kind.Ended:
        if (typeof payload === 'string') return dispatcher.onEndedAsked(call, payload);
        return this.fail(call, '', encodeError(unhandled('a question about a request names none')));
      case Kind.Credit:
        return isUnits(payload) ? dispatcher.onCredit(call, payload) : undefined;
      case Kind.Input:
        return dispatcher.onInput(call, codec.decode(payload), unitsOfValue(payload));
      case Kind.InputEnd:
        return dispatcher.onInputEnd(call, payload ?? undefined);
    }
  }

  onNotification(type: string, payload: unknown): void {
    const { dispatcher } = this;
    dispatcher.receive(undefined, type, dispatcher.find(type), this.codec.decode(payload));
  }

  respond({ tx, type: asked, isCancelled }: Call, type: string, result: unknown, transfer?: TransferList): void {
    if (isCancelled || this.hasLeft) return;
    const { codec, wire } = this;
    // Most connections have no serializer, and then no error text to prepare.
    const isPlain = codec.serializer === undefined;
    const payload = isPlain ? result : this.encode(result, `the result of "${type}"`, type);
    if (isPlain) checkSize(payload, type, this.init.maxMessageSize());
    wire.send(Kind.Result, asked, tx, payload, transfer);
  }

  private encode(value: unknown, what: string, type: string): unknown {
    const { codec } = this;
    const payload = codec.encode(value, what);
    checkSize(payload, type, this.init.maxMessageSize());
    return payload;
  }

  fail({ tx, type: asked, isCancelled }: Call, type: string, error: RemoteErrorPayload): void {
    if (isCancelled || this.hasLeft) return;
    const { wire, onWarning } = this.init;
    try {
      wire.send(Kind.Error, asked, tx, error);
    } catch (failure) {
      onWarning(`an error of the handler "${type}" could not be sent`, failure);
      this.send(Kind.Error, asked, tx, encodeError(failure));
    }
  }

  /** No other code can learn that it fails. */
  private send(kind: Kind, type: string, tx: Tx, payload: unknown): void {
    try {
      this.wire.send(kind, type, tx, payload);
    } catch (error) {
      this.init.onWarning(reasonOf(error));
    }
  }

  progress({ tx }: Call, type: string, value: unknown, transfer: TransferList | undefined): void {
    if (this.hasLeft) return;
    const payload = this.encode(value, `the progress of "${type}"`, type);
    this.init.wire.send(Kind.Progress, '', tx, payload, transfer);
  }

  chunk({ tx }: Call, type: string, value: unknown, transfer: TransferList | undefined): number {
    if (this.hasLeft) return 1;
    const payload = this.encode(value, `a chunk of "${type}"`, type);
    // Moved memory has no length any more.
    const cost = unitsOfValue(payload);
    this.init.wire.send(Kind.Chunk, '', tx, payload, transfer);
    return cost;
  }

  demand({ tx }: Call, units: number): void {
    if (!this.hasLeft) this.send(Kind.Demand, '', tx, units);
  }

  confirmEnded({ tx, type }: Call): void {
    if (!this.hasLeft) this.send(Kind.Result, type, tx, undefined);
  }

  flush(): void {
    this.wire.flush();
  }

  forget(call: Call): void {
    call.isCancelled = true;
  }

  keyOf({ tx }: Call): Tx {
    return tx;
  }

  /** A message for a call could not be handled. */
  refuse(kind: Kind, tx: Tx, error: WorkerError): void {
    const call = { type: '', tx, isCancelled: false };
    this.dispatcher.refuse(call, error);
    if (isRequest(kind) || kind === Kind.Ended) this.fail(call, '', encodeError(error));
  }

  /** A message of a call could not be sent. */
  onSendFailed(kind: Kind, tx: Tx, error: unknown): void {
    if (kind === Kind.Error) return this.init.onWarning((error as Error).message);
    const call = { type: '', tx, isCancelled: false };
    this.fail(call, '', encodeError(error));
    this.dispatcher.cancel(call);
  }

  transactionId({ tx }: Call): string {
    if (typeof tx !== 'number') return tx as string;
    const number = Math.floor(tx / TICKET_SLOTS) + (this.init.asksAsWorker ? WORKER_NUMBERS : 0);
    return `${this.init.idBase()}${number.toString(16).padStart(ID_DIGITS, '0')}`;
  }
}
