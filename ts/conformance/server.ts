import type { ContextCarrier, Handlers, MessageSchemas } from '../index.js';
import { checkedHostMessages, checkedMessages } from './checked-messages.js';
import { conformanceHandlers } from './handlers.js';
import { carrierOf, workerStore } from './contexts.js';

/** The options of a worker of the conformance suite. */
export interface ConformanceServer {
  readonly handlers: Handlers;
  readonly messages: MessageSchemas;
  readonly hostMessages: MessageSchemas;
  readonly context: ContextCarrier;
}

/**
 * The options of the workers of the conformance suite: its handlers, validators for some of their messages, and a
 * context.
 *
 * @example
 * ```ts
 * await startWorkerServer({ ...conformanceServer, driver, logLevel: 'silent' });
 * ```
 */
export const conformanceServer: ConformanceServer = {
  handlers: conformanceHandlers as unknown as Handlers,
  messages: checkedMessages,
  hostMessages: checkedHostMessages,
  context: carrierOf(workerStore),
};
