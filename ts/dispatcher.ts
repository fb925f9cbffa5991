import { fromNative, WorkerError } from './errors.js';
import type { Log } from './logger.js';
import type { AnyEnvelope, MiddlewareChain } from './middleware-chain.js';
import type { NativeConnection } from './native/binding.js';
import { getNative, HEAD, RECORD, RecordKind } from './native/environment.js';
import { Undecodable, type Encoded, type PayloadCodec } from './payload-codec.js';
import { encodeError } from './remote-error.js';
import { isThenable } from './thenable.js';

export type AnyHandler = (payload: unknown) => unknown;

export interface DispatcherOptions {
  readonly connection: NativeConnection;
  readonly codec: PayloadCodec;
  readonly log: Log;
  readonly handlers: object;
  readonly names: readonly string[];
  readonly incoming?: MiddlewareChain | undefined;
  readonly outgoing?: MiddlewareChain | undefined;
}

/** The call of a notification: nobody waits for its answer. */
const NO_CALL = -1;

/** Runs handlers for what the addon delivers, and gives it their outcomes. */
export class Dispatcher {
  private readonly native = getNative();
  private readonly table: readonly AnyHandler[];
  private readonly running = new Set<Promise<void>>();

  constructor(private readonly options: DispatcherOptions) {
    this.table = options.names.map((name) => (options.handlers as Record<string, AnyHandler>)[name] as AnyHandler);
  }

  /** Resolves when every handler that runs has come to its end, and no message waits in middleware. */
  async drained(): Promise<void> {
    const { incoming, outgoing } = this.options;
    await incoming?.drained();
    while (this.running.size > 0) await Promise.all(this.running);
    await outgoing?.drained();
  }

  /** A batch of the addon's. */
  readonly onMessages = (count: number, payloads: Encoded): void => {
    const { records } = this.native;
    const { codec, names } = this.options;
    const values = codec.decodeBatch(records, count, payloads);
    for (let index = 0; index < count; index++) {
      const at = HEAD + index * RECORD;
      const call = records[at] === RecordKind.Request ? (records[at + 1] as number) : NO_CALL;
      const handler = records[at + 2] as number;
      const value = values[index];
      if (value instanceof Undecodable) this.fail(call, names[handler] as string, value.error);
      else this.receive(call, names[handler] as string, this.table[handler], value);
    }
  };

  /** A message whose type has no handler; middleware may still give it another type. */
  onUnknown(call: number, type: string, payload: Encoded): void {
    const value = this.options.codec.decode(payload);
    if (value instanceof Undecodable) this.fail(call, type, value.error);
    else this.receive(call, type, undefined, value);
  }

  private receive(call: number, type: string, handler: AnyHandler | undefined, payload: unknown): void {
    const { incoming } = this.options;
    if (incoming === undefined) return this.run(call, type, handler, payload);
    const message: AnyEnvelope = { type, tx: this.transactionId(call), payload };
    incoming.pass(
      message,
      (passed) => {
        const renamed = passed.type !== type;
        this.run(call, passed.type, renamed ? this.find(passed.type) : handler, passed.payload);
      },
      (error) => this.fail(call, type, error),
    );
  }

  private find(type: string): AnyHandler | undefined {
    return this.table[this.options.names.indexOf(type)];
  }

  private run(call: number, type: string, handler: AnyHandler | undefined, payload: unknown): void {
    if (handler === undefined) return this.failUnknown(call, type);
    let result: unknown;
    try {
      result = handler.call(this.options.handlers, payload);
    } catch (error) {
      return this.fail(call, type, error);
    }
    if (!isThenable(result)) return this.respond(call, type, result);
    const outcome: Promise<void> = Promise.resolve(result)
      .then(
        (value) => this.respond(call, type, value),
        (error: unknown) => this.fail(call, type, error),
      )
      .finally(() => this.running.delete(outcome));
    this.running.add(outcome);
  }

  private respond(call: number, type: string, result: unknown): void {
    const { outgoing } = this.options;
    if (call === NO_CALL) return;
    if (outgoing === undefined) return this.write(call, type, result);
    const message: AnyEnvelope = { type: `${type}Result`, tx: this.transactionId(call), payload: result };
    outgoing.pass(
      message,
      (passed) => this.write(call, type, passed.payload),
      (error) => this.writeError(call, encodeError(error)),
    );
  }

  private write(call: number, type: string, result: unknown): void {
    const { codec, connection } = this.options;
    try {
      connection.respond(call, codec.encode(result, `the result of "${type}"`));
      this.native.scheduleFlush();
    } catch (error) {
      this.writeError(call, encodeError(error instanceof WorkerError ? error : fromNative(error)));
    }
  }

  private fail(call: number, type: string, error: unknown): void {
    const { outgoing, log } = this.options;
    if (call === NO_CALL) return log('error', `the handler of the notification "${type}" failed`, error);
    const data = encodeError(error);
    if (outgoing === undefined) return this.writeError(call, data);
    const message: AnyEnvelope = { type: `${type}Error`, tx: this.transactionId(call), payload: data };
    outgoing.pass(
      message,
      (passed) => this.writeError(call, passed.payload),
      (failure) => this.writeError(call, encodeError(failure)),
    );
  }

  private writeError(call: number, data: unknown): void {
    this.options.connection.fail(call, JSON.stringify(data));
    this.native.scheduleFlush();
  }

  private failUnknown(call: number, type: string): void {
    const { connection, log } = this.options;
    if (call === NO_CALL) return log('warn', `there is no handler for the notification "${type}"`);
    connection.failUnknown(call, type);
    this.native.scheduleFlush();
  }

  private transactionId(call: number): string | undefined {
    return call === NO_CALL ? undefined : (this.options.connection.callTransactionId(call) ?? undefined);
  }
}
