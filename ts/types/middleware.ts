import type { AnyMessage } from './message.js';
import type { MessageDefinitions, MessageTypes } from './message-definitions.js';

/**
 * The direction, for the side that runs the middleware: `outgoing` is not encoded yet, `incoming` is decoded already.
 */
export type MessageDirection = 'incoming' | 'outgoing';

/**
 * Reads or changes each message in transit. Middleware may run in the host, in the worker, or in both.
 *
 * Several middleware functions run in the given order, in both directions. Messages keep their order even if a
 * middleware is asynchronous. The message object is sealed: middleware may replace its `payload`, but not add members.
 *
 * @returns The message to pass on. Without a return value the library passes on the original message.
 * @throws An error fails only this message: its `send` rejects with it.
 */
export type Middleware<M extends MessageTypes<M> = MessageDefinitions> = (
  message: AnyMessage<M>,
  direction: MessageDirection,
) => AnyMessage<M> | void | PromiseLike<AnyMessage<M> | void>;
