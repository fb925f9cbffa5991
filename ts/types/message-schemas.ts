import type { MessageDefinitions } from './message-definitions.js';
import type { StandardSchema } from './standard-schema.js';

declare const type: unique symbol;

/** A type without a validator; made with `unchecked`. */
export interface Unchecked<T> {
  /** Never present: for the compiler alone. */
  readonly [type]: T;
}

/**
 * The definition of a message type, like `MessageDefinition`, with a validator or `unchecked()` in place of each type.
 */
export interface MessageSchema {
  /** Omitted: `void`. */
  readonly payload?: StandardSchema | Unchecked<unknown>;
  readonly result?: StandardSchema | Unchecked<unknown>;
  readonly stream?: StandardSchema | Unchecked<unknown>;
  readonly input?: StandardSchema | Unchecked<unknown>;
  readonly progress?: StandardSchema | Unchecked<unknown>;
}

/** Message types by name: the argument of `defineMessages`. */
export interface MessageSchemas {
  readonly [type: string]: MessageSchema;
}

/** Members that go from requester to answerer; the others go back. */
type Asked = 'payload' | 'input';

/** The input type of a validator. */
export type SchemaInput<S> =
  S extends Unchecked<infer T> ? T : S extends StandardSchema ? NonNullable<S['~standard']['types']>['input'] : unknown;

/** The output type of a validator. */
export type SchemaOutput<S> =
  S extends Unchecked<infer T>
    ? T
    : S extends StandardSchema
      ? NonNullable<S['~standard']['types']>['output']
      : unknown;

/**
 * The messages of `T` for their sender: payloads have the input types of the validators, results their output types.
 *
 * @example `WorkerClient<MessagesOf<typeof messages>>`
 */
export type MessagesOf<T extends MessageSchemas> = MessageSchemas extends T
  ? MessageDefinitions
  : {
      [K in keyof T & string]: {
        [P in keyof T[K] | 'payload']: P extends keyof T[K]
          ? P extends Asked
            ? SchemaInput<T[K][P]>
            : SchemaOutput<T[K][P]>
          : void;
      };
    };

/**
 * The messages of `T` for their handlers: payloads have the output types of the validators, results their input types.
 *
 * @example `Handlers<HandledMessagesOf<typeof messages>>`
 */
export type HandledMessagesOf<T extends MessageSchemas> = MessageSchemas extends T
  ? MessageDefinitions
  : {
      [K in keyof T & string]: {
        [P in keyof T[K] | 'payload']: P extends keyof T[K]
          ? P extends Asked
            ? SchemaOutput<T[K][P]>
            : SchemaInput<T[K][P]>
          : void;
      };
    };

/** Refuses a misspelt member. */
export type OnlySchemas<T> = { [K in keyof T]: { [P in Exclude<keyof T[K], keyof MessageSchema>]: never } };

/** The options with validators. */
export interface CheckedMessages<T extends MessageSchemas, U extends MessageSchemas> {
  /** Messages from the host to the worker. Their types follow from it; its validators check incoming values. */
  messages: T;
  /** Messages from the worker to its host, likewise. Default: no check. */
  hostMessages?: U | undefined;
}

/** Without validators: the types are type arguments. */
export interface UncheckedMessages {
  messages?: undefined;
  hostMessages?: undefined;
}

/** A fault of a message, in `WorkerError.issues`. */
export interface MessageIssue {
  readonly message: string;
  /** The path, from the member of the definition: `['payload', 'users', 3, 'name']`. */
  readonly path: ReadonlyArray<string | number>;
}
