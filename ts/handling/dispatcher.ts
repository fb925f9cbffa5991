import { Undecodable } from '../codecs/codec.js';
import type { Answerer, Answers } from '../connection/answerer.js';
import type { ConcurrencyLimiter } from '../connection/concurrency-limiter.js';
import { type AnyHandler, Handler } from '../connection/handler.js';
import { cancelled, tooManyRequests, type WorkerError } from '../errors/worker-error.js';
import type { AnyEnvelope } from '../messages/middleware-chain.js';
import { Kind } from '../protocol/generated.js';
import type { RequestKind } from '../protocol/request-kind.js';
import type { Carrier } from '../types/context-carrier.js';
import { now } from '../util/primordials.js';
import { settlesBy } from '../util/with-timeout.js';
import { ActiveCalls } from './active-calls.js';
import { Call } from './call.js';
import { callStreams, HandlerRunner } from './handler-runner.js';
import type { DispatcherOptions } from './options.js';
import { Responder } from './responder.js';

/** How long a cancelled handler may delay the end of its worker, in milliseconds. */
const CANCELLED_GRACE = 250;

/** Runs handlers for what a connection delivers, and gives it their outcomes. The call of a notification is `undefined`. */
export class Dispatcher<Ref> implements Answerer<Ref> {
  private readonly handlers: ReadonlyMap<string, Handler>;
  private readonly calls: ActiveCalls<Ref>;
  private readonly responder: Responder<Ref>;
  private readonly runner: HandlerRunner<Ref>;
  /** The context of the next message. */
  private carried: Carrier | undefined;

  constructor(
    private readonly answers: Answers<Ref>,
    private readonly options: DispatcherOptions,
  ) {
    const { names, handlers } = options;
    this.handlers = new Map(
      names.map((name) => [name, new Handler((handlers as Record<string, AnyHandler>)[name] as AnyHandler)]),
    );
    this.calls = new ActiveCalls(
      (ref) => answers.keyOf?.(ref) ?? ref,
      (ref) => answers.transactionId(ref),
    );
    this.responder = new Responder(answers, options, this.calls);
    this.runner = new HandlerRunner(answers, options, this.calls, this.responder);
  }

  get limiter(): ConcurrencyLimiter {
    return this.options.limiter;
  }

  /**
   * Resolves when every handler that runs, or that the limiter holds, has ended, and no message waits in middleware. A
   * handler whose requester has cancelled gets a moment to clean up.
   */
  async drained(): Promise<void> {
    const { incoming, outgoing } = this.options;
    await incoming?.drained();
    await this.calls.allLeft();
    if (this.calls.size > 0) await settlesBy(now() + CANCELLED_GRACE, this.calls.ended());
    await outgoing?.drained();
  }

  /** Resolves when no handler with a waiting requester runs; notifications count. */
  async settled(): Promise<void> {
    await this.options.incoming?.drained();
    await this.calls.allLeft();
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
    ref: Ref | undefined,
    type: string,
    handler: Handler | undefined,
    payload: unknown,
    size = 0,
    kind: RequestKind = Kind.Request,
  ): void {
    const call = new Call<Ref>(this.responder, ref, type, kind);
    if (this.options.figures?.isWatched === true) call.own.began = now();
    if (this.carried !== undefined) {
      call.own.carrier = this.carried;
      this.carried = undefined;
    }
    try {
      this.take(call, handler, payload, size);
    } catch (error) {
      this.responder.fail(call, error);
    }
  }

  private take(call: Call<Ref>, handler: Handler | undefined, payload: unknown, size: number): void {
    const { incoming, limiter, checks } = this.options;
    const { ref, type, kind } = call;
    if (Undecodable.is(payload)) {
      if (ref === undefined) this.onUnreadable(payload.error);
      return this.responder.fail(call, payload.error);
    }
    if (kind === Kind.Request && incoming === undefined && !limiter.isBusy)
      return this.runner.start(call, handler, payload);
    // A message that does not begin at once may be cancelled before, or receive its input.
    this.calls.add(call);
    if (kind === Kind.Upload || kind === Kind.Duplex) callStreams().expectInput(this.runner, call);
    if (incoming === undefined) return this.run(call, handler, payload, size);
    const message: AnyEnvelope = {
      type,
      tx: incoming.isEmpty ? undefined : this.responder.transactionId(ref),
      payload,
    };
    limiter.enter(size);
    incoming.pass(
      message,
      (passed) => {
        limiter.leave(size);
        const renamed = passed.type !== type;
        call.type = passed.type;
        this.run(call, renamed ? this.find(passed.type) : handler, passed.payload, size);
      },
      (error) => {
        limiter.leave(size);
        this.responder.fail(call, error);
      },
      checks?.onPayload,
    );
  }

  onUnreadable(error: WorkerError): void {
    this.options.onUnreadable?.(error);
  }

  /** The context of the next message; the other side may send anything. */
  setContext(carrier: unknown): void {
    if (this.options.context === undefined || typeof carrier !== 'object' || carrier === null) return;
    if (Object.values(carrier).every((value) => typeof value === 'string')) this.carried = carrier as Carrier;
  }

  private run(call: Call<Ref>, handler: Handler | undefined, payload: unknown, size: number): void {
    const { limiter } = this.options;
    if (limiter.isOverfull && call.ref !== undefined)
      return this.responder.fail(call, tooManyRequests(this.options.side));
    if (limiter.isBusy) limiter.wait(size, () => this.runner.start(call, handler, payload));
    else this.runner.start(call, handler, payload);
  }

  /** The requester waits no longer. */
  cancel(ref: Ref): void {
    const call = this.calls.find(ref);
    if (call !== undefined) this.abort(call);
  }

  onEndedAsked(question: Ref, tx: string): void {
    this.responder.reportEnded(question, tx);
  }

  refuse(ref: Ref, error: WorkerError): void {
    const call = this.calls.find(ref);
    if (call === undefined) return;
    this.responder.fail(call, error);
    call.cancel(error);
  }

  /** The requester has left. @param keepsResults - Outcomes of plain requests are kept: their handlers continue. */
  abandon(keepsResults = false): void {
    for (const call of this.calls.all()) {
      if (call.ref !== undefined && !(keepsResults && call.kind === Kind.Request)) this.abort(call);
    }
  }

  private abort(call: Call<Ref>): void {
    if (call.isCancelled) return;
    this.answers.forget?.(call.ref as Ref);
    const reason = cancelled(call.type);
    call.cancel(reason);
    if (call.isRunning) this.runner.leave(call);
    else this.responder.fail(call, reason);
  }

  onInput(ref: Ref, value: unknown, cost: number): void {
    const call = this.calls.find(ref);
    if (call?.reader !== undefined) callStreams().takeInput(this.runner, call, value, cost);
  }

  onInputEnd(ref: Ref, error: unknown): void {
    const call = this.calls.find(ref);
    if (call?.reader !== undefined) callStreams().endInput(call, error);
  }

  onCredit(ref: Ref, units: number): void {
    this.calls.find(ref)?.writer?.grant(units);
  }

  /** There is capacity for chunks again. */
  onWritable(): void {
    for (const { writer } of this.calls.all()) writer?.capacity();
  }
}
