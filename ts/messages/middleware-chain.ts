import { invalidOption } from '../errors/worker-error.js';
import { isThenable } from '../util/thenable.js';
import type { MessageDirection } from '../types/middleware.js';

/** A message for middleware. */
export interface AnyEnvelope {
  type: string;
  tx?: string | undefined;
  payload: unknown;
}

/** Runs after the middleware, and may change the payload. */
export type MessageCheck = (message: AnyEnvelope) => AnyEnvelope | Promise<AnyEnvelope>;

type AnyMiddleware = (message: AnyEnvelope, direction: MessageDirection) => unknown;

/** Messages of one direction in the middleware, one at a time in order. */
export class MiddlewareChain {
  private last: Promise<void> | undefined;

  private constructor(
    private readonly middleware: readonly AnyMiddleware[],
    private readonly direction: MessageDirection,
  ) {}

  /**
   * One chain for each direction, or neither without middleware.
   *
   * @param checks - Incoming messages have validators: they wait for one another even without middleware.
   */
  static pair(option: unknown, checks = false): { incoming?: MiddlewareChain; outgoing?: MiddlewareChain } {
    const middleware = (option === undefined ? [] : Array.isArray(option) ? option : [option]) as AnyMiddleware[];
    const index = middleware.findIndex((each) => typeof each !== 'function');
    if (index >= 0) {
      const name = Array.isArray(option) ? `middleware[${index}]` : 'middleware';
      const expected = Array.isArray(option) ? 'a function' : 'a function or an array of functions';
      throw invalidOption(name, expected, middleware[index]);
    }
    const incoming = middleware.length > 0 || checks ? new MiddlewareChain(middleware, 'incoming') : undefined;
    if (middleware.length === 0) return incoming === undefined ? {} : { incoming };
    return {
      incoming: incoming as MiddlewareChain,
      outgoing: new MiddlewareChain(middleware, 'outgoing'),
    };
  }

  /**
   * Passes a message through, then to `next`; or passes an error of the middleware to `failed`. At once if the
   * middleware is synchronous, else after all earlier messages.
   *
   * @param check - Runs after the middleware.
   */
  pass(
    message: AnyEnvelope,
    next: (message: AnyEnvelope) => void,
    failed: (error: unknown) => void,
    check?: MessageCheck,
  ): void {
    Object.seal(message);
    this.order(() => this.run(message, 0, check), next, failed);
  }

  /** Queues the caller's own step, in the order of the messages. */
  order<T>(step: () => T | Promise<T>, next: (value: T) => void, failed: (error: unknown) => void): void {
    if (this.last === undefined) {
      let result: T | Promise<T>;
      try {
        result = step();
      } catch (error) {
        return failed(error);
      }
      if (!(result instanceof Promise)) return next(result);
      this.queue(result.then(next, failed));
    } else {
      this.queue(this.last.then(step).then(next, failed));
    }
  }

  /** Resolves when no message is in the middleware. */
  async drained(): Promise<void> {
    while (this.last !== undefined) await this.last;
  }

  private queue(promise: Promise<void>): void {
    const last = promise.finally(() => {
      if (this.last === last) this.last = undefined;
    });
    this.last = last;
  }

  /** No user code runs here. */
  get isEmpty(): boolean {
    return this.middleware.length === 0;
  }

  private run(message: AnyEnvelope, from: number, check?: MessageCheck): AnyEnvelope | Promise<AnyEnvelope> {
    let current = message;
    for (let index = from; index < this.middleware.length; index++) {
      const result = (this.middleware[index] as AnyMiddleware)(current, this.direction);
      if (isThenable(result)) {
        return Promise.resolve(result).then((value) => this.run(accept(value, current), index + 1, check));
      }
      current = accept(result, current);
    }
    return check === undefined ? current : check(current);
  }
}

function accept(result: unknown, current: AnyEnvelope): AnyEnvelope {
  if (result === undefined || result === current) return current;
  const message = result as AnyEnvelope | null;
  if (typeof message !== 'object' || message === null || typeof message.type !== 'string') {
    throw invalidOption('the return value of a middleware', 'a message or nothing', result);
  }
  return Object.isSealed(message) ? message : Object.seal(message);
}
