import { RequestKind } from '../connection.js';
import type { Answerer, Answers, AnyHandler } from '../answers.js';
import { fromNative } from '../errors.js';
import { type Encoded, type PayloadCodec, Undecodable } from '../payload-codec.js';
import { encodeError } from '../remote-error.js';
import type { RemoteErrorPayload } from '../types/message.js';
import type { NativeConnection } from './binding.js';
import { getNative } from './environment.js';
import { RecordKind } from './records.js';

export interface NativeAnswererInit {
  readonly connection: NativeConnection;
  readonly codec: PayloadCodec;
  /** The message types that have handlers, in the order of the addon's numbers. */
  readonly names: readonly string[];
  createDispatcher(answers: Answers<number>): Answerer<number>;
}

/** The side of a connection that answers, where bytes are moved. A call is the addon's number for it. */
export class NativeAnswerer implements Answers<number> {
  readonly dispatcher: Answerer<number>;
  protected readonly native = getNative();
  protected readonly connection: NativeConnection;
  readonly codec: PayloadCodec;
  private readonly respondCommand: NativeConnection['respondCommand'];
  private readonly chunkCommand: NativeConnection['chunkCommand'];
  private readonly names: readonly string[];
  /** By the addon's numbers. */
  private readonly handlers: readonly (AnyHandler | undefined)[];

  constructor({ connection, codec, names, createDispatcher }: NativeAnswererInit) {
    this.connection = connection;
    this.respondCommand = connection.respondCommand;
    this.chunkCommand = connection.chunkCommand;
    this.codec = codec;
    this.names = names;
    this.dispatcher = createDispatcher(this);
    this.handlers = names.map((name) => this.dispatcher.find(name));
  }

  /** A request, a notification, or what belongs to a request has come. */
  onRecord(kind: RecordKind, call: number, second: number, value: unknown, size: number): void {
    const { dispatcher } = this;
    switch (kind) {
      case RecordKind.Notification:
        return dispatcher.receive(undefined, this.names[second] as string, this.handlers[second], value, size);
      case RecordKind.Context:
        return dispatcher.carry(value);
      case RecordKind.Cancel:
        return dispatcher.cancel(call);
      case RecordKind.Credit:
        return dispatcher.onCredit(call, second);
      case RecordKind.Input:
        return dispatcher.onInput(call, value, second);
      case RecordKind.InputEnd:
        return dispatcher.onInputEnd(call, value instanceof Undecodable ? encodeError(value.error) : value);
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

  /** @param detail - The kind of the record, a space, and the name. */
  onUnknownRequest(call: number, payload: Encoded, detail: string): void {
    const end = detail.indexOf(' ');
    const kind = requestKind(Number(detail.slice(0, end)));
    this.dispatcher.receive(call, detail.slice(end + 1), undefined, this.codec.decode(payload), 0, kind);
  }

  onUnknownNotification(payload: Encoded, type: string): void {
    this.dispatcher.receive(undefined, type, undefined, this.codec.decode(payload));
  }

  /** @param detail - A code, a space, and the text. */
  onInputRefused(call: number, detail: string): void {
    this.dispatcher.onInput(call, new Undecodable(fromNative(detail)), 0);
  }

  respond(call: number, type: string, result: unknown): void {
    const hasRoom = this.respondCommand(call, this.codec.encode(result, `the result of "${type}"`));
    this.native.scheduleFlush();
    if (!hasRoom) this.onFull();
  }

  fail(call: number, _type: string, error: RemoteErrorPayload): void {
    const hasRoom = this.connection.fail(call, JSON.stringify(error));
    this.native.scheduleFlush();
    if (!hasRoom) this.onFull();
  }

  /** Too much waits to be written. */
  protected onFull(): void {}

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

/** But for the plain ones, requests have the numbers of the wire. */
function requestKind(kind: RecordKind): RequestKind {
  return kind === RecordKind.Request ? RequestKind.Request : (kind as number as RequestKind);
}
