import type { RequestKind } from '../protocol/request-kind.js';
import { fromNative } from '../errors/from-native.js';
import { cancelled, tooManyRequests, unknownMessageType, WorkerError } from '../errors/worker-error.js';
import { ENDED } from '../connection/internal-messages.js';
import type { Checks } from '../messages/validators.js';
import { carriesMore, Undecodable } from '../codecs/codec.js';
import type { Answerer, Answers } from '../connection/answerer.js';
import { type AnyHandler, Handler } from '../connection/handler.js';
import { Job, type JobSource } from './call.js';
import type * as CallStreams from './call-streams.js';
import { Jobs } from './active-calls.js';
import { tellLimited } from '../logging/limited-log.js';
import type { Log } from '../logging/logger.js';
import type { AnyEnvelope, MiddlewareChain } from '../messages/middleware-chain.js';
import { quoted } from '../util/printable.js';
import { encodeError } from '../errors/encode-remote-error.js';
import { isStream } from '../streams/is-stream.js';
import { isThenable } from '../util/thenable.js';
import { unwrap } from '../messages/with-transfer.js';
import { now } from '../util/primordials.js';
import type { Turns } from '../connection/concurrency-limiter.js';
import type { RemoteErrorPayload } from '../types/message.js';
import type { Carrier, ContextCarrier } from '../types/context-carrier.js';
import type { TransferList } from '../types/transfer-list.js';
import { within } from '../util/with-timeout.js';
import { Kind } from '../protocol/generated.js';

/** How long a cancelled handler may delay the end of its worker, in milliseconds. */
const CANCELLED_GRACE = 250;

export interface DispatcherOptions {
  readonly log: Log;
  readonly handlers: object;
  readonly names: readonly string[];
  readonly turns: Turns;
  readonly incoming?: MiddlewareChain | undefined;
  readonly outgoing?: MiddlewareChain | undefined;
  /** The validators of incoming messages; `incoming` then exists. */
  readonly checks?: Checks | undefined;
  /** The option `context`, for incoming contexts. */
  readonly context?: ContextCarrier | undefined;
  /** Runs handlers where they belong; absent: where their message is read. */
  readonly enter?: ((act: () => void) => void) | undefined;
  /** Whose handlers these are. */
  readonly side: 'worker' | 'host';
  /** The member `worker` of the handlers' context. */
  readonly worker: () => unknown;
  readonly host?: unknown;
  /** Reports a notification, besides its handler; `false`: there are no listeners. */
  readonly onNotification?: ((type: string, payload: unknown) => boolean) | undefined;
}

/** Runs handlers for what a connection delivers, and gives it their outcomes. The call of a notification is `undefined`. */
export class Dispatcher<Call> implements Answerer<Call>, JobSource<Call>, CallStreams.JobOwner<Call> {
  private readonly handlers: ReadonlyMap<string, Handler>;
  private readonly jobs: Jobs<Call>;
  /** The context of the next message. */
  private carried: Carrier | undefined;

  constructor(
    readonly answers: Answers<Call>,
    private readonly options: DispatcherOptions,
  ) {
    const { names, handlers } = options;
    this.handlers = new Map(
      names.map((name) => [name, new Handler((handlers as Record<string, AnyHandler>)[name] as AnyHandler)]),
    );
    this.jobs = new Jobs(
      (call) => answers.keyOf?.(call) ?? call,
      (call) => answers.transactionId(call),
    );
  }

  get turns(): Turns {
    return this.options.turns;
  }

  get host(): unknown {
    return this.options.host;
  }

  get worker(): unknown {
    return this.options.worker();
  }

  /**
   * Resolves when every handler that runs, or waits for its turn, has ended, and no message waits in middleware. A
   * handler whose requester has cancelled gets a moment to clean up.
   */
  async drained(): Promise<void> {
    const { incoming, outgoing } = this.options;
    await incoming?.drained();
    await this.jobs.allLeft();
    if (this.jobs.size > 0) await within(now() + CANCELLED_GRACE, this.jobs.ended());
    await outgoing?.drained();
  }

  /** Resolves when no handler with a waiting requester runs; notifications count. */
  async settled(): Promise<void> {
    await this.options.incoming?.drained();
    await this.jobs.allLeft();
  }

  find(type: string): Handler | undefined {
    return this.handlers.get(type);
  }

  /**
   * Handles a message; `handler` is that of its type, but middleware may change the type.
   *
   * @param size - Of the payload, if known.
   */
  receive(
    call: Call | undefined,
    type: string,
    handler: Handler | undefined,
    payload: unknown,
    size = 0,
    kind: RequestKind = Kind.Request,
  ): void {
    const job = new Job<Call>(this, call, type, kind);
    if (this.carried !== undefined) {
      job.own.carrier = this.carried;
      this.carried = undefined;
    }
    try {
      this.take(job, handler, payload, size);
    } catch (error) {
      this.fail(job, error);
    }
  }

  private take(job: Job<Call>, handler: Handler | undefined, payload: unknown, size: number): void {
    const { incoming, turns, checks } = this.options;
    const { call, type, kind } = job;
    if (Undecodable.is(payload)) return this.fail(job, payload.error);
    if (kind === Kind.Request && incoming === undefined && !turns.isBusy) return this.start(job, handler, payload);
    if (type === ENDED && handler === undefined && call !== undefined) return this.tellEnded(call, payload);
    // A message that does not begin at once may be cancelled before, or receive its input.
    this.jobs.add(job);
    if (kind === Kind.Upload || kind === Kind.Duplex) callStreams().expectInput(this, job);
    if (incoming === undefined) return this.run(job, handler, payload, size);
    const message: AnyEnvelope = { type, tx: incoming.isEmpty ? undefined : this.transactionId(call), payload };
    turns.enter(size);
    incoming.pass(
      message,
      (passed) => {
        turns.leave(size);
        const renamed = passed.type !== type;
        job.type = passed.type;
        this.run(job, renamed ? this.find(passed.type) : handler, passed.payload, size);
      },
      (error) => {
        turns.leave(size);
        this.fail(job, error);
      },
      checks?.onPayload,
    );
  }

  /** The context of the next message; the other side may send anything. */
  carry(carrier: unknown): void {
    if (this.options.context === undefined || typeof carrier !== 'object' || carrier === null) return;
    if (Object.values(carrier).every((value) => typeof value === 'string')) this.carried = carrier as Carrier;
  }

  private run(job: Job<Call>, handler: Handler | undefined, payload: unknown, size: number): void {
    const { turns } = this.options;
    if (turns.isOverfull && job.call !== undefined) return this.fail(job, tooManyRequests(this.options.side));
    if (turns.isBusy) turns.wait(size, () => this.start(job, handler, payload));
    else this.start(job, handler, payload);
  }

  private start(job: Job<Call>, handler: Handler | undefined, payload: unknown): void {
    const { enter } = this.options;
    if (enter === undefined) this.startHere(job, handler, payload);
    else enter(() => this.startHere(job, handler, payload));
  }

  private startHere(job: Job<Call>, handler: Handler | undefined, payload: unknown): void {
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

  /** A result may throw whenever code reads it: that fails its own request. */
  private perform(job: Job<Call>, handler: Handler | undefined, payload: unknown): void {
    try {
      this.handle(job, handler, payload);
    } catch (error) {
      this.fail(job, error);
      if (job.isRunning) this.over(job);
    }
  }

  private handle(job: Job<Call>, handler: Handler | undefined, payload: unknown): void {
    const { call, type } = job;
    // Before its turn came.
    if (job.isAnswered) return;
    if (call === undefined) {
      const isHeard = this.options.onNotification?.(type, payload) === true;
      if (isHeard && handler === undefined) return this.jobs.remove(job);
    } else if (handler === undefined && type === ENDED) return this.tellEnded(call, payload);
    if (handler === undefined) return this.failUnknown(job);
    if (job.reader !== undefined) job.reader.check = this.options.checks?.find('input', type);
    const result = handler.isTimed() ? this.time(job, handler, payload) : this.call(job, handler, payload);
    if (typeof result !== 'object' || result === null) return this.respond(job, result);
    if (isThenable(result)) return this.wait(job, result);
    if (!streams(job, result)) return this.respond(job, result);
    this.begin(job);
    callStreams().streamResult(this, job, result);
  }

  private call(job: Job<Call>, { act }: Handler, payload: unknown): unknown {
    return act.call(this.options.handlers, payload, job);
  }

  /** While a slow handler blocks this thread, nobody else could send the answers of the handlers before it. */
  private time(job: Job<Call>, handler: Handler, payload: unknown): unknown {
    if (handler.isSlow) this.answers.flush();
    return handler.time(() => this.call(job, handler, payload));
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
        try {
          if (typeof value === 'object' && value !== null && streams(job, value)) {
            return callStreams().streamResult(this, job, value);
          }
          this.respond(job, value);
        } catch (error) {
          this.fail(job, error);
        }
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

  refuse(call: Call, error: WorkerError): void {
    const job = this.jobs.find(call);
    if (job === undefined) return;
    this.fail(job, error);
    job.cancel(error);
  }

  /** The requester has left. @param keepsResults - Outcomes of plain requests are kept: their handlers continue. */
  abandon(keepsResults = false): void {
    for (const job of this.jobs.all()) {
      if (job.call !== undefined && !(keepsResults && job.kind === Kind.Request)) this.abort(job);
    }
  }

  private abort(job: Job<Call>): void {
    if (job.isCancelled) return;
    this.answers.forget?.(job.call as Call);
    const reason = cancelled(job.type);
    job.cancel(reason);
    if (job.isRunning) this.leave(job);
    else this.fail(job, reason);
  }

  /** Its handler continues, without a waiting requester. */
  leave(job: Job<Call>): void {
    this.jobs.leave(job);
  }

  /** Answers when the call with this transaction id has ended, or at once if there is none. */
  private tellEnded(call: Call, tx: unknown): void {
    const job = typeof tx === 'string' ? this.jobs.findById(tx) : undefined;
    const answer = () => this.write(call, ENDED, undefined, undefined);
    if (job === undefined) answer();
    else (job.own.onEnd ??= []).push(answer);
  }

  onInput(call: Call, value: unknown, cost: number): void {
    const job = this.jobs.find(call);
    if (job?.reader !== undefined) callStreams().takeInput(this, job, value, cost);
  }

  onInputEnd(call: Call, error: unknown): void {
    const job = this.jobs.find(call);
    if (job?.reader !== undefined) callStreams().endInput(job, error);
  }

  onCredit(call: Call, units: number): void {
    this.jobs.find(call)?.writer?.grant(units);
  }

  /** There is capacity for chunks again. */
  onWritable(): void {
    for (const { writer } of this.jobs.all()) writer?.room();
  }

  respond(job: Job<Call>, outcome: unknown): void {
    const { outgoing } = this.options;
    const { call, type } = job;
    if (call === undefined || job.isAnswered) return this.jobs.remove(job);
    if (job.reason !== undefined) return this.fail(job, job.reason);
    this.answered(job);
    const [result, transfer] = unwrap(outcome);
    if (outgoing === undefined) return this.write(call, type, result, transfer);
    const message: AnyEnvelope = { type: `${type}Result`, tx: this.transactionId(call), payload: result };
    outgoing.pass(
      message,
      (passed) => this.write(call, type, passed.payload, transfer),
      (error) => this.answers.fail(call, type, this.encode(error)),
    );
  }

  private encode(error: unknown): RemoteErrorPayload {
    return encodeError(error, carriesMore(this.answers.codec));
  }

  /** It reports nothing more. */
  private answered(job: Job<Call>): void {
    job.isAnswered = true;
    job.reader?.fail(cancelled(job.type));
    if (!job.isRunning) this.jobs.remove(job);
  }

  private write(call: Call, type: string, result: unknown, transfer: TransferList | undefined): void {
    try {
      this.answers.respond(call, type, result, transfer);
    } catch (error) {
      this.answers.fail(call, type, encodeError(fromNative(error)));
    }
  }

  fail(job: Job<Call>, error: unknown): void {
    const { outgoing, log } = this.options;
    const { call, type } = job;
    if (call === undefined) {
      const isInvalid = error instanceof WorkerError && error.code === 'ERR_INVALID_MESSAGE';
      // The peer can cause invalid messages at will; the user wants to see every error of a handler.
      if (isInvalid) tellLimited(log, 'error', `the notification ${quoted(type)} was dropped`, error);
      else log('error', `the handler of the notification ${quoted(type)} failed`, error);
      return this.answered(job);
    }
    if (job.isAnswered) return;
    this.answered(job);
    const data = this.encode(error);
    if (outgoing === undefined || job.isCancelled) return this.answers.fail(call, type, data);
    const message: AnyEnvelope = { type: `${type}Error`, tx: this.transactionId(call), payload: data };
    outgoing.pass(
      message,
      (passed) => this.answers.fail(call, type, passed.payload as RemoteErrorPayload),
      (failure) => this.answers.fail(call, type, this.encode(failure)),
    );
  }

  private failUnknown(job: Job<Call>): void {
    const { log, names, side } = this.options;
    const { call, type } = job;
    this.answered(job);
    if (call === undefined) return tellLimited(log, 'warn', `there is no handler for the notification ${quoted(type)}`);
    const { name, message, code } = unknownMessageType(type, names, side);
    this.answers.fail(call, type, { name, message, code });
  }

  transactionId(call: Call | undefined): string | undefined {
    return call === undefined ? undefined : this.answers.transactionId(call);
  }
}

/**
 * Whether the handler of a call has returned a stream. A plain object is not one if the requester expects one value.
 */
function streams({ kind }: Job<unknown>, result: object): boolean {
  if (kind === Kind.Request && Object.getPrototypeOf(result) === Object.prototype) return false;
  return isStream(result);
}

/** Most workers stream nothing, so it is a file of its own that is loaded with the first stream. */
function callStreams(): typeof CallStreams {
  return require('./streams.cjs') as typeof CallStreams;
}
