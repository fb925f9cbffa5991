import type { RequestKind } from '../connection.js';
import type { Answerer, Answers } from '../answers.js';
import type { PayloadCodec } from '../payload-codec.js';
import { encodeError } from '../remote-error.js';
import { isUnits, unitsOfValue } from '../streams/units.js';
import type { RemoteErrorPayload } from '../types/message.js';
import type { TransferList } from '../types/transfer-list.js';
import { checkSize } from './limits.js';
import { Kind, type Tx, type Wire } from './wire.js';

/** A request that has no answer yet. */
export interface Call {
  readonly type: string;
  readonly tx: Tx;
  isCancelled: boolean;
}

/** Below it a ticket has the slot, above it the request's number. */
const SLOTS = 2 ** 26;
const ID_DIGITS = 12;
/** Added to the number of a request that a worker sends: it keeps the two sides' ids apart. */
const WORKERS = 2 ** 47;

export interface ValueAnswererInit {
  readonly wire: Wire;
  readonly codec: PayloadCodec;
  /** Those that ask are workers. */
  readonly asksAsWorker: boolean;
  /** The longest text or bytes that a serializer may make. */
  maxMessageSize(): number;
  /** What the transaction ids begin with that are told by number. */
  idBase(): string;
  createDispatcher(answers: Answers<Call>): Answerer<Call>;
  onDropped(reason: string): void;
  onTrouble(text: string, error?: unknown): void;
}

/** The side of a connection that answers, where values are moved. */
export class ValueAnswerer implements Answers<Call> {
  private hasLeft = false;
  readonly dispatcher: Answerer<Call>;
  private readonly wire: Wire;
  /** A worker that follows its host learns of it with the handshake. */
  codec: PayloadCodec;

  constructor(private readonly init: ValueAnswererInit) {
    this.wire = init.wire;
    this.codec = init.codec;
    this.dispatcher = init.createDispatcher(this);
  }

  /** Another takes its place: what handlers still answer here is dropped. */
  leave(): void {
    this.hasLeft = true;
    this.dispatcher.abandon();
  }

  /** A message for who answers has come. */
  onMessage(kind: Kind, type: string, tx: Tx, payload: unknown): void {
    const { dispatcher, codec } = this;
    if (kind === Kind.Context) return dispatcher.carry(payload);
    if (tx === undefined) return this.init.onDropped('a request has no transaction id');
    const call = { type, tx, isCancelled: false };
    switch (kind) {
      case Kind.Request:
        return dispatcher.receive(call, type, dispatcher.find(type), codec.decode(payload));
      case Kind.Stream:
      case Kind.Upload:
      case Kind.Duplex:
        return dispatcher.receive(
          call,
          type,
          dispatcher.find(type),
          codec.decode(payload),
          0,
          kind as number as RequestKind,
        );
      case Kind.Cancel:
        return dispatcher.cancel(call);
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
    const payload = codec.serializer === undefined ? result : this.encode(result, `the result of "${type}"`, type);
    wire.send(Kind.Result, asked, tx, payload, transfer);
  }

  private encode(value: unknown, what: string, type: string): unknown {
    const { codec } = this;
    const payload = codec.encode(value, what);
    if (codec.serializer !== undefined) checkSize(payload, type, this.init.maxMessageSize());
    return payload;
  }

  fail({ tx, type: asked, isCancelled }: Call, type: string, error: RemoteErrorPayload): void {
    if (isCancelled || this.hasLeft) return;
    const { wire, onTrouble } = this.init;
    try {
      wire.send(Kind.Error, asked, tx, error);
    } catch (failure) {
      onTrouble(`an error of the handler "${type}" cannot be told`, failure);
      wire.send(Kind.Error, asked, tx, encodeError(failure));
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
    // What is moved has no length any more.
    const cost = unitsOfValue(payload);
    this.init.wire.send(Kind.Chunk, '', tx, payload, transfer);
    return cost;
  }

  demand({ tx }: Call, units: number): void {
    if (!this.hasLeft) this.init.wire.send(Kind.Demand, '', tx, units);
  }

  forget(call: Call): void {
    call.isCancelled = true;
  }

  keyOf({ tx }: Call): Tx {
    return tx;
  }

  /** What was sent for a call was not. */
  onSendFailed(kind: Kind, tx: Tx, error: unknown): void {
    if (kind === Kind.Error) return this.init.onTrouble((error as Error).message);
    const call = { type: '', tx, isCancelled: false };
    this.fail(call, '', encodeError(error));
    this.dispatcher.cancel(call);
  }

  transactionId({ tx }: Call): string {
    if (typeof tx !== 'number') return tx as string;
    const number = Math.floor(tx / SLOTS) + (this.init.asksAsWorker ? WORKERS : 0);
    return `${this.init.idBase()}${number.toString(16).padStart(ID_DIGITS, '0')}`;
  }
}
