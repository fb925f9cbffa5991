import type {
  MessageDefinition,
  MessageDefinitions,
  MessageTypeOf,
  PayloadOf,
  ResultPayloadOf,
  WithResult,
} from './message-definitions.js';

/**
 * A request of the type `K`, as middleware sees it.
 *
 * @example `MessageOf<Messages, 'load'>` is `{ type: 'load'; tx: string; payload: { config: string } }`
 */
export type MessageOf<M extends MessageDefinitions, K extends MessageTypeOf<M>> = {
  [P in K]: { type: P; tx: string; payload: PayloadOf<M, P> };
}[K];

/** A message of the type `K` that was sent with `post`: it expects no answer and so has no transaction id. */
export type NotificationOf<M extends MessageDefinitions, K extends MessageTypeOf<M>> = {
  [P in K]: { type: P; tx?: undefined; payload: PayloadOf<M, P> };
}[K];

/**
 * The answer to a request of the type `K`.
 *
 * @example `ResultOf<Messages, 'load'>` is `{ type: 'loadResult'; tx: string; payload: { loaded: true } }`
 */
export type ResultOf<M extends MessageDefinitions, K extends WithResult<M>> = ResultMessage<M, K>;

/**
 * Maps a message type to its answer: {@link ResultOf}, with its two arguments in either order.
 *
 * @example `MessageResult<Messages, 'load'>` and `MessageResult<'load', Messages>` are the same type.
 */
export type MessageResult<
  A extends MessageDefinitions | string,
  B extends (A extends string
    ? { [K in A]: Required<Pick<MessageDefinition, 'payload' | 'result'>> }
    : A extends MessageDefinitions
      ? WithResult<A>
      : never),
> = A extends string
  ? B extends MessageDefinitions
    ? ResultMessage<B, A & MessageTypeOf<B>>
    : never
  : A extends MessageDefinitions
    ? ResultMessage<A, B & MessageTypeOf<A>>
    : never;

/** An error as data: what {@link RemoteErrorOf} carries, and what the other side rebuilds an `Error` from. */
export interface RemoteErrorPayload {
  /** `error.name`, or the name of its class where that says more. */
  name: string;
  /** The built-in class it is an instance of, other than `Error`. */
  class?: string;
  message: string;
  /** The stack where it was thrown. */
  stack?: string;
  code?: string | number;
  /** `error.cause`. */
  cause?: RemoteValue;
  /** The members of an `AggregateError`. */
  errors?: RemoteValue[];
  /** Own enumerable properties besides those above. */
  properties?: Record<string, RemoteValue>;
  /** What was thrown, where that was no error. */
  thrown?: RemoteValue;
}

/** A value in an error as data: an error, or JSON; neither where it is `undefined`. */
export interface RemoteValue {
  error?: RemoteErrorPayload;
  value?: unknown;
}

/** The answer to a request of the type `K` whose handler threw. */
export type RemoteErrorOf<M extends MessageDefinitions, K extends MessageTypeOf<M>> = {
  [P in K]: { type: `${P}Error`; tx: string; payload: RemoteErrorPayload };
}[K];

/** Every request of `M`, discriminated by `type`. */
export type AllMessages<M extends MessageDefinitions> = MessageOf<M, MessageTypeOf<M>>;

/** Every result of `M`, discriminated by `type`. */
export type AllResults<M extends MessageDefinitions> = ResultOf<M, WithResult<M>>;

/**
 * Everything that travels between a host and a worker, in either direction: requests, notifications, the answers to
 * requests (with the payload `void` for types without result), and remote errors.
 */
export type AnyMessage<M extends MessageDefinitions = MessageDefinitions> =
  | AllMessages<M>
  | NotificationOf<M, MessageTypeOf<M>>
  | ResultMessage<M, MessageTypeOf<M>>
  | RemoteErrorOf<M, MessageTypeOf<M>>;

/** Unlike {@link ResultOf} also for types without result, whose requests are acknowledged without a payload. */
type ResultMessage<M extends MessageDefinitions, K extends MessageTypeOf<M>> = {
  [P in K]: { type: `${P}Result`; tx: string; payload: ResultPayloadOf<M, P> };
}[K];
