import type { MessageDefinitions, MessageTypeOf, PayloadOf, ResultPayloadOf } from './message-definitions.js';

/**
 * One handler per message type of `M`: none may be missing, none may be unknown.
 *
 * What a handler throws, or rejects with, becomes the rejection of the host's `send`; the worker lives on. A handler
 * that returns nothing still answers. Handlers run concurrently: a pending promise holds no other message back.
 *
 * TypeScript checks the shape of a result, but it reports properties a result has too many only where the handler's
 * return type is written down, for example `(payload): ResultPayloadOf<Messages, 'load'> => …`.
 *
 * At run time only the object's own properties are handlers, so that no message can reach an inherited name such as
 * `constructor`.
 */
export type Handlers<M extends MessageDefinitions = MessageDefinitions> = {
  [K in MessageTypeOf<M>]: (payload: PayloadOf<M, K>) => ResultPayloadOf<M, K> | PromiseLike<ResultPayloadOf<M, K>>;
};

/** Serves the message type `K` in the worker. */
export type Handler<M extends MessageDefinitions, K extends MessageTypeOf<M>> = Handlers<M>[K];
