import type { AnyMessage } from './message.js';
import type { MessageDefinitions } from './message-definitions.js';

/** Seen from the side that runs the middleware: `outgoing` is not encoded yet, `incoming` is decoded already. */
export type MessageDirection = 'incoming' | 'outgoing';

/**
 * Looks at, or changes, each message on its way. It may run in the host, in the worker, or in both.
 *
 * Several run in the order they were given, in both directions. Messages keep their order even where a middleware
 * answers asynchronously. The message object is sealed: its `payload` may be replaced, members cannot be added.
 *
 * @returns The message that goes on. Without a return value the message that came in goes on.
 * @throws What it throws, or rejects with, fails that one message: the `send` it belongs to rejects with it.
 */
export type Middleware<M extends MessageDefinitions = MessageDefinitions> = (
  message: AnyMessage<M>,
  direction: MessageDirection,
) => AnyMessage<M> | void | PromiseLike<AnyMessage<M> | void>;
