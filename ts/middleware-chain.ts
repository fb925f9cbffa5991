import { invalidOption } from './errors.js';
import { isThenable } from './thenable.js';
import type { MessageDirection } from './types/middleware.js';

/** A message as middleware sees it. */
export interface AnyEnvelope {
  type: string;
  tx?: string | undefined;
  payload: unknown;
}

type AnyMiddleware = (message: AnyEnvelope, direction: MessageDirection) => unknown;

/** Messages of one direction on their way through the middleware, one after the other in their order. */
export class MiddlewareChain {
  private last: Promise<void> | undefined;

  private constructor(
    private readonly middleware: readonly AnyMiddleware[],
    private readonly direction: MessageDirection,
  ) {}

  /** One for each direction, or neither where there is no middleware. */
  static pair(option: unknown): { incoming?: MiddlewareChain; outgoing?: MiddlewareChain } {
    const middleware = (option === undefined ? [] : Array.isArray(option) ? option : [option]) as AnyMiddleware[];
    for (const each of middleware) {
      if (typeof each !== 'function') throw invalidOption('middleware', 'a function or an array of functions', each);
    }
    if (middleware.length === 0) return {};
    return {
      incoming: new MiddlewareChain(middleware, 'incoming'),
      outgoing: new MiddlewareChain(middleware, 'outgoing'),
    };
  }

  /**
   * Passes a message through, then on to `next`; or what the middleware threw to `failed`. At once if nothing is
   * asynchronous, else when all messages before it are through.
   */
  pass(message: AnyEnvelope, next: (message: AnyEnvelope) => void, failed: (error: unknown) => void): void {
    Object.seal(message);
    if (this.last === undefined) {
      let result: AnyEnvelope | Promise<AnyEnvelope>;
      try {
        result = this.run(message, 0);
      } catch (error) {
        return failed(error);
      }
      if (!(result instanceof Promise)) return next(result);
      this.queue(result.then(next, failed));
    } else {
      this.queue(this.last.then(() => this.run(message, 0)).then(next, failed));
    }
  }

  /** Resolves when no message is on its way. */
  async drained(): Promise<void> {
    while (this.last !== undefined) await this.last;
  }

  private queue(promise: Promise<void>): void {
    const last = promise.finally(() => {
      if (this.last === last) this.last = undefined;
    });
    this.last = last;
  }

  private run(message: AnyEnvelope, from: number): AnyEnvelope | Promise<AnyEnvelope> {
    let current = message;
    for (let index = from; index < this.middleware.length; index++) {
      const result = (this.middleware[index] as AnyMiddleware)(current, this.direction);
      if (isThenable(result)) {
        return Promise.resolve(result).then((value) => this.run(accept(value, current), index + 1));
      }
      current = accept(result, current);
    }
    return current;
  }
}

function accept(result: unknown, current: AnyEnvelope): AnyEnvelope {
  if (result === undefined || result === current) return current;
  const message = result as AnyEnvelope | null;
  if (typeof message !== 'object' || message === null || typeof message.type !== 'string') {
    throw invalidOption('what a middleware returns', 'a message or nothing', result);
  }
  return Object.isSealed(message) ? message : Object.seal(message);
}
