import { fromNative, unknownMessageType, WorkerError } from './errors.js';
import type { Log } from './logger.js';
import type { AnyEnvelope, MiddlewareChain } from './middleware-chain.js';
import { Undecodable } from './payload-codec.js';
import { encodeError } from './remote-error.js';
import { isThenable } from './thenable.js';
import { Transferred } from './transferred.js';
import type { Turns } from './turns.js';
import type { RemoteErrorPayload } from './types/message.js';
import type { TransferList } from './types/transfer-list.js';

export type AnyHandler = (payload: unknown) => unknown;

/** Takes the answers to calls. A call is whatever the connection tells requests apart by. */
export interface Answers<Call> {
  /** @throws Where the result cannot be sent; nothing was. */
  respond(call: Call, type: string, result: unknown, transfer: TransferList | undefined): void;
  fail(call: Call, type: string, error: RemoteErrorPayload): void;
  transactionId(call: Call): string | undefined;
}

export interface DispatcherOptions {
  readonly log: Log;
  readonly handlers: object;
  readonly names: readonly string[];
  readonly turns: Turns;
  readonly incoming?: MiddlewareChain | undefined;
  readonly outgoing?: MiddlewareChain | undefined;
}

/** Runs handlers for what a connection delivers, and gives it their outcomes. The call of a notification is `undefined`. */
export class Dispatcher<Call> {
  private readonly handlers: ReadonlyMap<string, AnyHandler>;
  private readonly running = new Set<Promise<void>>();

  constructor(
    private readonly answers: Answers<Call>,
    private readonly options: DispatcherOptions,
  ) {
    const { names, handlers } = options;
    this.handlers = new Map(names.map((name) => [name, (handlers as Record<string, AnyHandler>)[name] as AnyHandler]));
  }

  /** Resolves when every handler that runs, or waits for its turn, has come to its end, and no message waits in middleware. */
  async drained(): Promise<void> {
    const { incoming, outgoing, turns } = this.options;
    await incoming?.drained();
    while (this.running.size > 0 || turns.size > 0) {
      await (this.running.size > 0 ? Promise.all(this.running) : turns.freed());
    }
    await outgoing?.drained();
  }

  find(type: string): AnyHandler | undefined {
    return this.handlers.get(type);
  }

  /**
   * Takes a message; `handler` is that of its type, but middleware may still give it another type.
   *
   * @param size - Of the payload, where it is known.
   */
  receive(call: Call | undefined, type: string, handler: AnyHandler | undefined, payload: unknown, size = 0): void {
    const { incoming } = this.options;
    if (payload instanceof Undecodable) return this.fail(call, type, payload.error);
    if (incoming === undefined) return this.run(call, type, handler, payload, size);
    const message: AnyEnvelope = { type, tx: this.transactionId(call), payload };
    incoming.pass(
      message,
      (passed) => {
        const renamed = passed.type !== type;
        this.run(call, passed.type, renamed ? this.find(passed.type) : handler, passed.payload, size);
      },
      (error) => this.fail(call, type, error),
    );
  }

  private run(
    call: Call | undefined,
    type: string,
    handler: AnyHandler | undefined,
    payload: unknown,
    size: number,
  ): void {
    const { turns } = this.options;
    if (turns.isBusy) turns.wait(size, () => this.start(call, type, handler, payload));
    else this.start(call, type, handler, payload);
  }

  private start(call: Call | undefined, type: string, handler: AnyHandler | undefined, payload: unknown): void {
    if (handler === undefined) return this.failUnknown(call, type);
    let result: unknown;
    try {
      result = handler.call(this.options.handlers, payload);
    } catch (error) {
      return this.fail(call, type, error);
    }
    if (!isThenable(result)) return this.respond(call, type, result);
    const { turns } = this.options;
    turns.begin();
    const outcome: Promise<void> = Promise.resolve(result)
      .then(
        (value) => this.respond(call, type, value),
        (error: unknown) => this.fail(call, type, error),
      )
      .finally(() => {
        this.running.delete(outcome);
        turns.end();
      });
    this.running.add(outcome);
  }

  private respond(call: Call | undefined, type: string, outcome: unknown): void {
    const { outgoing } = this.options;
    if (call === undefined) return;
    const [result, transfer] =
      outcome instanceof Transferred ? [outcome.value, outcome.transfer] : [outcome, undefined];
    if (outgoing === undefined) return this.write(call, type, result, transfer);
    const message: AnyEnvelope = { type: `${type}Result`, tx: this.transactionId(call), payload: result };
    outgoing.pass(
      message,
      (passed) => this.write(call, type, passed.payload, transfer),
      (error) => this.answers.fail(call, type, encodeError(error)),
    );
  }

  private write(call: Call, type: string, result: unknown, transfer: TransferList | undefined): void {
    try {
      this.answers.respond(call, type, result, transfer);
    } catch (error) {
      this.answers.fail(call, type, encodeError(error instanceof WorkerError ? error : fromNative(error)));
    }
  }

  private fail(call: Call | undefined, type: string, error: unknown): void {
    const { outgoing, log } = this.options;
    if (call === undefined) return log('error', `the handler of the notification "${type}" failed`, error);
    const data = encodeError(error);
    if (outgoing === undefined) return this.answers.fail(call, type, data);
    const message: AnyEnvelope = { type: `${type}Error`, tx: this.transactionId(call), payload: data };
    outgoing.pass(
      message,
      (passed) => this.answers.fail(call, type, passed.payload as RemoteErrorPayload),
      (failure) => this.answers.fail(call, type, encodeError(failure)),
    );
  }

  private failUnknown(call: Call | undefined, type: string): void {
    const { log, names } = this.options;
    if (call === undefined) return log('warn', `there is no handler for the notification "${type}"`);
    const { name, message, code } = unknownMessageType(type, names);
    this.answers.fail(call, type, { name, message, code });
  }

  private transactionId(call: Call | undefined): string | undefined {
    return call === undefined ? undefined : this.answers.transactionId(call);
  }
}
