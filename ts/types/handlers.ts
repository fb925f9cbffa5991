import type { HandlerContext, HostHandlerContext } from './handler-context.js';
import type {
  MessageDefinitions,
  MessageTypeOf,
  PayloadOf,
  ResultPayloadOf,
  StreamOf,
  WithResult,
  WithStream,
} from './message-definitions.js';
import type { ChunkStream } from './worker-stream.js';

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
export type Handlers<
  M extends MessageDefinitions = MessageDefinitions,
  H extends MessageDefinitions = MessageDefinitions,
> = {
  [K in MessageTypeOf<M>]: (payload: PayloadOf<M, K>, context: HandlerContext<M, K, H>) => HandlerOutcome<M, K>;
};

/** What the handler of the type `K` returns: its result or a promise for it; where the type has `stream`, also a stream. */
export type HandlerOutcome<M extends MessageDefinitions, K extends MessageTypeOf<M>> =
  | ResultPayloadOf<M, K>
  | PromiseLike<ResultPayloadOf<M, K>>
  | ('stream' extends keyof M[K]
      ? | ChunkStream<StreamOf<M, K>, ResultPayloadOf<M, K>>
        | PromiseLike<ChunkStream<StreamOf<M, K>, ResultPayloadOf<M, K>>>
      : never);

/** Serves the message type `K` in the worker. */
export type Handler<
  M extends MessageDefinitions,
  K extends MessageTypeOf<M>,
  H extends MessageDefinitions = MessageDefinitions,
> = Handlers<M, H>[K];

/**
 * The host's own handlers, for what its worker asks: one for each type that has a result or a stream, and for as many of
 * the others as it likes.
 *
 * @typeParam W - The `WorkerClient`.
 */
export type HostHandlers<H extends MessageDefinitions, W> = {
  [K in Answered<H>]: HostHandler<H, K, W>;
} & {
  [K in Exclude<MessageTypeOf<H>, Answered<H>>]?: HostHandler<H, K, W> | undefined;
};

type Answered<H extends MessageDefinitions> = WithResult<H> | WithStream<H>;

type HostHandler<H extends MessageDefinitions, K extends MessageTypeOf<H>, W> = (
  payload: PayloadOf<H, K>,
  context: HostHandlerContext<H, K, W>,
) => HandlerOutcome<H, K>;
