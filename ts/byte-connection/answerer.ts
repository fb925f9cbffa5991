import type { RequestKind } from '../protocol/request-kind.js';
import type { Handler } from '../connection/handler.js';
import type { Answerer, Answers } from '../connection/answerer.js';
import { fromNative } from '../errors/from-native.js';
import type { WorkerError } from '../errors/worker-error.js';
import { type Encoded, type PayloadCodec, Undecodable } from '../codecs/payload-codec.js';
import { encodeError, errorText } from '../errors/encode-remote-error.js';
import type { RemoteErrorPayload } from '../types/message.js';
import type { NativeConnection } from '../addon/binding.js';
import type { LateOutcomes } from './late-outcomes.js';
import { getNative } from '../addon/environment.js';
import { Kind, RecordKind } from '../protocol/generated.js';

export interface NativeAnswererInit {
  readonly connection: NativeConnection;
  readonly codec: PayloadCodec;
  /** The message types with handlers, in the order of the addon's numbers. */
  readonly names: readonly string[];
  createDispatcher(answers: Answers<number>): Answerer<number>;
  /** Takes outcomes whose host has left; absent in a host, whose worker does not come back. */
  readonly late?: LateOutcomes | undefined;
}

/** The answerer of a byte connection. A call is the addon's number of it. */
export class NativeAnswerer implements Answers<number> {
  readonly dispatcher: Answerer<number>;
  private readonly native = getNative();
  private readonly connection: NativeConnection;
  readonly codec: PayloadCodec;
  private readonly respondCommand: NativeConnection['respondCommand'];
  private readonly chunkCommand: NativeConnection['chunkCommand'];
  private readonly names: readonly string[];
  /** By the addon's numbers. */
  private readonly handlers: readonly (Handler | undefined)[];

  private readonly late: LateOutcomes | undefined;

  constructor({ connection, codec, names, createDispatcher, late }: NativeAnswererInit) {
    this.late = late;
    this.connection = connection;
    this.respondCommand = connection.respondCommand;
    this.chunkCommand = connection.chunkCommand;
    this.codec = codec;
    this.names = names;
    this.dispatcher = createDispatcher(this);
    this.handlers = names.map((name) => this.dispatcher.find(name));
  }

  /** Receives a request, a notification, or a later message of a request. */
  onRecord(kind: RecordKind, call: number, second: number, value: unknown, size: number): void {
    const { dispatcher } = this;
    switch (kind) {
      case RecordKind.Notification:
        return dispatcher.receive(undefined, this.names[second] as string, this.handlers[second], value, size);
      case RecordKind.Context:
        return dispatcher.setContext(value);
      case RecordKind.Cancel:
        return dispatcher.cancel(call);
      case RecordKind.Credit:
        return dispatcher.onCredit(call, second);
      case RecordKind.Input:
        return dispatcher.onInput(call, value, second);
      case RecordKind.InputEnd:
        return dispatcher.onInputEnd(call, Undecodable.is(value) ? encodeError(value.error) : value);
      default:
        return dispatcher.receive(
          call,
          this.names[second] as string,
          this.handlers[second],
          value,
          size,
          requestKind(kind),
        );
    }
  }

  onUnknownRequest(call: number, payload: Encoded, type: string, kind: RequestKind): void {
    this.dispatcher.receive(call, type, undefined, this.codec.decode(payload), 0, kind);
  }

  onUnknownNotification(payload: Encoded, type: string): void {
    this.dispatcher.receive(undefined, type, undefined, this.codec.decode(payload));
  }

  /** An incoming message for a call could not be handled: the call fails, unless it was answered. */
  refuse(call: number, error: WorkerError): void {
    this.dispatcher.refuse(call, error);
    this.fail(call, '', encodeError(error));
  }

  /** @param failure - A `NativeFailure`. */
  onInputRefused(call: number, failure: unknown): void {
    this.dispatcher.onInput(call, new Undecodable(fromNative(failure)), 0);
  }

  respond(call: number, type: string, result: unknown): void {
    if (this.late?.hasLeft === true) return this.late.take(call, type, { result });
    this.late?.answered(call);
    const hasCapacity = this.respondCommand(call, this.codec.encode(result, `the result of "${type}"`));
    this.native.scheduleFlush();
    if (!hasCapacity) this.onFull();
  }

  fail(call: number, type: string, error: RemoteErrorPayload): void {
    if (this.late?.hasLeft === true) return this.late.take(call, type, { error });
    this.late?.answered(call);
    const hasCapacity = this.connection.fail(call, errorText(error, this.connection.messageLimit));
    this.native.scheduleFlush();
    if (!hasCapacity) this.onFull();
  }

  /** Nobody asks any more where the host has left. */
  confirmEnded(question: number): void {
    if (this.late?.hasLeft === true) return;
    const hasCapacity = this.respondCommand(question, undefined);
    this.native.scheduleFlush();
    if (!hasCapacity) this.onFull();
  }

  flush(): void {
    this.native.flushEarly();
  }

  forget(call: number): void {
    this.late?.forget(call);
  }

  /** Too much output waits: no more handlers begin, because their answers would add to it. */
  private onFull(): void {
    this.dispatcher.limiter.hold();
  }

  /** There is capacity again. */
  onWritable(): void {
    this.dispatcher.limiter.release();
    this.dispatcher.onWritable();
  }

  setWaiting(messages: number, bytes: number): void {
    this.connection.setWaiting(messages, bytes);
    this.native.scheduleFlush();
  }

  progress(call: number, type: string, value: unknown): void {
    this.connection.progress(call, this.codec.encode(value, `the progress of "${type}"`));
    this.native.scheduleFlush();
  }

  chunk(call: number, type: string, value: unknown): number {
    const cost = this.chunkCommand(call, this.codec.encode(value, `a chunk of "${type}"`));
    this.native.scheduleFlush();
    return cost;
  }

  demand(call: number, units: number): void {
    this.connection.demand(call, units);
    this.native.scheduleFlush();
  }

  transactionId(call: number): string | undefined {
    return this.connection.callTransactionId(call) ?? undefined;
  }
}

/** All requests except plain ones have the numbers of the wire. */
function requestKind(kind: RecordKind): RequestKind {
  return kind === RecordKind.Request ? Kind.Request : (kind as number as RequestKind);
}
