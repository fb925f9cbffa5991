import { RequestKind } from './connection.js';
import { cancelled, fromNative, unknownMessageType, WorkerError } from './errors.js';
import { ENDED } from './ended.js';
import type { Checks } from './checks.js';
import { Undecodable } from './codecs/codec.js';
import type { Answerer, Answers, AnyHandler } from './answers.js';
import { Job, type JobSource } from './job.js';
import type { JobOwner } from './job-streams.js';
import { Jobs } from './jobs.js';
import { streamsPart } from './parts.js';
import type { Log } from './logger.js';
import type { AnyEnvelope, MiddlewareChain } from './middleware-chain.js';
import { encodeError } from './remote-error.js';
import { isStream } from './streams/is-stream.js';
import { isThenable } from './thenable.js';
import { Transferred, unwrap } from './transferred.js';
import type { Turns } from './turns.js';
import type { Carrier, ContextCarrier } from './types/context-carrier.js';
import type { RemoteErrorPayload } from './types/message.js';
import type { TransferList } from './types/transfer-list.js';

export interface DispatcherOptions {
  readonly log: Log;
  readonly handlers: object;
  readonly names: readonly string[];
  readonly turns: Turns;
  readonly incoming?: MiddlewareChain | undefined;
  readonly outgoing?: MiddlewareChain | undefined;
  /** The validators of what handlers get; then there is `incoming`. */
  readonly checks?: Checks | undefined;
  /** What comes along with messages is theirs. */
  readonly context?: ContextCarrier | undefined;
  /** Whose handlers these are. */
  readonly side: 'worker' | 'host';
  /** What handlers find in their context. */
  readonly worker: () => unknown;
  readonly host?: unknown;
  /** Tells of a notification, besides its handler; `false`: nobody listens. */
  readonly onNotification?: ((type: string, payload: unknown) => boolean) | undefined;
}

/** Runs handlers for what a connection delivers, and gives it their outcomes. The call of a notification is `undefined`. */
export class Dispatcher<Call> implements Answerer<Call>, JobSource<Call>, JobOwner<Call> {
  private readonly handlers: ReadonlyMap<string, AnyHandler>;
  private readonly jobs: Jobs<Call>;
  /** What has come along with the next message. */
  private carried: Carrier | undefined;

  constructor(
    readonly answers: Answers<Call>,
    private readonly options: DispatcherOptions,
  ) {
    const { names, handlers } = options;
    this.handlers = new Map(names.map((name) => [name, (handlers as Record<string, AnyHandler>)[name] as AnyHandler]));
    this.jobs = new Jobs((call) => answers.keyOf?.(call) ?? call);
  }

  get host(): unknown {
    return this.options.host;
  }

  get worker(): unknown {
    return this.options.worker();
  }

  /** Resolves when every handler that runs, or waits for its turn, has come to its end, and no message waits in middleware. */
  async drained(): Promise<void> {
    const { incoming, outgoing, turns } = this.options;
    await incoming?.drained();
    while (this.jobs.size > 0 || turns.size > 0) {
      await (this.jobs.size > 0 ? this.jobs.ended() : turns.freed());
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
  receive(
    call: Call | undefined,
    type: string,
    handler: AnyHandler | undefined,
    payload: unknown,
    size = 0,
    kind = RequestKind.Request,
  ): void {
    const { incoming, turns, checks } = this.options;
    const job = new Job<Call>(this, call, type, kind);
    if (this.carried !== undefined) {
      job.own.carrier = this.carried;
      this.carried = undefined;
    }
    if (payload instanceof Undecodable) return this.fail(job, payload.error);
    if (kind === RequestKind.Request && incoming === undefined && !turns.isBusy)
      return this.start(job, handler, payload);
    if (type === ENDED && handler === undefined && call !== undefined) return this.tellEnded(call, payload);
    // What does not begin at once may be cancelled before, or get its input.
    this.jobs.add(job);
    if (kind === RequestKind.Upload || kind === RequestKind.Duplex) streamsPart().expectInput(this, job);
    if (incoming === undefined) return this.run(job, handler, payload, size);
    const message: AnyEnvelope = { type, tx: incoming.isEmpty ? undefined : this.transactionId(call), payload };
    incoming.pass(
      message,
      (passed) => {
        const renamed = passed.type !== type;
        job.type = passed.type;
        this.run(job, renamed ? this.find(passed.type) : handler, passed.payload, size);
      },
      (error) => this.fail(job, error),
      checks?.onPayload,
    );
  }

  /** This comes along with the next message; it is what the other side says. */
  carry(carrier: unknown): void {
    if (this.options.context === undefined || typeof carrier !== 'object' || carrier === null) return;
    if (Object.values(carrier).every((value) => typeof value === 'string')) this.carried = carrier as Carrier;
  }

  private run(job: Job<Call>, handler: AnyHandler | undefined, payload: unknown, size: number): void {
    const { turns } = this.options;
    if (turns.isBusy) turns.wait(size, () => this.start(job, handler, payload));
    else this.start(job, handler, payload);
  }

  private start(job: Job<Call>, handler: AnyHandler | undefined, payload: unknown): void {
    if (job.carrier === undefined) return this.perform(job, handler, payload);
    let hasRun = false;
    const run = () => {
      if (!hasRun) this.perform(job, handler, payload);
      hasRun = true;
    };
    try {
      this.options.context?.extract(job.carrier, run as <T>() => T);
    } catch (error) {
      return this.fail(job, error);
    }
    if (!hasRun) this.fail(job, new WorkerError('ERR_INVALID_OPTION', 'context.extract() did not call `run`'));
  }

  private perform(job: Job<Call>, handler: AnyHandler | undefined, payload: unknown): void {
    const { call, type } = job;
    // Before its turn came.
    if (job.isAnswered) return;
    if (call === undefined) {
      const isHeard = this.options.onNotification?.(type, payload) === true;
      if (isHeard && handler === undefined) return this.jobs.remove(job);
    } else if (handler === undefined && type === ENDED) return this.tellEnded(call, payload);
    if (handler === undefined) return this.failUnknown(job);
    if (job.reader !== undefined) job.reader.check = this.options.checks?.find('input', type);
    let result: unknown;
    try {
      result = handler.call(this.options.handlers, payload, job);
    } catch (error) {
      return this.fail(job, error);
    }
    if (typeof result !== 'object' || result === null) return this.respond(job, result);
    if (isThenable(result)) return this.wait(job, result);
    if (!streams(job, result)) return this.respond(job, result);
    this.begin(job);
    streamsPart().streamResult(this, job, result);
  }

  /** From here on it can be cancelled. */
  private begin(job: Job<Call>): void {
    job.isRunning = true;
    this.options.turns.begin();
    this.jobs.add(job);
  }

  over(job: Job<Call>): void {
    job.isRunning = false;
    this.jobs.remove(job);
    this.options.turns.end();
  }

  private wait(job: Job<Call>, result: PromiseLike<unknown>): void {
    this.begin(job);
    Promise.resolve(result).then(
      (value) => {
        if (typeof value === 'object' && value !== null && streams(job, value))
          return streamsPart().streamResult(this, job, value);
        this.respond(job, value);
        this.over(job);
      },
      (error: unknown) => {
        this.fail(job, error);
        this.over(job);
      },
    );
  }

  tellProgress({ call, type, isAnswered, isCancelled }: Job<Call>, value: unknown): void {
    if (call !== undefined && !isAnswered && !isCancelled) this.answers.progress(call, type, ...unwrap(value));
  }

  /** The requester waits no longer. */
  cancel(call: Call): void {
    const job = this.jobs.find(call);
    if (job !== undefined) this.abort(job);
  }

  /** The requester is gone. @param keepsResults - What plain requests come to is kept: their handlers go on. */
  abandon(keepsResults = false): void {
    for (const job of this.jobs.all()) {
      if (job.call !== undefined && !(keepsResults && job.kind === RequestKind.Request)) this.abort(job);
    }
  }

  private abort(job: Job<Call>): void {
    if (job.isCancelled) return;
    this.answers.forget?.(job.call as Call);
    const reason = cancelled(job.type);
    job.cancel(reason);
    if (!job.isRunning) this.fail(job, reason);
  }

  /** Answers when the call with this transaction id has come to its end, or is none. */
  private tellEnded(call: Call, tx: unknown): void {
    const job = this.jobs.all().find((each) => each.call !== undefined && this.transactionId(each.call) === tx);
    const answer = () => this.answers.respond(call, ENDED, undefined, undefined);
    if (job === undefined) answer();
    else job.own.onEnd = answer;
  }

  onInput(call: Call, value: unknown, cost: number): void {
    const job = this.jobs.find(call);
    if (job?.reader !== undefined) streamsPart().takeInput(this, job, value, cost);
  }

  onInputEnd(call: Call, error: unknown): void {
    const job = this.jobs.find(call);
    if (job?.reader !== undefined) streamsPart().endInput(job, error);
  }

  onCredit(call: Call, units: number): void {
    this.jobs.find(call)?.writer?.grant(units);
  }

  /** There is room for chunks again. */
  onRoom(): void {
    for (const { writer } of this.jobs.all()) writer?.room();
  }

  respond(job: Job<Call>, outcome: unknown): void {
    const { outgoing } = this.options;
    const { call, type } = job;
    if (call === undefined || job.isAnswered) return this.jobs.remove(job);
    if (job.reason !== undefined) return this.fail(job, job.reason);
    this.answered(job);
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

  /** Nothing more is told of it. */
  private answered(job: Job<Call>): void {
    job.isAnswered = true;
    job.reader?.fail(cancelled(job.type));
    if (!job.isRunning) this.jobs.remove(job);
  }

  private write(call: Call, type: string, result: unknown, transfer: TransferList | undefined): void {
    try {
      this.answers.respond(call, type, result, transfer);
    } catch (error) {
      this.answers.fail(call, type, encodeError(error instanceof WorkerError ? error : fromNative(error)));
    }
  }

  fail(job: Job<Call>, error: unknown): void {
    const { outgoing, log } = this.options;
    const { call, type } = job;
    if (call === undefined) {
      const isInvalid = error instanceof WorkerError && error.code === 'ERR_INVALID_MESSAGE';
      log(
        'error',
        `the ${isInvalid ? '' : 'handler of the '}notification "${type}" ${isInvalid ? 'was dropped' : 'failed'}`,
        error,
      );
      return this.answered(job);
    }
    if (job.isAnswered) return;
    this.answered(job);
    const data = encodeError(error);
    if (outgoing === undefined || job.isCancelled) return this.answers.fail(call, type, data);
    const message: AnyEnvelope = { type: `${type}Error`, tx: this.transactionId(call), payload: data };
    outgoing.pass(
      message,
      (passed) => this.answers.fail(call, type, passed.payload as RemoteErrorPayload),
      (failure) => this.answers.fail(call, type, encodeError(failure)),
    );
  }

  private failUnknown(job: Job<Call>): void {
    const { log, names, side } = this.options;
    const { call, type } = job;
    this.answered(job);
    if (call === undefined) return log('warn', `there is no handler for the notification "${type}"`);
    const { name, message, code } = unknownMessageType(type, names, side);
    this.answers.fail(call, type, { name, message, code });
  }

  transactionId(call: Call | undefined): string | undefined {
    return call === undefined ? undefined : this.answers.transactionId(call);
  }
}

/** Whether the handler of a job has returned a stream. A plain object is none where one value was asked for. */
function streams({ kind }: Job<unknown>, result: object): boolean {
  if (kind === RequestKind.Request && Object.getPrototypeOf(result) === Object.prototype) return false;
  return isStream(result);
}
