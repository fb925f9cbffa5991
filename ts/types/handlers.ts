import type { HandlerContext, HostHandlerContext } from './handler-context.js';
import type {
  MessageDefinitions,
  MessageTypeOf,
  MessageTypes,
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
 * An error of a handler becomes the rejection of the host's `send`; the worker continues. A handler that returns
 * nothing still answers. Handlers run concurrently: a pending promise does not delay other messages.
 *
 * TypeScript checks the shape of a result, but it reports excess properties only if the handler declares its return
 * type, for example `(payload): ResultPayloadOf<Messages, 'load'> => …`.
 *
 * A server always passes the context; the type also lets a unit test call a handler without one: `await
 * handlers.load(payload)`.
 *
 * At run time only the object's own properties are handlers, so that no message can reach an inherited name such as
 * `constructor`.
 */
export type Handlers<M extends MessageTypes<M> = MessageDefinitions, H extends MessageTypes<H> = MessageDefinitions> = {
  [K in MessageTypeOf<M>]: (payload: PayloadOf<M, K>, ...context: HandlerContext<M, K, H>[]) => HandlerOutcome<M, K>;
};

/**
 * The return type of the handler of the type `K`: its result or a promise of it; for a type with `stream`, also a
 * stream.
 */
export type HandlerOutcome<M extends MessageTypes<M>, K extends MessageTypeOf<M>> =
  | ResultPayloadOf<M, K>
  | PromiseLike<ResultPayloadOf<M, K>>
  | ('stream' extends keyof M[K]
      ? | ChunkStream<StreamOf<M, K>, ResultPayloadOf<M, K>>
        | PromiseLike<ChunkStream<StreamOf<M, K>, ResultPayloadOf<M, K>>>
      : never);

/** Serves the message type `K` in the worker. */
export type Handler<
  M extends MessageTypes<M>,
  K extends MessageTypeOf<M>,
  H extends MessageTypes<H> = MessageDefinitions,
> = Handlers<M, H>[K];

/**
 * The host's handlers for calls of its worker: required for each type that has a result or a stream, optional for the
 * others.
 *
 * @typeParam W - The `WorkerClient`.
 */
export type HostHandlers<H extends MessageTypes<H>, W> = {
  [K in Answered<H>]: HostHandler<H, K, W>;
} & {
  [K in Exclude<MessageTypeOf<H>, Answered<H>>]?: HostHandler<H, K, W> | undefined;
};

type Answered<H extends MessageTypes<H>> = WithResult<H> | WithStream<H>;

type HostHandler<H extends MessageTypes<H>, K extends MessageTypeOf<H>, W> = (
  payload: PayloadOf<H, K>,
  ...context: HostHandlerContext<H, K, W>[]
) => HandlerOutcome<H, K>;
