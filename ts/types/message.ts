import type {
  MessageDefinition,
  MessageDefinitions,
  MessageTypeOf,
  MessageTypes,
  PayloadOf,
  ResultPayloadOf,
  WithResult,
} from './message-definitions.js';

/**
 * A request of the type `K`, as middleware sees it.
 *
 * @example `MessageOf<Messages, 'load'>` is `{ type: 'load'; tx: string; payload: { config: string } }`
 */
export type MessageOf<M extends MessageTypes<M>, K extends MessageTypeOf<M>> = {
  [P in K]: { type: P; tx: string; payload: PayloadOf<M, P> };
}[K];

/** A notification of the type `K`: it expects no answer, so it has no transaction id. */
export type NotificationOf<M extends MessageTypes<M>, K extends MessageTypeOf<M>> = {
  [P in K]: { type: P; tx?: undefined; payload: PayloadOf<M, P> };
}[K];

/**
 * The answer to a request of the type `K`.
 *
 * @example `ResultOf<Messages, 'load'>` is `{ type: 'loadResult'; tx: string; payload: { loaded: true } }`
 */
export type ResultOf<M extends MessageTypes<M>, K extends WithResult<M>> = ResultMessage<M, K>;

/**
 * Maps a message type to its answer: {@link ResultOf}, with its two arguments in either order.
 *
 * @example `MessageResult<Messages, 'load'>` and `MessageResult<'load', Messages>` are one type.
 */
export type MessageResult<
  A extends MessageTypes<A> | string,
  B extends (A extends string
    ? { [K in A]: Required<Pick<MessageDefinition, 'payload' | 'result'>> }
    : A extends MessageTypes<A>
      ? WithResult<A>
      : never),
> = A extends string
  ? B extends MessageTypes<B>
    ? ResultMessage<B, A & MessageTypeOf<B>>
    : never
  : A extends MessageTypes<A>
    ? ResultMessage<A, B & MessageTypeOf<A>>
    : never;

/** An error as data: the payload of {@link RemoteErrorOf}, from which the other side rebuilds an `Error`. */
export interface RemoteErrorPayload {
  /** `error.name`, or the name of its class if that is more specific. */
  name: string;
  /** Its built-in class, other than `Error`. */
  class?: string;
  message: string;
  /** The stack where it was thrown. */
  stack?: string;
  code?: string | number;
  /** `error.cause`. */
  cause?: RemoteValue;
  /** `AggregateError.errors`, if they are not an enumerable property. */
  errors?: RemoteValue[];
  /** Own enumerable properties besides those above. */
  properties?: Record<string, RemoteValue>;
  /** The thrown value, if it was not an error. */
  thrown?: RemoteValue;
  /** A number, by which references in the values of this or an enclosing error name it. */
  id?: number;
}

/**
 * A value of an error as data: an error, JSON, or JSON with tags for values that JSON cannot express; none of them for
 * `undefined`.
 */
export interface RemoteValue {
  error?: RemoteErrorPayload;
  value?: unknown;
  /** Objects with a member `$` stand for other values; `docs/protocol.md` lists them. */
  tagged?: unknown;
}

/** The answer to a request of the type `K` whose handler threw. */
export type RemoteErrorOf<M extends MessageTypes<M>, K extends MessageTypeOf<M>> = {
  [P in K]: { type: `${P}Error`; tx: string; payload: RemoteErrorPayload };
}[K];

/** Every request of `M`, discriminated by `type`. */
export type AllMessages<M extends MessageTypes<M>> = MessageOf<M, MessageTypeOf<M>>;

/** Every result of `M`, discriminated by `type`. */
export type AllResults<M extends MessageTypes<M>> = ResultOf<M, WithResult<M>>;

/**
 * All messages between a host and a worker, in either direction: requests, notifications, the answers to requests (with
 * the payload `void` for types without result), and remote errors.
 */
export type AnyMessage<M extends MessageTypes<M> = MessageDefinitions> =
  | AllMessages<M>
  | NotificationOf<M, MessageTypeOf<M>>
  | ResultMessage<M, MessageTypeOf<M>>
  | RemoteErrorOf<M, MessageTypeOf<M>>;

/** Like {@link ResultOf}, also for types without result, whose acknowledgement has no payload. */
type ResultMessage<M extends MessageTypes<M>, K extends MessageTypeOf<M>> = {
  [P in K]: { type: `${P}Result`; tx: string; payload: ResultPayloadOf<M, P> };
}[K];
