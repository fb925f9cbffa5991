import type { MessageDefinitions, MessageTypeOf } from './message-definitions.js';

/** What becomes of a request whose worker ends without being closed: it rejects. */
export interface RejectStrategy {
  readonly strategy: 'reject';
}

/** What becomes of a request whose worker ends without being closed: a new worker gets it. */
export interface RetryStrategy {
  readonly strategy: 'retry';
  /** How often a request is tried in all, 1 or more. Default: 2. */
  readonly attempts?: number | undefined;
}

/**
 * What happens when a worker ends without being closed.
 *
 * With `retry` one new worker is started, with the same start-up data, and the requests that were in flight are sent
 * again, one after the other, so that one that ends every worker it meets fails alone. Requests that are sent meanwhile
 * wait. The timeout of a request counts from its first sending. Only for handlers that may run twice.
 */
export type UnexpectedShutdown<M extends MessageDefinitions = MessageDefinitions> = (RejectStrategy | RetryStrategy) & {
  /** For single message types, by name. */
  readonly types?: { readonly [K in MessageTypeOf<M>]?: RejectStrategy | RetryStrategy } | undefined;
};
