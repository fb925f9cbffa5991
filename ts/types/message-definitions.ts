/**
 * What one message type carries.
 *
 * Without `result` the worker still acknowledges a request, so that an error of its handler is not lost, but there is
 * nothing to return.
 */
export interface MessageDefinition {
  /** The data sent with the message. Of type `void` or `undefined` it may be left out of `send` and `post`. */
  payload: unknown;
  /** The data the handler returns. */
  result?: unknown;
  /** One chunk of the answer, for a type that is asked with `stream`; `result` then is what comes after the last one. */
  stream?: unknown;
  /** One chunk of what follows the payload. */
  input?: unknown;
  /** What the handler tells before its outcome. */
  progress?: unknown;
}

/** Message types by name. Also what stands in where a program names no messages: any name, any payload. */
export interface MessageDefinitions {
  [type: string]: MessageDefinition;
}

/** Refuses a misspelt member, which would otherwise silently turn a request into one without a result. */
type OnlyKnownMembers<T> = { [P in Exclude<keyof T, keyof MessageDefinition>]: never };

/**
 * Defines the messages of a worker in one place. The host and the worker both import the type; everything else is
 * inferred from it.
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
export type MessageTypeOf<M extends MessageDefinitions> = keyof M & string;

/** The names of the message types in `M` that have a result. */
export type WithResult<M extends MessageDefinitions> = {
  [K in MessageTypeOf<M>]: 'result' extends keyof M[K] ? K : never;
}[MessageTypeOf<M>];

/** The names of the message types in `M` whose payload may be left out: those that accept `undefined`. */
export type WithOptionalPayload<M extends MessageDefinitions> = {
  [K in MessageTypeOf<M>]: undefined extends M[K]['payload'] ? K : never;
}[MessageTypeOf<M>];

/** The payload of the message type `K`, without the message around it. */
export type PayloadOf<M extends MessageDefinitions, K extends MessageTypeOf<M>> = M[K]['payload'];

/** What a handler of the type `K` returns, without the message around it; `void` for a type without result. */
export type ResultPayloadOf<M extends MessageDefinitions, K extends MessageTypeOf<M>> = {
  [P in K]: 'result' extends keyof M[P] ? M[P]['result'] : void;
}[K];

/** The names of the message types in `M` that may be asked with `stream`. */
export type WithStream<M extends MessageDefinitions> = {
  [K in MessageTypeOf<M>]: 'stream' extends keyof M[K] ? K : never;
}[MessageTypeOf<M>];

/** The names of the message types in `M` that must be asked with `stream`. */
export type WithStreamAlone<M extends MessageDefinitions> = {
  [K in MessageTypeOf<M>]: M[K] extends { stream: infer C } ? (undefined extends C ? never : K) : never;
}[MessageTypeOf<M>];

/** The names of the message types in `M` that need an `input`. */
export type WithInput<M extends MessageDefinitions> = {
  [K in MessageTypeOf<M>]: M[K] extends { input: infer C } ? (undefined extends C ? never : K) : never;
}[MessageTypeOf<M>];

/** One chunk of the answer to the type `K`. */
export type StreamOf<M extends MessageDefinitions, K extends MessageTypeOf<M>> = {
  [P in K]: 'stream' extends keyof M[P] ? M[P]['stream'] : never;
}[K];

/** One chunk of what follows the payload of the type `K`. */
export type InputOf<M extends MessageDefinitions, K extends MessageTypeOf<M>> = {
  [P in K]: 'input' extends keyof M[P] ? M[P]['input'] : never;
}[K];

/** What the handler of the type `K` tells before its outcome. */
export type ProgressOf<M extends MessageDefinitions, K extends MessageTypeOf<M>> = {
  [P in K]: 'progress' extends keyof M[P] ? M[P]['progress'] : never;
}[K];
