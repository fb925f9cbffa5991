import type { MessageDefinitions } from './message-definitions.js';
import type { StandardSchema } from './standard-schema.js';

declare const type: unique symbol;

/** A type that nothing checks, beside others that have a validator; made with `unchecked`. */
export interface Unchecked<T> {
  /** Never there. */
  readonly [type]: T;
}

/** What a message type may carry: as of `MessageDefinition`, with a validator or `unchecked()` in place of each type. */
export interface MessageSchema {
  /** Left out: `void`. */
  readonly payload?: StandardSchema | Unchecked<unknown>;
  readonly result?: StandardSchema | Unchecked<unknown>;
  readonly stream?: StandardSchema | Unchecked<unknown>;
  readonly input?: StandardSchema | Unchecked<unknown>;
  readonly progress?: StandardSchema | Unchecked<unknown>;
}

/** Message types by name, as `defineMessages` takes them. */
export interface MessageSchemas {
  readonly [type: string]: MessageSchema;
}

/** What goes from who asks to who answers. The rest goes the other way. */
type Asked = 'payload' | 'input';

/** What a validator takes. */
export type SchemaInput<S> =
  S extends Unchecked<infer T> ? T : S extends StandardSchema ? NonNullable<S['~standard']['types']>['input'] : unknown;

/** What a validator makes of it. */
export type SchemaOutput<S> =
  S extends Unchecked<infer T>
    ? T
    : S extends StandardSchema
      ? NonNullable<S['~standard']['types']>['output']
      : unknown;

/**
 * The messages of `T` as who sends them sees them: payloads as the validators take them, results as they make them.
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
 * The messages of `T` as their handlers see them: payloads as the validators make them, results as they take them.
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

/** The option that carries validators, besides the others. */
export interface CheckedMessages<T extends MessageSchemas, U extends MessageSchemas> {
  /** What the host asks the worker. The types are inferred from it, and what arrives is checked by its validators. */
  messages: T;
  /** What the worker asks its host, likewise. Default: nothing is checked. */
  hostMessages?: U | undefined;
}

/** Without validators: the types are type arguments. */
export interface UncheckedMessages {
  messages?: undefined;
  hostMessages?: undefined;
}

/** What is wrong with a message, as `WorkerError.issues` has it. */
export interface MessageIssue {
  readonly message: string;
  /** From the member of the definition on: `['payload', 'users', 3, 'name']`. */
  readonly path: ReadonlyArray<string | number>;
}
