import type { Answers } from '../connection/answerer.js';
import type { Handler } from '../connection/handler.js';
import { WorkerError } from '../errors/worker-error.js';
import { Kind } from '../protocol/generated.js';
import { isStream } from '../streams/is-stream.js';
import { isThenable } from '../util/thenable.js';
import type { ActiveCalls } from './active-calls.js';
import type { Call } from './call.js';
import type { CallOwner } from './call-streams.js';
import type * as CallStreams from './call-streams.js';
import type { DispatcherOptions } from './options.js';
import type { Responder } from './responder.js';

/** Runs the handlers of calls, and passes what they return to a `Responder`. */
export class HandlerRunner<Ref> implements CallOwner<Ref> {
  constructor(
    readonly answers: Answers<Ref>,
    private readonly options: DispatcherOptions,
    private readonly calls: ActiveCalls<Ref>,
    private readonly responder: Responder<Ref>,
  ) {}

  respond(call: Call<Ref>, outcome: unknown): void {
    this.responder.respond(call, outcome);
  }

  fail(call: Call<Ref>, error: unknown): void {
    this.responder.fail(call, error);
  }

  leave(call: Call<Ref>): void {
    this.calls.leave(call);
  }

  start(call: Call<Ref>, handler: Handler | undefined, payload: unknown): void {
    const { enter } = this.options;
    if (enter === undefined) this.startHere(call, handler, payload);
    else enter(() => this.startHere(call, handler, payload));
  }

  private startHere(call: Call<Ref>, handler: Handler | undefined, payload: unknown): void {
    if (call.carrier === undefined) return this.perform(call, handler, payload);
    let hasRun = false;
    const run = () => {
      if (!hasRun) this.perform(call, handler, payload);
      hasRun = true;
    };
    try {
      this.options.context?.extract(call.carrier, run as <T>() => T);
    } catch (error) {
      return this.responder.fail(call, error);
    }
    if (!hasRun)
      this.responder.fail(call, new WorkerError('ERR_INVALID_OPTION', 'context.extract() did not call `run`'));
  }

  /** A result may throw whenever code reads it: that fails its own request. */
  private perform(call: Call<Ref>, handler: Handler | undefined, payload: unknown): void {
    try {
      this.handle(call, handler, payload);
    } catch (error) {
      this.responder.fail(call, error);
      if (call.isRunning) this.over(call);
    }
  }

  private handle(call: Call<Ref>, handler: Handler | undefined, payload: unknown): void {
    const { ref, type } = call;
    // While the limiter held it.
    if (call.isAnswered) return;
    if (ref === undefined) {
      const isHeard = this.options.onNotification?.(type, payload) === true;
      if (isHeard && handler === undefined) return this.calls.remove(call);
    }
    if (handler === undefined) return this.responder.failUnknown(call);
    if (call.reader !== undefined) call.reader.check = this.options.checks?.find('input', type);
    const result = handler.isTimed() ? this.time(call, handler, payload) : this.invoke(call, handler, payload);
    if (typeof result !== 'object' || result === null) return this.responder.respond(call, result);
    if (isThenable(result)) return this.wait(call, result);
    if (!streams(call, result)) return this.responder.respond(call, result);
    this.begin(call);
    callStreams().streamResult(this, call, result);
  }

  private invoke(call: Call<Ref>, { act }: Handler, payload: unknown): unknown {
    return act.call(this.options.handlers, payload, call);
  }

  /** While a slow handler blocks this thread, nobody else could send the answers of the handlers before it. */
  private time(call: Call<Ref>, handler: Handler, payload: unknown): unknown {
    if (handler.isSlow) this.answers.flush();
    return handler.time(() => this.invoke(call, handler, payload));
  }

  /** From here on it can be cancelled. */
  private begin(call: Call<Ref>): void {
    call.isRunning = true;
    this.options.limiter.begin();
    this.calls.add(call);
  }

  over(call: Call<Ref>): void {
    call.isRunning = false;
    this.calls.remove(call);
    this.options.limiter.end();
  }

  private wait(call: Call<Ref>, result: PromiseLike<unknown>): void {
    this.begin(call);
    Promise.resolve(result).then(
      (value) => {
        try {
          if (typeof value === 'object' && value !== null && streams(call, value)) {
            return callStreams().streamResult(this, call, value);
          }
          this.responder.respond(call, value);
        } catch (error) {
          this.responder.fail(call, error);
        }
        this.over(call);
      },
      (error: unknown) => {
        this.responder.fail(call, error);
        this.over(call);
      },
    );
  }
}

/**
 * Whether the handler of a call has returned a stream. A plain object is not one if the requester expects one value.
 */
function streams({ kind }: Call<unknown>, result: object): boolean {
  if (kind === Kind.Request && Object.getPrototypeOf(result) === Object.prototype) return false;
  return isStream(result);
}

/** Most workers stream nothing, so it is a file of its own that is loaded with the first stream. */
export function callStreams(): typeof CallStreams {
  return require('./streams.cjs') as typeof CallStreams;
}
