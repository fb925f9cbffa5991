import type { MessageDefinitions, MessageTypeOf, MessageTypes } from './message-definitions.js';

/** A request whose worker crashes rejects. */
export interface RejectStrategy {
  readonly strategy: 'reject';
}

/** The host sends a request whose worker crashes to a new worker. */
export interface RetryStrategy {
  readonly strategy: 'retry';
  /** The total number of attempts of a request, 1 or more. Default: 2. */
  readonly attempts?: number | undefined;
}

/**
 * The strategy after a crash of the worker.
 *
 * With `retry` the host starts one new worker, with the original start-up data, and sends the requests that were in
 * flight again, one at a time, so a request that ends every worker fails alone. Later requests wait. The timeout of a
 * request counts from its first sending. Use it only for handlers that may run twice.
 */
export type UnexpectedShutdown<M extends MessageTypes<M> = MessageDefinitions> = (RejectStrategy | RetryStrategy) & {
  /** Strategies of single message types, by name. */
  readonly types?: { readonly [K in MessageTypeOf<M>]?: RejectStrategy | RetryStrategy } | undefined;
};
