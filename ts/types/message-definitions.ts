/**
 * The definition of one message type.
 *
 * Without `result` the worker still acknowledges a request, so the requester learns of an error of the handler; there
 * is no value to return.
 */
export interface MessageDefinition {
  /** The data sent with the message. If its type is `void` or `undefined`, `send` and `post` may omit it. */
  payload: unknown;
  /** The data the handler returns. */
  result?: unknown;
  /** One chunk of the answer, for a type that is sent with `stream`; `result` then follows the last chunk. */
  stream?: unknown;
  /** One chunk of the input that follows the payload. */
  input?: unknown;
  /** Progress that the handler reports before its outcome. */
  progress?: unknown;
}

/** Message types by name. The default if a program names no messages: any name, any payload. */
export interface MessageDefinitions {
  [type: string]: MessageDefinition;
}

/**
 * The constraint of message types: a definition for each name. Unlike {@link MessageDefinitions} it requires no index
 * signature, so an `interface` satisfies it.
 */
export type MessageTypes<M> = { [K in keyof M]: MessageDefinition };

/** Refuses a misspelt member, which would otherwise silently turn a request into one without a result. */
type OnlyKnownMembers<T> = { [P in Exclude<keyof T, keyof MessageDefinition>]: never };

/**
 * Defines the messages of a worker in one place. The host and the worker both import the type; TypeScript infers all
 * other types from it.
 *
 * @typeParam T - One member per message type, as a type literal or an interface.
 *
 * @example
 * ```ts
 * type Messages = DefineMessages<{
 *   load: { payload: { config: string }; result: { loaded: true } };
 *   shutdown: { payload: void };
 * }>;
 * ```
 */
export type DefineMessages<T extends { [K in keyof T]: MessageDefinition & OnlyKnownMembers<T[K]> }> = {
  [K in keyof T]: T[K];
};

/** The names of the message types in `M`. */
export type MessageTypeOf<M extends MessageTypes<M>> = keyof M & string;

/** The names of the message types in `M` that have a result. */
export type WithResult<M extends MessageTypes<M>> = {
  [K in MessageTypeOf<M>]: 'result' extends keyof M[K] ? K : never;
}[MessageTypeOf<M>];

/** The names of the message types in `M` whose payload is optional: those that accept `undefined`. */
export type WithOptionalPayload<M extends MessageTypes<M>> = {
  [K in MessageTypeOf<M>]: undefined extends M[K]['payload'] ? K : never;
}[MessageTypeOf<M>];

/** The payload of the message type `K`, without the message around it. */
export type PayloadOf<M extends MessageTypes<M>, K extends MessageTypeOf<M>> = M[K]['payload'];

/** The return value of a handler of the type `K`, without the message around it; `void` for a type without result. */
export type ResultPayloadOf<M extends MessageTypes<M>, K extends MessageTypeOf<M>> = {
  [P in K]: 'result' extends keyof M[P] ? M[P]['result'] : void;
}[K];

/** The names of the message types in `M` that `stream` accepts. */
export type WithStream<M extends MessageTypes<M>> = {
  [K in MessageTypeOf<M>]: 'stream' extends keyof M[K] ? K : never;
}[MessageTypeOf<M>];

/** The names of the message types in `M` that only `stream` accepts. */
export type WithStreamAlone<M extends MessageTypes<M>> = {
  [K in MessageTypeOf<M>]: M[K] extends { stream: infer C } ? (undefined extends C ? never : K) : never;
}[MessageTypeOf<M>];

/** The names of the message types in `M` that need an `input`. */
export type WithInput<M extends MessageTypes<M>> = {
  [K in MessageTypeOf<M>]: M[K] extends { input: infer C } ? (undefined extends C ? never : K) : never;
}[MessageTypeOf<M>];

/**
 * The names of the message types in `M` that `send` accepts with only their payload: neither those for `stream` alone,
 * nor those that need an `input`. Use it for the type parameter of a wrapper around `send`.
 *
 * @example
 * ```ts
 * class Pool<M extends MessageTypes<M>> {
 *   send<K extends RequestTypeOf<M>>(type: K, payload: PayloadOf<M, K>): Promise<ResultPayloadOf<M, K>> {
 *     return this.next().send(type, payload);
 *   }
 * }
 * ```
 */
export type RequestTypeOf<M extends MessageTypes<M>> = Exclude<MessageTypeOf<M>, WithInput<M> | WithStreamAlone<M>>;

/** One chunk of the answer to the type `K`. */
export type StreamOf<M extends MessageTypes<M>, K extends MessageTypeOf<M>> = {
  [P in K]: 'stream' extends keyof M[P] ? M[P]['stream'] : never;
}[K];

/** One chunk of the input that follows the payload of the type `K`. */
export type InputOf<M extends MessageTypes<M>, K extends MessageTypeOf<M>> = {
  [P in K]: 'input' extends keyof M[P] ? M[P]['input'] : never;
}[K];

/** Progress that the handler of the type `K` reports before its outcome. */
export type ProgressOf<M extends MessageTypes<M>, K extends MessageTypeOf<M>> = {
  [P in K]: 'progress' extends keyof M[P] ? M[P]['progress'] : never;
}[K];
