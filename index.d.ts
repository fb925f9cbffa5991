// Generated from ts/index.ts by `npm run build:ts`. Do not edit.
/// <reference types="node" />

import { ChildProcess } from 'node:child_process';
import { Readable } from 'node:stream';
import { ReadableStream as ReadableStream$1 } from 'node:stream/web';
import {
  MessagePort as MessagePort$1,
  ResourceLimits,
  TransferListItem,
  TransferListItem as Transferable,
  Worker,
} from 'node:worker_threads';

/**
 * How a worker ended.
 *
 * - `exit`: the worker is gone. Of a process, `signal` is set when a signal ended it, else `code` is its exit code;
 *   a thread has an exit code only.
 * - `error`: it could not be started, or its connection failed.
 * - `close`: its connection ended in good order; a detached worker may run on, for another host.
 */
export type ShutdownReason =
  | {
      readonly type: 'exit';
      readonly code: number | null;
      readonly signal: NodeJS.Signals | null;
    }
  | {
      readonly type: 'error';
      readonly error: Error;
    }
  | {
      readonly type: 'close';
    };
/**
 * What a driver can do. Write the members as literal types: `WorkerClient` has the members that need a capability only
 * where its type is `true`.
 */
export interface DriverCapabilities {
  /** A running worker can be disconnected from and reconnected to. */
  reconnect: boolean;
  /** A worker can outlive its host. */
  detach: boolean;
  /** A `SharedArrayBuffer` in a payload is shared with the worker. */
  sharedMemory: boolean;
  /** `sendSync` works: answers come to a thread that is blocked. Only drivers of the library's own have it. */
  sync?: boolean;
}
/** What the child process driver can do. */
export interface ChildProcessCapabilities extends DriverCapabilities {
  reconnect: true;
  detach: true;
  sharedMemory: false;
  sync: true;
}
/** What the worker threads driver can do. */
export interface WorkerThreadsCapabilities extends DriverCapabilities {
  reconnect: false;
  detach: false;
  sharedMemory: true;
  sync: true;
}
/** What the in-process driver can do. */
export interface InProcessCapabilities extends DriverCapabilities {
  reconnect: false;
  detach: false;
  sharedMemory: true;
  sync: false;
}
/**
 * What a driver moves between host and worker: a plain object of at most five members. A driver passes it on unchanged and in
 * order; it need not look into it.
 */
export interface DriverMessage {
  /** The message type; of an answer, that of its request followed by `Result` or `Error`. */
  readonly type: string;
  /** The transaction id; absent where no answer is expected. */
  readonly tx?: string | undefined;
  /** What the user gave, or what the serializer made of it: text or bytes. Absent: `undefined`. */
  readonly payload?: unknown;
  /** Absent for requests of the host; else the name of what it is, such as `result`, `notification` or `chunk`. */
  readonly kind?: string | undefined;
  /** What the sender's `context` takes along. */
  readonly context?: Record<string, string> | undefined;
}
/** One end of a connection that moves messages, in the host or in the worker. It knows nothing of transactions. */
export interface DriverEnd {
  /** Whether messages can be sent. */
  readonly isConnected: boolean;
  /**
   * Sends one message. Its payload is no copy: it is to be taken as it is now. What this throws, or rejects with, fails that message alone: a `WorkerError` as it is, a
   * `DataCloneError` with `ERR_NOT_SERIALIZABLE`, anything else with `ERR_DRIVER_FAILED`.
   *
   * @param transfer - What the user asked to be moved instead of copied; only where `sharedMemory` is `true`.
   */
  send(message: DriverMessage, transfer?: readonly Transferable[]): void | Promise<void>;
  /** The listener is called once per message that arrives, in order. Called once, before anything is sent. */
  onMessage(listener: (message: DriverMessage) => void): void;
  /** The listener is called with an error of the connection itself; `onClose` follows when it was fatal. */
  onError(listener: (error: Error) => void): void;
  /** The listener is called once, after the last message, when the other side or the connection is gone. */
  onClose(listener: (reason: ShutdownReason) => void): void;
  /** In the host: ends the worker in good order. In the worker: ends the connection. Resolves when it is gone. */
  close(): Promise<void>;
  /** Lets the connection keep this side's event loop alive. */
  ref?(): void;
  /** Lets this side's event loop end while the connection is there. */
  unref?(): void;
}
/** The host's end of the connection to one worker, made by {@link Driver.spawn}. */
export interface DriverChannel extends DriverEnd {
  /** The worker's process id, where it has one of its own. It is the type of `WorkerClient.pid`, too. */
  readonly pid?: number | undefined;
  /** The worker's standard output, where it is piped to the host. */
  readonly stdout?: Readable | null | undefined;
  /** The worker's standard error, where it is piped to the host. */
  readonly stderr?: Readable | null | undefined;
  /** Ends a worker that does not end by itself: called with `SIGTERM` first, then with `SIGKILL`. */
  terminate?(signal?: NodeJS.Signals): void | Promise<void>;
}
/** The worker's end of the connection to its host, made by {@link Driver.createServer}. */
export type DriverServerChannel = DriverEnd;
/** A channel of the library's own drivers: its messages move inside the library, not through `send` and `onMessage`. */
export interface CoreChannel {
  /** Tells it apart from a {@link DriverChannel}. */
  readonly isCore: true;
  readonly pid?: number | undefined;
}
/**
 * A worker backend: how a worker is started, and how messages get to it and back. A class or an object literal.
 *
 * @typeParam C - What it can do.
 * @typeParam Options - The `driverOptions` it takes.
 *
 * @example
 * ```ts
 * class MyDriver implements Driver<MyCapabilities> {
 *   readonly name = 'my_driver';
 *   readonly capabilities: MyCapabilities = { reconnect: false, detach: false, sharedMemory: false };
 *
 *   async spawn(script: string, options: unknown): Promise<DriverChannel> {
 *     return connectTo(script);
 *   }
 * }
 * ```
 */
export interface Driver<C extends DriverCapabilities = DriverCapabilities, Options = unknown> {
  /** For errors and logs, and to tell drivers apart. */
  readonly name: string;
  readonly capabilities: C;
  /**
   * Starts a worker.
   *
   * @param script - The absolute path of the worker's script.
   * @param options - The worker's `driverOptions`; an empty object when none were given.
   * @throws What it rejects with becomes the `cause` of `createWorker`'s rejection, `ERR_WORKER_SPAWN_FAILED`.
   */
  spawn(script: string, options: Options): Promise<DriverChannel | CoreChannel>;
  /**
   * Connects a worker to the host that started it; called in the worker, by `startWorkerServer(handlers, { driver })`.
   * Not needed by a driver whose `spawn` hands on the channel of one of the library's own.
   *
   * @throws What it rejects with becomes the `cause` of `startWorkerServer`'s rejection, `ERR_DRIVER_FAILED`.
   */
  createServer?(): DriverServerChannel | Promise<DriverServerChannel>;
  /**
   * Ends the connection to a worker that keeps running; what was sent before arrives. From here on the channel's `onClose`
   * tells the end of the worker alone. Needed, with {@link Driver.reconnect}, where `capabilities.reconnect` is `true` and
   * `spawn` makes channels of its own. Never called while another call of these two has not settled.
   *
   * @param channel - What `spawn`, or the last `reconnect`, has given.
   * @throws What it rejects with becomes the `cause` of the rejection of `disconnect()`, `ERR_DRIVER_FAILED`.
   */
  disconnect?(channel: DriverChannel): void | Promise<void>;
  /**
   * Connects again to a worker that keeps running. Resolves with a new channel, which takes the place of the old one in
   * all respects. In the worker the channel of `createServer` stays what it is.
   *
   * @param channel - The one that was disconnected.
   * @throws What it rejects with becomes the `cause` of the rejection of `reconnect()`, `ERR_DRIVER_FAILED`.
   */
  reconnect?(channel: DriverChannel): DriverChannel | Promise<DriverChannel>;
}
/** What `defineWorkerDriver` takes: a {@link Driver} whose capabilities follow from its members. */
export interface WorkerDriverDefinition {
  /** For errors and logs, and to tell drivers apart. */
  readonly name: string;
  /** As {@link Driver.spawn}. The type of `options` becomes that of `driverOptions`. */
  spawn(script: string, options: never): Promise<DriverChannel | CoreChannel>;
  /** As {@link Driver.createServer}. */
  createServer?(): DriverServerChannel | Promise<DriverServerChannel>;
  /** As {@link Driver.disconnect}. With `reconnect` it says that the driver can. */
  disconnect?(channel: DriverChannel): void | Promise<void>;
  /** As {@link Driver.reconnect}. With `disconnect` it says that the driver can. */
  reconnect?(channel: DriverChannel): DriverChannel | Promise<DriverChannel>;
  /** `true`: a `SharedArrayBuffer` in a payload is shared, and `transfer` lists work. Default: `false`. */
  readonly sharedMemory?: boolean;
}
/** What a driver can do, from the members of its definition. */
export interface InferredCapabilities<T> extends DriverCapabilities {
  reconnect: T extends {
    disconnect: (...args: never) => unknown;
    reconnect: (...args: never) => unknown;
  }
    ? true
    : false;
  /** Only the library's own driver for processes has workers that another host can attach to. */
  detach: false;
  sharedMemory: T extends {
    sharedMemory: true;
  }
    ? true
    : false;
  /** Only the library's own drivers reach a thread that is blocked. */
  sync?: false;
}
/** What may be given as a driver: an instance, or a class whose constructor needs no arguments. */
export type DriverValue<D extends Driver = Driver> = D | (new () => D);
/** The `driverOptions` of the driver `D`: what its `spawn` takes. */
export type DriverOptionsFor<D extends Driver> = D extends {
  spawn(script: string, options: infer Options): unknown;
}
  ? Options
  : never;
/** What the driver `D` can do. */
export type CapabilitiesOf<D extends Driver> = D['capabilities'];
/**
 * The process id of a worker that `D` runs, taken from the channel its `spawn` promises: `number` for processes,
 * `undefined` for threads, `number | undefined` where the driver does not say.
 */
export type PidOf<D extends Driver> = Awaited<ReturnType<D['spawn']>>['pid'];
/** What becomes of one standard stream of a worker process: shared with the host, a stream for the host, or dropped. */
export type StdioMode = 'inherit' | 'pipe' | 'ignore';
/**
 * What a worker process may use. What it starts itself inherits `maxCpuSeconds`, `maxOpenFiles` and `nice`, each process with
 * a count of its own. Default of each: as the system has it.
 */
export interface ProcessResourceLimits {
  /** The heap of old objects in MiB, as `--max-old-space-size`: over it the worker aborts. */
  maxOldGenerationSizeMb?: number | undefined;
  /** The heap of young objects in MiB; a third of it is `--max-semi-space-size`. */
  maxYoungGenerationSizeMb?: number | undefined;
  /** Resident memory in MiB, native memory included: looked at ten times a second; over it the worker is killed. Linux only. */
  maxRssMb?: number | undefined;
  /** Processor time in seconds: over it the worker is ended by SIGXCPU. */
  maxCpuSeconds?: number | undefined;
  /** Open file descriptors, at least 32: over it opening one fails. */
  maxOpenFiles?: number | undefined;
  /** The scheduling priority, from -20 to 19; below 0 needs the right to do so. */
  nice?: number | undefined;
}
/**
 * How a worker process is started, each option with the meaning it has in `fork` of `node:child_process`.
 *
 * The same members may be given to `createWorker` itself; those in `driverOptions` go first.
 */
export interface ProcessOptions {
  /** The executable that runs the script. Default: the host's own. */
  execPath?: string | undefined;
  /** Arguments of the executable, before the script. Default: the host's own. */
  execArgv?: readonly string[] | undefined;
  /** Arguments of the script. Default: none. */
  argv?: readonly string[] | undefined;
  /** The whole environment of the worker. Default: the host's own. */
  env?: NodeJS.ProcessEnv | undefined;
  /** The worker's working directory: a path or a file URL. Default: the host's own. */
  cwd?: string | URL | undefined;
  /** All three standard streams at once, or standard input, output and error one by one. Default: `'inherit'`. */
  stdio?: StdioMode | readonly StdioMode[] | undefined;
  /**
   * The worker outlives its host; `attachWorker` connects another to it. It is a process group of its own, and its standard
   * streams are dropped unless `stdio` says otherwise. Default: `false`.
   */
  detached?: boolean | undefined;
  /**
   * Where a detached worker listens for hosts: a path that no other worker has. Default: one in a private directory, below
   * `XDG_RUNTIME_DIR` or the directory for temporary files, which `attachWorker` finds by the worker's `name`.
   */
  socketPath?: string | undefined;
  /**
   * How many outcomes a detached worker keeps that no host was there for; the next host gets them with the event
   * `keptResult`. The oldest go first; 0: none are kept. Default: 100.
   */
  keepResults?: number | undefined;
  /** What the worker may use. Default: no limits. */
  resourceLimits?: ProcessResourceLimits | undefined;
  /**
   * `true`: the worker has a process group of its own, and all processes in it end with the worker, whichever way that ends.
   * Default: `false`: what the worker has started lives on.
   */
  killTree?: boolean | undefined;
}
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
type OnlyKnownMembers<T> = {
  [P in Exclude<keyof T, keyof MessageDefinition>]: never;
};
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
export type DefineMessages<
  T extends {
    [K in keyof T]: MessageDefinition & OnlyKnownMembers<T[K]>;
  },
> = {
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
  [K in MessageTypeOf<M>]: M[K] extends {
    stream: infer C;
  }
    ? undefined extends C
      ? never
      : K
    : never;
}[MessageTypeOf<M>];
/** The names of the message types in `M` that need an `input`. */
export type WithInput<M extends MessageDefinitions> = {
  [K in MessageTypeOf<M>]: M[K] extends {
    input: infer C;
  }
    ? undefined extends C
      ? never
      : K
    : never;
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
/**
 * A request of the type `K`, as middleware sees it.
 *
 * @example `MessageOf<Messages, 'load'>` is `{ type: 'load'; tx: string; payload: { config: string } }`
 */
export type MessageOf<M extends MessageDefinitions, K extends MessageTypeOf<M>> = {
  [P in K]: {
    type: P;
    tx: string;
    payload: PayloadOf<M, P>;
  };
}[K];
/** A message of the type `K` that was sent with `post`: it expects no answer and so has no transaction id. */
export type NotificationOf<M extends MessageDefinitions, K extends MessageTypeOf<M>> = {
  [P in K]: {
    type: P;
    tx?: undefined;
    payload: PayloadOf<M, P>;
  };
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
    ? {
        [K in A]: Required<Pick<MessageDefinition, 'payload' | 'result'>>;
      }
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
  [P in K]: {
    type: `${P}Error`;
    tx: string;
    payload: RemoteErrorPayload;
  };
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
type ResultMessage<M extends MessageDefinitions, K extends MessageTypeOf<M>> = {
  [P in K]: {
    type: `${P}Result`;
    tx: string;
    payload: ResultPayloadOf<M, P>;
  };
}[K];
/** What is moved to the other side instead of copied: `ArrayBuffer`s, `MessagePort`s and the like. They are unusable here afterwards. */
export type TransferList = readonly TransferListItem[];
type AnyHandler = (payload: unknown, context?: unknown) => unknown;
interface Answers<Call> {
  /** @throws Where the result cannot be sent; nothing was. */
  respond(call: Call, type: string, result: unknown, transfer: TransferList | undefined): void;
  fail(call: Call, type: string, error: RemoteErrorPayload): void;
  transactionId(call: Call): string | undefined;
  /** @throws Where the value cannot be sent. */
  progress(call: Call, type: string, value: unknown, transfer: TransferList | undefined): void;
  /**
   * Sends a chunk of a result. Gives what it costs in units, negated where too much waits to be written: then the next one
   * should wait for `Answerer.onRoom`.
   *
   * @throws Where it cannot be sent.
   */
  chunk(call: Call, type: string, value: unknown, transfer: TransferList | undefined): number;
  /** So many more units of input may come; 0: no more is wanted. */
  demand(call: Call, units: number): void;
  /** The call was cancelled. */
  forget?(call: Call): void;
  /** What a call is found by again, where that is not the call itself. */
  keyOf?(call: Call): unknown;
}
interface Answerer<Call> {
  find(type: string): AnyHandler | undefined;
  /**
   * Takes a message; `handler` is that of its type, but middleware may still give it another type. The call of a
   * notification is `undefined`.
   *
   * @param size - Of the payload, where it is known.
   */
  receive(
    call: Call | undefined,
    type: string,
    handler: AnyHandler | undefined,
    payload: unknown,
    size?: number,
    kind?: RequestKind,
  ): void;
  /** This comes along with the next message. */
  carry(carrier: unknown): void;
  /** The requester waits no longer. */
  cancel(call: Call): void;
  /** The requester is gone. @param keepsResults - What plain requests come to is kept: their handlers go on. */
  abandon(keepsResults?: boolean): void;
  /** @param cost - In units. */
  onInput(call: Call, value: unknown, cost: number): void;
  /** @param error - As data, where the source has failed. */
  onInputEnd(call: Call, error: unknown): void;
  /** So many more units of chunks may be sent. */
  onCredit(call: Call, units: number): void;
  /** There is room for chunks again. */
  onRoom(): void;
}
declare const enum RecordKind {
  Result = 1,
  RemoteError = 2,
  TimedOut = 3,
  Request = 4,
  Notification = 5,
  Stream = 9,
  Upload = 10,
  Duplex = 11,
  Cancel = 12,
  Progress = 13,
  Chunk = 14,
  Credit = 15,
  Input = 16,
  InputEnd = 17,
  Demand = 18,
  /** What comes along with the message of the record behind it. */
  Context = 19,
}
/**
 * A validator as zod, valibot, arktype and others make it: the part of [Standard Schema](https://standardschema.dev),
 * version 1, that this library uses.
 *
 * @typeParam I - What it takes.
 * @typeParam O - What it makes of that.
 */
export interface StandardSchema<I = unknown, O = I> {
  readonly '~standard': {
    readonly version: 1;
    /** The library that made it. */
    readonly vendor: string;
    readonly validate: (value: unknown) => SchemaResult<O> | Promise<SchemaResult<O>>;
    /** Never there: for the compiler alone. */
    readonly types?:
      | {
          readonly input: I;
          readonly output: O;
        }
      | undefined;
  };
}
/** What a {@link StandardSchema} says of a value. */
export type SchemaResult<O> =
  | {
      readonly value: O;
      readonly issues?: undefined;
    }
  | {
      readonly issues: ReadonlyArray<SchemaIssue>;
    };
/** What is wrong with a value. */
export interface SchemaIssue {
  readonly message: string;
  readonly path?:
    | ReadonlyArray<
        | PropertyKey
        | {
            readonly key: PropertyKey;
          }
      >
    | undefined;
}
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
export type OnlySchemas<T> = {
  [K in keyof T]: {
    [P in Exclude<keyof T[K], keyof MessageSchema>]: never;
  };
};
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
/**
 * The `code` of each error of this library; `docs/errors.md` says what to do about them. Codes do not change; new ones
 * may be added.
 */
export type WorkerErrorCode =
  | 'ERR_INVALID_OPTION'
  | 'ERR_SCRIPT_NOT_FOUND'
  | 'ERR_TYPESCRIPT_UNSUPPORTED'
  | 'ERR_WORKER_SPAWN_FAILED'
  | 'ERR_WORKER_CRASHED'
  | 'ERR_RESOURCE_LIMIT'
  | 'ERR_WORKER_CLOSED'
  | 'ERR_WORKER_DISCONNECTED'
  | 'ERR_NO_SUCH_WORKER'
  | 'ERR_WORKER_OCCUPIED'
  | 'ERR_ATTACH_REFUSED'
  | 'ERR_HOST_DISCONNECTED'
  | 'ERR_CANCELLED'
  | 'ERR_ANSWER_IS_STREAM'
  | 'ERR_HOST_BLOCKED'
  | 'ERR_ASYNC_MIDDLEWARE'
  | 'ERR_UNSUPPORTED_BY_PEER'
  | 'ERR_START_TIMEOUT'
  | 'ERR_CONNECT_TIMEOUT'
  | 'ERR_MESSAGE_TIMEOUT'
  | 'ERR_MESSAGE_TOO_LARGE'
  | 'ERR_BACKPRESSURE'
  | 'ERR_NOT_SERIALIZABLE'
  | 'ERR_TERMINATOR_IN_MESSAGE'
  | 'ERR_DUPLICATE_TRANSACTION'
  | 'ERR_INVALID_TRANSACTION_ID'
  | 'ERR_UNKNOWN_MESSAGE_TYPE'
  | 'ERR_INVALID_MESSAGE'
  | 'ERR_MALFORMED_MESSAGE'
  | 'ERR_SERIALIZER_MISMATCH'
  | 'ERR_PROTOCOL_MISMATCH'
  | 'ERR_NOT_A_WORKER'
  | 'ERR_DRIVER_MISMATCH'
  | 'ERR_DRIVER_FAILED'
  | 'ERR_UNSUPPORTED_BY_DRIVER'
  | 'ERR_THROWN_VALUE'
  | 'ERR_UNSUPPORTED_PLATFORM'
  | 'ERR_SYSTEM';
/** An error of this library. `code` is stable and says which; `docs/errors.md` lists them. */
export declare class WorkerError extends Error {
  readonly name: string;
  readonly code: WorkerErrorCode;
  /** Where a worker is the matter: `spawn`, it could not be started; `startup`, it ended before it was ready. */
  readonly phase?: 'spawn' | 'startup' | 'running';
  /** What a validator has found: of `ERR_INVALID_MESSAGE`. */
  readonly issues?: readonly MessageIssue[];
  constructor(code: WorkerErrorCode, message: string, options?: WorkerErrorOptions);
}
interface WorkerErrorOptions extends ErrorOptions {
  readonly phase?: WorkerError['phase'];
}
/** What is known of a worker that ended without being closed. */
export interface CrashDetails {
  /** The worker's process id, where it had one of its own. */
  readonly pid?: number | undefined;
  readonly reason: ShutdownReason;
  /** `startup`: before it was ready. */
  readonly phase: 'startup' | 'running';
  readonly messageType?: string | undefined;
  /** The last lines of its standard error, where that is piped to the host. */
  readonly stderr?: readonly string[] | undefined;
  /** What was thrown and ended it, where that is known; mostly an `Error`. */
  readonly cause?: unknown;
}
/** The worker ended without being closed. Each request that was in flight rejects with one of these. */
export declare class WorkerCrashedError extends WorkerError {
  readonly name = 'WorkerCrashedError';
  /** The worker's name. */
  readonly worker: string;
  /** Its process id, where it had one of its own. */
  readonly pid: number | undefined;
  /** How it ended. */
  readonly reason: ShutdownReason;
  /** `startup`: before it was ready. */
  readonly phase: 'startup' | 'running';
  /** The type of the request that was lost; `undefined` if it was the start. */
  readonly messageType: string | undefined;
  /**
   * It ran out of memory. Known of a thread, of a process over `resourceLimits.maxRssMb`, and of a process whose standard
   * error is piped to the host; else `false`.
   */
  readonly isOutOfMemory: boolean;
  /** Which attempt at the request this was, from 1. */
  readonly attempt: number;
  /** How many attempts were allowed. */
  readonly maxAttempts: number;
  /** The last lines of the worker's standard error, where that is piped to the host. */
  readonly stderr: readonly string[] | undefined;
  constructor(worker: string, details: CrashDetails);
}
/**
 * Turns data into what travels, and back. Host and worker must name the same one; otherwise the worker's start fails
 * with `ERR_SERIALIZER_MISMATCH`, which names both.
 *
 * - A text serializer has a `terminator`: `serialize` returns a string, `deserialize` is given one. A message that
 *   would contain the terminator is refused with `ERR_TERMINATOR_IN_MESSAGE`, alone.
 * - A binary serializer has none: bytes both ways, framed by their length, so any byte may occur in them.
 *
 * What `serialize` throws rejects the one `send` it was called for, with `ERR_NOT_SERIALIZABLE` and the thrown value as
 * its `cause`.
 *
 * @example
 * ```ts
 * class V8Serializer implements Serializer {
 *   readonly name = 'v8';
 *   serialize(data: unknown): Uint8Array {
 *     return v8.serialize(data);
 *   }
 *   deserialize(data: Uint8Array): unknown {
 *     return v8.deserialize(data);
 *   }
 * }
 * ```
 */
export interface Serializer {
  /** Tells serializers apart; compared when a worker starts. */
  readonly name: string;
  /** What ends each message of a text serializer, one character or more. Absent or `null`: a binary serializer. */
  readonly terminator?: string | null | undefined;
  /** @returns A string if there is a terminator, bytes if there is none. */
  serialize(data: unknown): string | Uint8Array;
  /** @param data - A string if there is a terminator, bytes if there is none. Bytes are valid during the call only. */
  deserialize(data: string | Uint8Array): unknown;
}
/** The serializers of this library, by their names. */
export type BuiltInSerializer = 'json' | 'structured';
/** What the option `serializer` takes. */
export type SerializerValue = Serializer | BuiltInSerializer;
/** Options of the default serializer, `JsonSerializer`. */
export interface JsonSerializerOptions {
  /** What ends each message. Default: `'\n'`, which JSON text never contains. */
  terminator?: string | undefined;
}
declare class Parts extends Array<Uint8Array | string> {
  /** The addon reads it: its texts have no character above U+00FF. V8 knows that at once, and tells it nobody else. */
  isNarrow: boolean;
  /** What its methods make is no payload. */
  static get [Symbol.species](): ArrayConstructor;
  /** In bytes; of text, in characters. */
  get size(): number;
  /** The same, in memory that nobody else has, but for what is shared. The first part is that already. */
  copy(): Parts;
}
interface PayloadCodec {
  /** `undefined`: the values themselves travel. */
  readonly serializer: Serializer | undefined;
  /** Payloads of a batch come as one JSON array; without a terminator, all that are JSON. */
  readonly json: boolean;
  /** @param what - For the error: which message this is. */
  encode(value: unknown, what: string): unknown;
  /** One value per record, `undefined` where it has no payload. */
  decodeBatch(records: Int32Array, count: number, payloads: unknown): unknown[];
  decode(payload: unknown): unknown;
  /** A copy of a value that no later change reaches; each call of the result makes it anew. */
  keep(value: unknown, what: string): () => unknown;
}
declare class NativeDebugger {
  constructor();
  /** A debugger may stop this worker from now on, or may no longer. */
  set(isThere: boolean): void;
}
declare class NativeEnvironment {
  /**
   * `memory` is backed by a `SharedArrayBuffer`, aligned to 4 bytes: events are told as integers in it. `engine` is
   * `uv` or `tokio`; `uv` becomes `tokio` where it cannot run. With `busy_poll` the thread stays awake for news where that
   * pays.
   */
  constructor(memory: Buffer, engine: string, busyPoll: boolean);
  /** The engine in use. */
  get engine(): string;
  /**
   * From now on the thread may stay awake for news that Node brings, too, after JavaScript has set the fifth integer of the
   * shared memory.
   */
  watchTurns(): void;
  /**
   * To be called before the thread sleeps until an integer of shared memory has changed: looks for that for a moment, where
   * that pays. `awake` is to be called when it has.
   */
  lookForChange(memory: Buffer, index: number, value: number): void;
  /** What the thread has waited for is there. */
  awake(): void;
  /** How often this thread has looked for news instead of sleeping. */
  get busyPolls(): number;
  /** A function that writes what was sent in this tick. */
  get flushCommand(): () => void;
  /**
   * From now on memory of large results is used again. `transfer` is that of `ArrayBuffer.prototype`, where the runtime
   * has it: what it gives can be transferred to threads. The memory goes with this thread, which must outlive those: it
   * is to be the main thread.
   */
  recycle(transfer?: () => ArrayBuffer): void;
  /** Memory that is passed by reference, all zeros. */
  createSharedBuffer(size: number): Uint8Array;
  /** Whether the memory of a view is that of a shared buffer. */
  isShared(view: Uint8Array): boolean;
}
declare class NativeLifeline {
  /** Throws `ERR_SYSTEM` when no file descriptors are left. */
  constructor(environment: NativeEnvironment);
  /** The descriptor for the child's `stdio`; -1 when it was closed. */
  get childFd(): number;
  /** Closes this process's copy of the child's end: else the end of the child would not be noticed. */
  closeChildEnd(): void;
  /** Asks the worker how it is; 0, or -2: it has not read what was asked before, -3: it is gone. */
  ping(): number;
  /**
   * The answer to the last ping, once: for how many milliseconds its JavaScript has been running without a pause, 0
   * where it waits; -1: it lives, more is not known; -2: no answer has come yet; -3: it is gone.
   */
  pulse(): number;
  /** Whether a debugger may stop the worker, as far as it has told. */
  get isDebugged(): boolean;
  /** How many bytes a worker that is gone had in memory when it ended itself for that; -1 where it did not. */
  report(): number;
  /** Gives the worker the child's end of a new pair, and closes it here. */
  pass(pair: NativePair): void;
  /** Closes what is left of both ends: an undetached worker takes it for its host's death. */
  close(): void;
  /**
   * In a worker: watches its end, which this process inherited, on a thread of its own. `onStream` is called with the
   * descriptor of each new connection, and with -1 when the host is gone; a worker that is still there 600 ms after
   * that is killed, with `killGroup` together with its process group. `uv`: the runtime has the real libuv.
   */
  static guard(fd: number, options: GuardOptions, debuggers: NativeDebugger, onStream: (fd: number) => void): void;
}
declare class NativePair {
  /** Throws `ERR_SYSTEM` when no file descriptors are left. */
  constructor();
  /** The descriptor for the child's `stdio`; -1 when it was closed. */
  get childFd(): number;
  /** Closes this process's copy of the child's end: else the end of the child would not be noticed. */
  closeChildEnd(): void;
  /** Closes what is left of both ends. */
  close(): void;
}
interface GuardOptions {
  /** The death of the host ends the whole process group. */
  killGroup: boolean;
  /** The runtime has the real libuv. */
  uv: boolean;
  /** The worker outlives its host: nothing happens when that dies. */
  detached: boolean;
  /** The most bytes of memory that may be resident. */
  maxRss?: number;
  /** The most seconds of processor time. */
  maxCpuSeconds?: number;
  /** The most file descriptors. */
  maxOpenFiles?: number;
  /** The scheduling priority. */
  nice?: number;
}
interface NativeOptions {
  /** The serializer's name. */
  serializer: string;
  /** What ends a frame; without it payloads are binary and frames length-prefixed. */
  terminator?: string;
  /** Payloads are plain JSON: those of a batch come as one JSON array. Without a terminator they are JSON or arrays of parts. */
  json: boolean;
  /** This side takes a context with requests and notifications. */
  context: boolean;
  /** Large parts of payloads may go through shared memory, where the system has it. */
  sharedMemory: boolean;
  /** The message types that this side has handlers for, in the order of their numbers. */
  handlers: Array<string>;
  /** The largest frame in bytes. */
  maxMessageSize: number;
  /** The most bytes that may wait to be written; Infinity: any number. */
  maxPendingBytes: number;
  /** How long a worker may take to start to serve. */
  startupTimeout: number;
  /** How long a worker waits for its host's handshake. */
  serverConnectTimeout: number;
  /** How long a request may take. */
  messageTimeout: number;
  /** The message types with a timeout of their own. */
  timeoutTypes: Array<string>;
  /** Their timeouts, in the same order. */
  timeoutMillis: Array<number>;
}
/** What goes with a message: names and values, all text. At most 16,384 characters as JSON. */
export type Carrier = Record<string, string>;
/**
 * Takes what belongs to the caller, such as the values of an `AsyncLocalStorage` or a trace, with each message to its
 * handler. The option `context` of both sides; a side that has it not neither sends nor gets any.
 *
 * @example
 * ```ts
 * const context: ContextCarrier = {
 *   inject: () => (storage.getStore() === undefined ? undefined : { user: storage.getStore()!.user }),
 *   extract: ({ user }, run) => storage.run({ user }, run),
 * };
 * ```
 */
export interface ContextCarrier {
  /** Called by `send`, `post` and `stream`, where they are called. What it throws they throw. `undefined`: nothing goes along. */
  inject(): Carrier | undefined;
  /**
   * Called before the handler, with what came along. It must call `run`, at once: the handler runs in there. Where nothing
   * came along it is not called.
   */
  extract<T>(carrier: Carrier, run: () => T): T;
}
declare const enum RequestKind {
  Request = 1,
  /** Its outcome may be preceded by chunks. */
  Stream = 9,
  /** Its payload is followed by chunks of input. */
  Upload = 10,
  /** Both. */
  Duplex = 11,
}
interface Requester {
  /**
   * Sends a request; gives its slot, or `LATER` where `Outcomes.assign` will tell the slot of this owner, at the end of
   * the tick, or `FULL` where there is no room for it. A negative timeout is the configured one.
   */
  request(type: string, payload: unknown, timeout: number, transfer: TransferList | undefined, owner: object): number;
  /** Begins a transaction whose message follows with `submit`; gives its slot. Streams always begin so. */
  reserve(type: string, tx: string | undefined, timeout: number, kind: RequestKind): number;
  /** Sends the message of a transaction, unless it has ended meanwhile; `false` where there is no room for it. */
  submit(slot: number, type: string, payload: unknown, transfer?: TransferList): boolean;
  transactionId(slot: number): string | null;
  /** Ends a transaction for which nothing was, or will be, sent; tells whether there was one. */
  cancel(slot: number): boolean;
  /** Ends a transaction, and tells the peer that nobody waits for its outcome; tells whether there was one. */
  abort(slot: number): boolean;
  /** So many more units of chunks may come. */
  credit(slot: number, units: number): void;
  /**
   * Sends a chunk of input. Gives what it costs in units, negated where too much waits to be written: then the next one
   * should wait for `Outcomes.onRoom`.
   *
   * @throws Where it cannot be sent.
   */
  input(slot: number, payload: unknown, transfer?: TransferList): number;
  /** There is no more input; or its source has failed. */
  endInput(slot: number, error: RemoteErrorPayload | undefined): void;
  /** Ends all transactions without an outcome; gives their slots, oldest first. */
  failAll(): number[];
  /** `false` where there is no room for it. */
  post(type: string, payload: unknown, transfer?: TransferList): boolean;
  /** Until it is called again, requests and notifications take this along, if the peer wants that. */
  carry(carrier: Carrier | undefined): void;
  readonly inFlight: number;
  /** How many bytes were sent and not taken by the system yet; 0 where that is not known. */
  readonly pendingBytes: number;
  /** Asks to be told by `Outcomes.onRoom` once no more than half of what may wait does. */
  wantRoom(): void;
}
type Waited =
  | {
      readonly kind: 'result';
      readonly value: unknown;
    }
  | {
      readonly kind: 'error';
      readonly value: unknown;
    }
  | {
      readonly kind: 'late';
      readonly millis: number;
    }
  | {
      readonly kind: 'refused';
      readonly error: Error;
    }
  /** With the error that has ended the worker, where it has told one. */
  | {
      readonly kind: 'lost';
      readonly fatal: unknown;
    }
  /** It is not there, and should have been by now. */
  | {
      readonly kind: 'unready';
    };
interface HostConnection extends Requester {
  /**
   * Blocks this thread until a request has its outcome, or the worker is lost. What comes meanwhile for others is told
   * later; what the worker asks fails with `ERR_HOST_BLOCKED`. Absent where nothing comes to a blocked thread.
   */
  block?(slot: number): Waited;
  /** As `request`, where its slot is known at once. Absent where it is not. */
  beginNow?(type: string, payload: unknown, timeout: number): number;
  /** Asks the worker to stop, after all that was sent before. */
  askToClose(): void;
  /** Whether the connection keeps the event loop alive: -1 never, 0 while requests are in flight, 1 always. */
  setHold(hold: number): void;
  /** Handles everything that has arrived, before it returns. */
  drain(): void;
  /** Nothing more will be told. */
  close(): void;
}
interface ConnectedRequester<R extends Requester = Requester> {
  readonly connection: R;
  /** At the end of this tick. */
  scheduleFlush(): void;
  /** Now; blocking, where that takes a moment. */
  flush(): void;
}
interface ConnectedHost extends ConnectedRequester<HostConnection> {
  /** Ends the connection; where that takes a moment, it resolves when it is done. */
  close(): void | Promise<void>;
}
interface Outcomes {
  /** The slot of a request that was promised one. */
  assign(slot: number, owner: object): void;
  /** @param millis - The timeout, where that is the outcome. */
  settle(slot: number, kind: RecordKind, value: unknown, millis: number): void;
  /** An answer that cannot be used, or a message that could not be sent. */
  refuse(slot: number, error: WorkerError): void;
  /** What a handler tells before its outcome. */
  onProgress(slot: number, value: unknown): void;
  /** @param cost - In units. */
  onChunk(slot: number, value: unknown, cost: number): void;
  /** So many more units of input may be sent; 0: no more is wanted. */
  onDemand(slot: number, units: number): void;
  /** All outcomes of this batch were told. */
  batchEnd(): void;
  /** There is room again. */
  onRoom(): void;
}
interface ConnectionSetup {
  readonly options: NativeOptions;
  readonly codec: PayloadCodec;
  /** What a worker that has named no serializer takes; `undefined`: it can take none. */
  readonly builtIn: string | undefined;
  /** JSON text. */
  readonly startupData: string | undefined;
  readonly outcomes: Outcomes;
  /** Asked when something is late: a debugger may have stopped the host or the worker, so it does not count. */
  isDebugged(): boolean;
  /** Runs the host's own handlers for what the worker asks. */
  createDispatcher<Call>(answers: Answers<Call>): Answerer<Call>;
  /** The types that they serve. */
  readonly names: readonly string[];
  /** Tells what is rare: a `Control` and what belongs to it. */
  onControl(what: number, number: number, payload: unknown, detail: string): void;
  /** Something that only a log can tell. */
  onTrouble(text: string): void;
}
interface NamedSocket {
  readonly path: string;
  readonly token: string;
}
interface Ending {
  readonly reason: ShutdownReason;
  /** The error that ended it, where it is known. */
  readonly cause?: Error | undefined;
}
interface HostChannel extends CoreChannel {
  /** What it is, for the log. */
  readonly title: string;
  readonly stdout: Readable | null;
  readonly stderr: Readable | null;
  /** Resolves when the worker is gone and its output has been read. */
  readonly exited: Promise<Ending>;
  /** Its output is told by lines: then the streams alone do not keep the host alive. */
  outputIsTold?: boolean;
  /** The last lines of standard error, where it is piped. */
  readonly lastWords: string[] | undefined;
  /** Messages travel as values, without a serializer unless the user gives one. */
  readonly movesValues: boolean;
  /** Connects; called once, before any `reconnect`. */
  connect(setup: ConnectionSetup): ConnectedHost;
  /** The worker outlives its connection, and its host. */
  readonly isDetached?: boolean | undefined;
  /**
   * Lets go of a worker that lives on, and was there before this host: what is held besides the connection. Absent where
   * the host has started the worker.
   */
  release?(): void;
  /** Where a detached worker listens. */
  readonly socketPath?: string | undefined;
  /** Connects again, after the connection was closed without ending the worker. */
  reconnect?(setup: ConnectionSetup): ConnectedHost | Promise<ConnectedHost>;
  /**
   * For how many milliseconds its JavaScript has been running without a pause; 0: it waits; -1: it lives, more is not
   * known; -2: it did not answer in time; -3: it is gone. What is not `referenced` does not keep the host alive.
   */
  pulse(timeout: number, referenced?: boolean): Promise<number>;
  /** The worker has told that a debugger may stop it. Absent where it does not tell. */
  readonly isDebugged?: boolean | undefined;
  /**
   * How it has ended, while this thread is blocked and cannot be told; waits for that so many milliseconds. Absent where it
   * cannot be known.
   */
  peekEnd?(timeout: number): ShutdownReason | undefined;
  /** Besides the message that asks the worker to stop: what the driver itself does to end it in good order. */
  askToEnd(): void;
  /** Ends the worker, unless it is gone. */
  kill(signal: 'SIGTERM' | 'SIGKILL'): void;
  /** Whether the worker keeps the host alive. */
  setRef(referenced: boolean): void;
}
declare class Terminal {
  private readonly native;
  private readonly wasRaw;
  private constructor();
  /** As it is before the worker starts; `undefined` where there is none to break. */
  static save(): Terminal | undefined;
  /** After a worker that had no chance to do so itself, unless the host has made it something else meanwhile. */
  restore(): void;
}
/** A running child process and the host's end of its connection. */
export declare class ProcessChannel implements HostChannel {
  private readonly child;
  private readonly pair;
  private readonly lifeline;
  private readonly options;
  private readonly socket?;
  readonly isCore = true;
  readonly movesValues = false;
  readonly pid: number;
  readonly stdout: Readable | null;
  readonly stderr: Readable | null;
  /** Resolves when the process is gone and its output has been read. */
  readonly exited: Promise<Ending>;
  private readonly lastLines;
  outputIsTold: boolean;
  private readonly life;
  private gone;
  constructor(
    child: ChildProcess,
    pair: NativePair,
    lifeline: NativeLifeline,
    options: {
      readonly limits: ProcessResourceLimits;
      readonly killTree: boolean;
      readonly terminal?: Terminal | undefined;
    },
    socket?: NamedSocket | undefined,
  );
  get title(): string;
  connect(setup: ConnectionSetup): ConnectedHost;
  get isDetached(): boolean;
  get socketPath(): string | undefined;
  /** Over a new pair, whose other end goes to the worker over the lifeline; by the door, where others may have come. */
  reconnect(setup: ConnectionSetup): ConnectedHost | Promise<ConnectedHost>;
  pulse(timeout: number, referenced?: boolean): Promise<number>;
  get isDebugged(): boolean;
  peekEnd(timeout: number): ShutdownReason | undefined;
  askToEnd(): void;
  /** The last lines of standard error, where it is piped. */
  get lastWords(): string[] | undefined;
  /** Sends a signal, unless the process is gone. */
  kill(signal: NodeJS.Signals): void;
  /** `false`: nobody is in it. */
  private signalGroup;
  /** Whether the process keeps the host alive. */
  setRef(referenced: boolean): void;
}
/** The default driver: each worker is a process of its own, connected by a private pair that nobody else can reach. */
export declare class ChildProcessDriver implements Driver<ChildProcessCapabilities, ProcessOptions> {
  readonly name = 'child_process';
  readonly capabilities: ChildProcessCapabilities;
  spawn(script: string, options: ProcessOptions): Promise<ProcessChannel>;
}
/**
 * A payload that is encoded once, for any number of `send`s and `post`s, to any workers. What becomes of the value afterwards
 * does not reach it. Made with `preparePayload`.
 *
 * @typeParam T - The payload.
 */
export declare class PreparedPayload<T = unknown> {
  #private;
  /** For the type alone. */
  private readonly payload;
  /** @internal */
  constructor(parts: Parts, read: (parts: Parts) => unknown);
  /** What the serializer `'structured'` makes of it. @internal */
  get parts(): Parts;
  /** What another makes of it, made when it is first needed. @internal */
  encodedBy<E>(serializer: unknown, encode: (value: unknown) => E): E;
}
/**
 * What becomes of a worker that does not heed a cancellation, in milliseconds from the abort, or from the timeout. Then the
 * worker has crashed: its other requests reject, or are retried.
 */
export interface EscalateOptions {
  /** After it the worker is ended with SIGTERM; a thread is terminated. Default: never. */
  terminateAfter?: number | undefined;
  /** After it the worker is ended with SIGKILL. Default: never. */
  killAfter?: number | undefined;
}
/** Where chunks may come from: any iterable, a stream of Node, or one of the web. */
export type ChunkSource<C> = AsyncIterable<C> | Iterable<C> | ReadableStream$1<C>;
/**
 * What a handler with a `stream` returns: an async generator, whose return value is the result; or a readable stream, or
 * any other async iterable.
 */
export type ChunkStream<C, R> =
  | {
      [Symbol.asyncIterator](): AsyncIterator<C, R, undefined>;
    }
  | Generator<C, R, undefined>
  | ReadableStream$1<C>;
/**
 * The chunks of an answer, in order. It can be read once. A reader that is slow stops the writer; one that leaves, by `break`,
 * `return()` or `throw()`, ends it. When the request fails, reading throws after the chunks that had arrived.
 *
 * @typeParam C - The chunks.
 * @typeParam R - What the handler returns in the end.
 */
export interface WorkerStream<C, R = void> extends AsyncIterableIterator<C> {
  /**
   * Resolves with what the handler returned in the end, or rejects with what the reading throws. It comes after the last
   * chunk, and so only to who reads. That nobody waits for it is no unhandled rejection.
   */
  readonly result: Promise<R>;
  next(): Promise<IteratorResult<C, undefined>>;
  return(): Promise<IteratorResult<C, undefined>>;
  throw(error: unknown): Promise<IteratorResult<C, undefined>>;
  /** The same as `return()`. */
  [Symbol.asyncDispose](): Promise<void>;
}
/**
 * Options of one `post`.
 *
 * @typeParam T - What `transfer` takes: `never` where the driver moves no memory.
 */
export interface PostOptions<T extends TransferList = TransferList> {
  /**
   * What of the payload is moved to the worker instead of copied: `ArrayBuffer`s, `MessagePort`s and the like. Only where
   * the driver's `capabilities.sharedMemory` is `true`, else `ERR_UNSUPPORTED_BY_DRIVER`. Default: nothing.
   */
  transfer?: T | undefined;
}
/**
 * Options of one `send`.
 *
 * @typeParam T - As of {@link PostOptions}.
 */
export interface SendOptions<T extends TransferList = TransferList> extends PostOptions<T> {
  /**
   * In milliseconds, in place of the worker's own message timeouts; `0` and `Infinity` mean: no limit. Of a request with
   * chunks it is the longest pause: it begins anew whenever something comes, and does not run while its reader is slow.
   */
  timeout?: number | undefined;
  /** Its abort rejects the request at once with the signal's reason, and aborts the signal of the handler. */
  signal?: AbortSignal | undefined;
  /** What becomes of a worker whose handler does not end after an abort or a timeout. In a worker: ignored. Default: nothing. */
  escalate?: EscalateOptions | undefined;
}
/** What `send` and `stream` take for the type `K` besides {@link SendOptions}. */
export interface MessageOptions<M extends MessageDefinitions, K extends MessageTypeOf<M>> {
  /** Called with each value that the handler tells before its outcome. */
  onProgress?: ((value: ProgressOf<M, K>) => void) | undefined;
}
/** The chunks that follow the payload of the type `K`. */
export interface InputOptions<M extends MessageDefinitions, K extends MessageTypeOf<M>> {
  /** Read as fast as the handler reads; ended when the request has. */
  input: ChunkSource<InputOf<M, K>>;
}
type Payload<M extends MessageDefinitions, K extends MessageTypeOf<M>> =
  PayloadOf<M, K> | PreparedPayload<PayloadOf<M, K>>;
/**
 * Sends requests.
 *
 * @typeParam T - As of {@link PostOptions}.
 */
export interface RequestSender<M extends MessageDefinitions, T extends TransferList = never> {
  /**
   * Sends a request and waits for its outcome. Requests sent before the worker is ready wait, in order. Any number may
   * be in flight. One that fails leaves the worker and its other requests alone.
   *
   * @param payload - May be left out where the type accepts `undefined`.
   * @returns What the handler returned; for a type without result, nothing, once the handler is done.
   * @throws What the handler threw, rebuilt; the reason of the `signal`; or a `WorkerError`, for example with the code
   *   `ERR_MESSAGE_TIMEOUT`, `ERR_NOT_SERIALIZABLE`, `ERR_MESSAGE_TOO_LARGE`, `ERR_WORKER_CRASHED` or `ERR_WORKER_CLOSED`.
   */
  send<K extends Exclude<WithOptionalPayload<M>, WithInput<M> | WithStreamAlone<M>>>(
    type: K,
  ): Promise<ResultPayloadOf<M, K>>;
  send<K extends Exclude<MessageTypeOf<M>, WithInput<M> | WithStreamAlone<M>>>(
    type: K,
    payload: Payload<M, K>,
    options?: SendOptions<T> & MessageOptions<M, K> & Partial<InputOptions<M, K>>,
  ): Promise<ResultPayloadOf<M, K>>;
  send<K extends Exclude<WithInput<M>, WithStreamAlone<M>>>(
    type: K,
    payload: Payload<M, K>,
    options: SendOptions<T> & MessageOptions<M, K> & InputOptions<M, K>,
  ): Promise<ResultPayloadOf<M, K>>;
  /**
   * Sends a request whose handler answers with a stream, at once. What goes wrong is told by reading it, and by its `result`.
   *
   * @param payload - As of `send`.
   */
  stream<K extends Exclude<WithOptionalPayload<M> & WithStream<M>, WithInput<M>>>(
    type: K,
  ): WorkerStream<StreamOf<M, K>, ResultPayloadOf<M, K>>;
  stream<K extends Exclude<WithStream<M>, WithInput<M>>>(
    type: K,
    payload: Payload<M, K>,
    options?: SendOptions<T> & MessageOptions<M, K> & Partial<InputOptions<M, K>>,
  ): WorkerStream<StreamOf<M, K>, ResultPayloadOf<M, K>>;
  stream<K extends WithStream<M> & WithInput<M>>(
    type: K,
    payload: Payload<M, K>,
    options: SendOptions<T> & MessageOptions<M, K> & InputOptions<M, K>,
  ): WorkerStream<StreamOf<M, K>, ResultPayloadOf<M, K>>;
  /**
   * Sends a notification: no answer comes, not even an error of the handler.
   *
   * @throws A `WorkerError` where the message cannot be sent at all, for example with the code `ERR_WORKER_CLOSED`.
   */
  post<K extends WithOptionalPayload<M>>(type: K): void;
  post<K extends MessageTypeOf<M>>(type: K, payload: Payload<M, K>, options?: PostOptions<T>): void;
}
/**
 * What a worker asks its host with. What is asked before the server has started waits for it; while no host is connected,
 * it fails with `ERR_HOST_DISCONNECTED`.
 *
 * @typeParam H - The messages that the host serves, made with `DefineMessages`.
 */
export type HostClient<H extends MessageDefinitions = MessageDefinitions> = RequestSender<H, TransferList>;
/**
 * Where log lines go. `console` is one. What a logger throws is ignored.
 *
 * @example `createWorker({ script, logger: console, logLevel: 'debug' })`
 */
export interface Logger {
  debug(message: string, ...details: unknown[]): void;
  info(message: string, ...details: unknown[]): void;
  warn(message: string, ...details: unknown[]): void;
  error(message: string, ...details: unknown[]): void;
}
/** The least severe level that is logged, from none to everything. Default: `'warn'`. */
export type LogLevel = 'silent' | 'error' | 'warn' | 'info' | 'debug';
/** Seen from the side that runs the middleware: `outgoing` is not encoded yet, `incoming` is decoded already. */
export type MessageDirection = 'incoming' | 'outgoing';
/**
 * Looks at, or changes, each message on its way. It may run in the host, in the worker, or in both.
 *
 * Several run in the order they were given, in both directions. Messages keep their order even where a middleware
 * answers asynchronously. The message object is sealed: its `payload` may be replaced, members cannot be added.
 *
 * @returns The message that goes on. Without a return value the message that came in goes on.
 * @throws What it throws, or rejects with, fails that one message: the `send` it belongs to rejects with it.
 */
export type Middleware<M extends MessageDefinitions = MessageDefinitions> = (
  message: AnyMessage<M>,
  direction: MessageDirection,
) => AnyMessage<M> | void | PromiseLike<AnyMessage<M> | void>;
/**
 * How long to wait for what, in milliseconds. `0` and `Infinity` mean: no limit.
 *
 * A negative number, `NaN`, or anything that is no number is refused with `ERR_INVALID_OPTION`. What has arrived is
 * handled before a deadline is checked, so a busy host makes no healthy worker time out.
 */
export interface TimeoutConfig<M extends MessageDefinitions = MessageDefinitions> {
  /** From the spawn until the worker is ready, else `ERR_START_TIMEOUT`. Default: 10,000. */
  startup?: number | undefined;
  /**
   * From the worker server's start until its host's handshake is there, else `startWorkerServer` rejects with
   * `ERR_CONNECT_TIMEOUT`; also how long `getStartupData` may block. What the worker itself says goes first; what the
   * host says reaches child processes only. Default: 30,000.
   */
  serverConnect?: number | undefined;
  /** From `send` until the answer, else `ERR_MESSAGE_TIMEOUT`. Default: 300,000. */
  message?: number | undefined;
  /** Message timeouts of single message types, in place of `message`. `SendOptions.timeout` overrides both. */
  types?:
    | {
        [K in MessageTypeOf<M>]?: number | undefined;
      }
    | undefined;
}
/** Options of `startWorkerServer`. */
export interface WorkerServerOptions<
  M extends MessageDefinitions = MessageDefinitions,
  H extends MessageDefinitions = MessageDefinitions,
> {
  /** The host needs the same. Default: the host's, where that is `'json'` or `'structured'`; otherwise none fits. */
  serializer?: SerializerValue | undefined;
  /** Runs in the worker. Default: none. */
  middleware?: Middleware<M> | readonly Middleware<M>[] | undefined;
  /** Takes what belongs to the caller along, in both directions. The host needs it, too. Default: nothing goes along. */
  context?: ContextCarrier | undefined;
  /** Default: `defaultLogger`. */
  logger?: Logger | undefined;
  /** Default: `'warn'`. */
  logLevel?: LogLevel | undefined;
  /**
   * The driver that must have started this worker, else `ERR_DRIVER_MISMATCH`. Default: whichever did is detected. A driver
   * of your own that has `createServer` must be named.
   */
  driver?: DriverValue | undefined;
  /**
   * Runs when the host closes this worker, or `close()` is called: after the last answer, before the end. What it throws is
   * logged. It has as long as the host's `close({ timeout })` leaves it. Not called when the host is gone.
   */
  onClose?: (() => void | PromiseLike<void>) | undefined;
  /**
   * How many handlers may run at once, those of notifications included; the other messages wait in order. Where very many
   * wait, a worker process stops reading, and its host has to wait. Default: `Infinity`.
   */
  maxConcurrency?: number | undefined;
  /**
   * How many bytes of answers may wait until the host reads them, before a worker process begins no more handlers and reads
   * no more messages. Default: 67,108,864 (64 MiB); `Infinity`: no limit.
   */
  maxPendingBytes?: number | undefined;
  /** In milliseconds; `message` and `types` are for what this worker asks its host. */
  timeout?: Pick<TimeoutConfig<H>, 'serverConnect' | 'message' | 'types'> | undefined;
}
/** The part inside the worker that answers. */
export interface WorkerServer<H extends MessageDefinitions = MessageDefinitions> {
  /** Asks the host. */
  readonly host: HostClient<H>;
  /** Whether the host is connected. */
  readonly isConnected: boolean;
  /** Stops answering and ends the connection, once what is being handled is answered. Calling it again is fine. */
  close(): Promise<void>;
}
/**
 * What every handler gets besides the payload. Its members may be taken apart: `(payload, { signal, progress }) => …`.
 *
 * @typeParam K - The message type.
 * @typeParam P - What `progress` takes.
 * @typeParam I - What `input` is.
 */
export interface MessageContext<K extends string, P, I> {
  /**
   * Aborted when nobody waits for the outcome any more: the request was cancelled, has timed out, its stream was left, or
   * who asked is gone.
   */
  readonly signal: AbortSignal;
  /** The transaction id; `undefined` for a notification. */
  readonly tx: string | undefined;
  /** The message type. */
  readonly type: K;
  /** Tells who asked how far it is, before the outcome. A notification tells nobody. */
  readonly progress: (value: P) => void;
  /** The chunks that follow the payload, for a type with `input`. They can be read once. */
  readonly input: I;
}
/** What a handler in a worker gets as its second argument. */
export type HandlerContext<
  M extends MessageDefinitions = MessageDefinitions,
  K extends MessageTypeOf<M> = MessageTypeOf<M>,
  H extends MessageDefinitions = MessageDefinitions,
> = MessageContext<TypeFor<M, K>, ProgressOf<M, K>, InputFor<M, K>> & {
  /** Asks the host. */
  readonly host: HostClient<H>;
  /** The server that this handler belongs to. */
  readonly worker: WorkerServer<H>;
};
/** What a handler in a host gets as its second argument. */
export type HostHandlerContext<H extends MessageDefinitions, K extends MessageTypeOf<H>, W> = MessageContext<
  TypeFor<H, K>,
  ProgressOf<H, K>,
  InputFor<H, K>
> & {
  /** The worker that asks. */
  readonly worker: W;
};
type TypeFor<M extends MessageDefinitions, K extends string> = string extends keyof M ? string : K;
type InputFor<M extends MessageDefinitions, K extends MessageTypeOf<M>> = {
  [P in K]: 'input' extends keyof M[P] ? AsyncIterable<InputOf<M, P>> : undefined;
}[K];
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
/** Options of one `sendSync`. */
export interface SyncOptions {
  /** In milliseconds, in place of the worker's own message timeouts; `0` and `Infinity` mean: no limit. */
  timeout?: number | undefined;
}
/** What a worker can do besides when its driver's `capabilities.sync` is `true`. */
export interface SyncSender<M extends MessageDefinitions> {
  /**
   * As `send`, for code that cannot await: blocks the calling thread, its timers and all other work included, until the
   * outcome is there, its time is over, or the worker is lost. What the worker asks its host meanwhile fails with
   * `ERR_HOST_BLOCKED`. It is never sent again to another worker.
   *
   * @returns What the handler returned.
   * @throws What `send` rejects with; and `ERR_BACKPRESSURE` where too much waits to be written, `ERR_ASYNC_MIDDLEWARE`
   *   where a middleware returns a promise. How a thread has ended is not known yet: the crash has the reason `close`.
   */
  sendSync<K extends Exclude<WithOptionalPayload<M>, WithInput<M> | WithStreamAlone<M>>>(
    type: K,
  ): ResultPayloadOf<M, K>;
  sendSync<K extends Exclude<MessageTypeOf<M>, WithInput<M> | WithStreamAlone<M>>>(
    type: K,
    payload: PayloadOf<M, K>,
    options?: SyncOptions,
  ): ResultPayloadOf<M, K>;
}
/** What `worker.on` tells, by event, as the arguments of its listeners. */
export interface WorkerEvents<H extends MessageDefinitions = MessageDefinitions> {
  /** The worker is gone, whichever way. */
  exit: [exit: WorkerExit];
  /** The worker ended without being closed; before `exit`. */
  crash: [error: WorkerCrashedError];
  /** A new worker serves in place of one that crashed. */
  restart: [restart: WorkerRestart];
  /** What a request has come to whose host had left; told to the next host of a detached worker. */
  keptResult: [kept: KeptResult];
  /** The worker has sent this with `host.post`; the host's handler, if there is one, is called too. */
  notification: [
    message: {
      [K in MessageTypeOf<H>]: {
        readonly type: K;
        readonly payload: PayloadOf<H, K>;
      };
    }[MessageTypeOf<H>],
  ];
  /** `disconnect()` is done, or another host has taken over a detached worker. */
  disconnect: [];
  /** `reconnect()` is done. */
  reconnect: [];
  /** Its JavaScript has been running without a pause for longer than the option `unresponsiveAfter` allows. */
  unresponsive: [
    blocked: {
      readonly blockedFor: number;
    },
  ];
}
/** The outcome of a request whose host had left: `result`, or `error`. */
export interface KeptResult {
  /** The message type of the request. */
  readonly type: string;
  /** Its transaction id. */
  readonly tx: string;
  readonly result?: unknown;
  readonly error?: Error | undefined;
}
/** A worker's end. */
export interface WorkerExit {
  /** Its process id, where it had one. */
  readonly pid: number | undefined;
  readonly reason: ShutdownReason;
}
/** A worker's new beginning. */
export interface WorkerRestart {
  /** The new process id, where it has one. */
  readonly pid: number | undefined;
  /** How many workers have been started in place of the first. */
  readonly count: number;
}
/**
 * How a worker is.
 *
 * - `alive`: its event loop turns.
 * - `blocked`: it lives, and its JavaScript has been running without a pause for `blockedFor` milliseconds.
 * - `silent`: it gave no answer in time: it is stopped, or the machine is overloaded.
 * - `gone`: it has ended.
 */
export type WorkerHealth =
  | {
      readonly state: 'alive';
    }
  | {
      readonly state: 'blocked';
      readonly blockedFor: number;
    }
  | {
      readonly state: 'silent';
    }
  | {
      readonly state: 'gone';
    };
/** Options of `health`. */
export interface HealthOptions {
  /** How long to wait for an answer, in milliseconds. Default: 1,000. */
  timeout?: number | undefined;
  /** From how many milliseconds on a worker whose JavaScript does not pause is `blocked`. Default: 100. */
  blockedAfter?: number | undefined;
}
/** Options of `close`. */
export interface CloseOptions {
  /** How long the worker may take to end by itself, in milliseconds, before it is terminated. Default: 5,000. */
  timeout?: number | undefined;
  /** What becomes of requests in flight: `finish` waits for them, `reject` rejects them. Default: `'finish'`. */
  pending?: 'finish' | 'reject' | undefined;
}
/**
 * The host's handle to a worker. The members that need a capability exist only where the driver's type has it.
 *
 * A client may stand in for one with fewer message types. Where any worker will do, it is `WorkerClient<any, any>`.
 *
 * @typeParam M - The messages, made with `DefineMessages`.
 * @typeParam D - The driver; `Driver` where it is not known.
 * @typeParam H - The messages that the worker sends to its host.
 */
export type WorkerClient<
  M extends MessageDefinitions = MessageDefinitions,
  D extends Driver = ChildProcessDriver,
  H extends MessageDefinitions = MessageDefinitions,
> = MessageSender<M, TransferListOf<D>> &
  WorkerHandle<D, H> &
  (CapabilitiesOf<D>['reconnect'] extends true ? Reconnectable : unknown) &
  (CapabilitiesOf<D>['sync'] extends true ? SyncSender<M> : unknown);
/** What `transfer` takes with the driver `D`: `never` unless its `capabilities.sharedMemory` is `true`. */
export type TransferListOf<D extends Driver> = CapabilitiesOf<D>['sharedMemory'] extends true ? TransferList : never;
declare const messages: unique symbol;
/**
 * Sends messages to a worker.
 *
 * @typeParam T - As of {@link PostOptions}.
 */
export interface MessageSender<M extends MessageDefinitions, T extends TransferList = never> extends RequestSender<
  M,
  T
> {
  /**
   * Never there. It tells the compiler to compare senders by their messages, which it does not do for overloads, so
   * that a worker with other messages is not taken for this one.
   *
   * @internal
   */
  readonly [messages]?: Handlers<M>;
}
/** What a worker can do whatever its messages are. */
export interface WorkerHandle<D extends Driver = Driver, H extends MessageDefinitions = MessageDefinitions> {
  /**
   * Ends the worker: refuses new requests, waits for those in flight, asks the worker to stop, and where it does not,
   * terminates and then kills it. Resolves when the worker is gone, with how it ended. A detached one that another host has
   * it only lets go. Calling it again is fine.
   */
  close(options?: CloseOptions): Promise<ShutdownReason>;
  /** Ends the worker at once: with SIGTERM, and where it ignores that with SIGKILL a second later. */
  terminate(): Promise<ShutdownReason>;
  /** Ends the worker at once, with SIGKILL. */
  kill(): Promise<ShutdownReason>;
  /** Closes the worker at the end of an `await using` block. */
  [Symbol.asyncDispose](): Promise<void>;
  /**
   * How many bytes were sent that the worker's connection has not taken yet. Always 0 where values travel between threads,
   * or by a driver of your own.
   */
  readonly pendingBytes: number;
  /**
   * Resolves when `pendingBytes` is at most half of `maxPendingBytes`: at once, where it is. A loop that sends much awaits
   * it between messages.
   *
   * @throws What a `send` would, when the worker is lost, closed or disconnected.
   */
  drained(): Promise<void>;
  /** Whether requests are taken: from the spawn until the worker is closed or lost. */
  readonly isActive: boolean;
  /** Whether the worker server has answered and its connection is open. */
  readonly isConnected: boolean;
  /** The worker's process id, also after its end; `undefined` for workers without a process of their own. */
  readonly pid: PidOf<D>;
  readonly name: string;
  /** Where a detached worker listens for hosts; `undefined` for others. */
  readonly socketPath: string | undefined;
  readonly capabilities: CapabilitiesOf<D>;
  /** The worker's standard output where it is piped, else `null`. */
  readonly stdout: Readable | null;
  /** The worker's standard error where it is piped, else `null`. */
  readonly stderr: Readable | null;
  /**
   * How the worker is, also while its JavaScript is blocked: a thread of its own answers for a process. Of a worker thread
   * the time it is blocked counts from the first call that finds it so; on Bun and Deno a process is never `blocked`.
   */
  health(options?: HealthOptions): Promise<WorkerHealth>;
  /** Calls the listener each time. */
  on<E extends keyof WorkerEvents<H>>(event: E, listener: (...details: WorkerEvents<H>[E]) => void): this;
  /** Calls the listener the next time. */
  once<E extends keyof WorkerEvents<H>>(event: E, listener: (...details: WorkerEvents<H>[E]) => void): this;
  /** Calls the listener no more. */
  off<E extends keyof WorkerEvents<H>>(event: E, listener: (...details: WorkerEvents<H>[E]) => void): this;
  /** Keeps the host alive as long as the worker is there. By default only requests in flight do. */
  ref(): this;
  /** Lets the host end even while requests are in flight. */
  unref(): this;
}
/** What a worker can do besides when its driver's `capabilities.reconnect` is `true`. */
export interface Reconnectable {
  /**
   * Ends the connection; the worker keeps running, with its state. Requests in flight, and those sent until it is connected
   * again, reject with `ERR_WORKER_DISCONNECTED`.
   */
  disconnect(): Promise<void>;
  /** Connects to the same running worker again. */
  reconnect(): Promise<void>;
}
/** A request that has no transaction id yet; for a union of types discriminated by `type`. */
export type UnsentRequest<
  M extends MessageDefinitions = MessageDefinitions,
  K extends MessageTypeOf<M> = MessageTypeOf<M>,
> = {
  [P in K]: {
    readonly type: P;
    readonly payload: PayloadOf<M, P>;
  };
}[K];
/**
 * Makes the transaction id of a request, which is used as it is. The default is a random UUID.
 *
 * `send` rejects with `ERR_DUPLICATE_TRANSACTION` when a request with the same id is in flight, and with
 * `ERR_INVALID_TRANSACTION_ID` when the id is no string that can travel.
 */
export type TransactionIdGenerator<M extends MessageDefinitions = MessageDefinitions> = (
  message: UnsentRequest<M>,
) => string;
/** What becomes of a request whose worker ends without being closed: it rejects. */
export interface RejectStrategy {
  readonly strategy: 'reject';
}
/** What becomes of a request whose worker ends without being closed: a new worker gets it. */
export interface RetryStrategy {
  readonly strategy: 'retry';
  /** How often a request is tried in all, 1 or more. Default: 2. */
  readonly attempts?: number | undefined;
}
/**
 * What happens when a worker ends without being closed.
 *
 * With `retry` one new worker is started, with the same start-up data, and the requests that were in flight are sent
 * again, one after the other, so that one that ends every worker it meets fails alone. Requests that are sent meanwhile
 * wait. The timeout of a request counts from its first sending. Only for handlers that may run twice.
 */
export type UnexpectedShutdown<M extends MessageDefinitions = MessageDefinitions> = (RejectStrategy | RetryStrategy) & {
  /** For single message types, by name. */
  readonly types?:
    | {
        readonly [K in MessageTypeOf<M>]?: RejectStrategy | RetryStrategy;
      }
    | undefined;
};
/**
 * Options of `createWorker`. Where `D` is named and is not the child process driver, `driver` is required: a type alone
 * cannot choose a driver.
 *
 * @typeParam M - The messages, made with `DefineMessages`.
 * @typeParam D - The driver.
 * @typeParam H - What the worker asks its host.
 */
export type WorkerOptions<
  M extends MessageDefinitions = MessageDefinitions,
  D extends Driver = ChildProcessDriver,
  H extends MessageDefinitions = MessageDefinitions,
> = BaseWorkerOptions<M, D, H> &
  (ChildProcessDriver extends D
    ? unknown
    : {
        driver: object;
      });
/** The options that do not depend on which driver is named. */
export interface BaseWorkerOptions<
  M extends MessageDefinitions,
  D extends Driver,
  H extends MessageDefinitions = MessageDefinitions,
> extends ProcessOptions {
  /**
   * The worker's script: a path, relative to the current directory, or a file URL such as
   * `new URL('./worker.js', import.meta.url)`. Missing: `ERR_SCRIPT_NOT_FOUND`. A TypeScript file works where the
   * runtime or an installed loader can run it, else `ERR_TYPESCRIPT_UNSUPPORTED`.
   */
  script: string | URL;
  /** An instance, or a driver class itself. Default: the child process driver. */
  driver?: DriverValue<D> | undefined;
  /** What the driver's `spawn` takes. */
  driverOptions?: DriverOptionsFor<D> | undefined;
  /** Serve what the worker asks with `host.send` and `host.post`. Default: none. */
  handlers?: HostHandlers<H, WorkerClient<M, D, H>> | undefined;
  /** For logs and errors. Default: the script's base name. */
  name?: string | undefined;
  /** What `getStartupData()` returns in the worker. Always JSON, whatever the serializer; of any size. */
  startupData?: unknown;
  /**
   * What turns payloads into what travels: `'json'`, `'structured'` (all that structured clone carries, errors in full), or
   * one of your own, which the worker server must have, too. Default: `'json'` for processes; none where values travel as
   * they are.
   */
  serializer?: SerializerValue | undefined;
  /** In milliseconds; a number is the message timeout. Default: 10 s to start, 5 min per message. */
  timeout?: number | TimeoutConfig<M> | undefined;
  /** Runs in the host. Default: none. */
  middleware?: Middleware<M> | readonly Middleware<M>[] | undefined;
  /** Takes what belongs to the caller along, in both directions. The worker needs it, too. Default: nothing goes along. */
  context?: ContextCarrier | undefined;
  /** Default: a UUID per request. */
  txIdGenerator?: TransactionIdGenerator<M> | undefined;
  /**
   * The longest encoded message in bytes, in either direction; one over it fails with `ERR_MESSAGE_TOO_LARGE`, alone.
   * Default: 268,435,456 (256 MiB). Where values travel without a serializer, it measures a payload that is itself a
   * string or a `Uint8Array`, and no other.
   */
  maxMessageSize?: number | undefined;
  /**
   * How many bytes of messages may wait to be written to the worker. Over it, `whenFull` decides about `send`, and `post`
   * throws `ERR_BACKPRESSURE`. A message that is larger passes alone. Where values travel between threads, or by a driver
   * of your own, nothing is counted. Default: 67,108,864 (64 MiB); `Infinity`: no limit.
   */
  maxPendingBytes?: number | undefined;
  /**
   * What `send` does over `maxPendingBytes`: `wait` for its turn, within its timeout; or `reject` with `ERR_BACKPRESSURE`.
   * Default: `'wait'`.
   */
  whenFull?: 'wait' | 'reject' | undefined;
  /**
   * Called with each line that the worker writes to its standard output and error, without its end; `worker` is the worker's
   * name. Streams that `stdio` (of a thread: `stdout` and `stderr`) does not name are piped for it. A line of more than 65,536
   * characters comes in pieces. Default: none.
   */
  onOutput?: ((line: string, source: 'stdout' | 'stderr', worker: string) => void) | undefined;
  /** Default: `defaultLogger`. */
  logger?: Logger | undefined;
  /** Default: `'warn'`. */
  logLevel?: LogLevel | undefined;
  /** What happens when the worker ends without being closed. Default: `{ strategy: 'reject' }`. */
  unexpectedShutdown?: UnexpectedShutdown<M> | undefined;
  /**
   * After how many milliseconds without a pause in its JavaScript the event `unresponsive` tells of it. Default: nobody
   * looks.
   */
  unresponsiveAfter?: number | undefined;
  /** `false`: resolve once the worker is spawned; messages wait until it is ready. Default: `true`. */
  waitForReady?: boolean | undefined;
}
/**
 * Starts a worker and resolves when it serves.
 *
 * @typeParam M - Its messages, made with `DefineMessages`.
 * @typeParam D - Its driver; the child process driver by default.
 * @typeParam H - What the worker asks this host, made with `DefineMessages`.
 * @throws `ERR_INVALID_OPTION`, `ERR_SCRIPT_NOT_FOUND`, `ERR_TYPESCRIPT_UNSUPPORTED`, `ERR_NOT_SERIALIZABLE` for the
 *   start-up data, `ERR_WORKER_SPAWN_FAILED`, `ERR_DRIVER_FAILED`, `ERR_UNSUPPORTED_BY_DRIVER`, `ERR_WORKER_CRASHED` when it
 *   ends before it is ready, `ERR_START_TIMEOUT`, `ERR_SERIALIZER_MISMATCH`, `ERR_PROTOCOL_MISMATCH`.
 *
 * @example
 * ```ts
 * const worker = await createWorker<Messages>({ script: new URL('./worker.js', import.meta.url) });
 * const { sum } = await worker.send('add', { a: 1, b: 2 });
 * await worker.close();
 * ```
 */
export declare function createWorker<
  T extends MessageSchemas,
  D extends Driver = ChildProcessDriver,
  U extends MessageSchemas = MessageSchemas,
>(
  options: WorkerOptions<MessagesOf<T>, D, HandledMessagesOf<U>> & CheckedMessages<T, U>,
): Promise<WorkerClient<MessagesOf<T>, D, HandledMessagesOf<U>>>;
export declare function createWorker<
  M extends MessageDefinitions = MessageDefinitions,
  D extends Driver = ChildProcessDriver,
  H extends MessageDefinitions = MessageDefinitions,
>(options: WorkerOptions<M, D, H> & UncheckedMessages): Promise<WorkerClient<M, D, H>>;
/** Options of `attachWorker`: `name` or `socketPath`, and what `createWorker` has, too. */
export interface AttachOptions<
  M extends MessageDefinitions = MessageDefinitions,
  H extends MessageDefinitions = MessageDefinitions,
> {
  /** The `name` that `createWorker` was given. */
  name?: string | undefined;
  /** The worker's `socketPath`. */
  socketPath?: string | undefined;
  /** Also while another host is connected, which loses its connection. Default: `false`, `ERR_WORKER_OCCUPIED`. */
  takeOver?: boolean | undefined;
  /** Serve what the worker asks while this host is connected. Default: none. */
  handlers?: HostHandlers<H, WorkerClient<M, ChildProcessDriver, H>> | undefined;
  /**
   * The worker's. Default: the worker's, where that is `'json'` (with the usual terminator) or `'structured'`; else
   * `ERR_SERIALIZER_MISMATCH`.
   */
  serializer?: SerializerValue | undefined;
  /** In milliseconds; a number is the message timeout. Default: 10 s to connect, 5 min per message. */
  timeout?: number | TimeoutConfig<M> | undefined;
  /** Runs in this host. Default: none. */
  middleware?: Middleware<M> | readonly Middleware<M>[] | undefined;
  /** Takes what belongs to the caller along, in both directions. The worker needs it, too. Default: nothing goes along. */
  context?: ContextCarrier | undefined;
  /** Default: a UUID per request. */
  txIdGenerator?: TransactionIdGenerator<M> | undefined;
  /** The longest encoded message in bytes, in either direction. Default: 268,435,456 (256 MiB). */
  maxMessageSize?: number | undefined;
  /** As for `createWorker`. */
  maxPendingBytes?: number | undefined;
  /** As for `createWorker`. */
  whenFull?: 'wait' | 'reject' | undefined;
  /** Default: `defaultLogger`. */
  logger?: Logger | undefined;
  /** Default: `'warn'`. */
  logLevel?: LogLevel | undefined;
  /** As for `createWorker`. */
  unresponsiveAfter?: number | undefined;
}
/**
 * Connects to a detached worker that another host has started, and that runs, with its state.
 *
 * @typeParam M - Its messages, made with `DefineMessages`.
 * @typeParam H - What the worker asks this host, made with `DefineMessages`.
 * @throws `ERR_NO_SUCH_WORKER`, `ERR_WORKER_OCCUPIED` while another host is connected, `ERR_ATTACH_REFUSED`,
 *   `ERR_START_TIMEOUT` when it does not answer, `ERR_SERIALIZER_MISMATCH`, `ERR_INVALID_OPTION`.
 *
 * @example
 * ```ts
 * const worker = await attachWorker<Messages>({ name: 'indexer' });
 * console.log(await worker.send('count'));
 * await worker.disconnect();
 * ```
 */
export declare function attachWorker<T extends MessageSchemas, U extends MessageSchemas = MessageSchemas>(
  options: AttachOptions<MessagesOf<T>, HandledMessagesOf<U>> & CheckedMessages<T, U>,
): Promise<WorkerClient<MessagesOf<T>, ChildProcessDriver, HandledMessagesOf<U>>>;
export declare function attachWorker<
  M extends MessageDefinitions = MessageDefinitions,
  H extends MessageDefinitions = MessageDefinitions,
>(options: AttachOptions<M, H> & UncheckedMessages): Promise<WorkerClient<M, ChildProcessDriver, H>>;
/**
 * Starts to answer the host. Resolves when the host is connected; by then messages may have come already.
 *
 * @typeParam M - The messages, the same as the host's.
 * @typeParam H - What this worker asks its host.
 * @throws `ERR_NOT_A_WORKER` in a process that no host has started, `ERR_INVALID_OPTION`, `ERR_DRIVER_MISMATCH`,
 *   `ERR_DRIVER_FAILED`, `ERR_CONNECT_TIMEOUT`, `ERR_SERIALIZER_MISMATCH`, `ERR_PROTOCOL_MISMATCH`.
 *
 * @example
 * ```ts
 * await startWorkerServer<Messages>({
 *   add: ({ a, b }) => ({ sum: a + b }),
 * });
 * ```
 */
export declare function startWorkerServer<T extends MessageSchemas, U extends MessageSchemas = MessageSchemas>(
  options: WorkerServerOptions<HandledMessagesOf<T>, MessagesOf<U>> &
    CheckedMessages<T, U> & {
      handlers: Handlers<HandledMessagesOf<T>, MessagesOf<U>>;
    },
): Promise<WorkerServer<MessagesOf<U>>>;
export declare function startWorkerServer<
  M extends MessageDefinitions = MessageDefinitions,
  H extends MessageDefinitions = MessageDefinitions,
>(handlers: Handlers<M, H>, options?: WorkerServerOptions<M, H> & UncheckedMessages): Promise<WorkerServer<H>>;
export declare function startWorkerServer<
  M extends MessageDefinitions = MessageDefinitions,
  H extends MessageDefinitions = MessageDefinitions,
>(
  options: WorkerServerOptions<M, H> &
    UncheckedMessages & {
      handlers: Handlers<M, H>;
    },
): Promise<WorkerServer<H>>;
/**
 * Defines messages with validators in one place, for both sides: zod, valibot, arktype and others that know Standard Schema.
 * The types are inferred from them.
 *
 * @example
 * ```ts
 * export const messages = defineMessages({
 *   load: { payload: z.object({ config: z.string() }), result: z.object({ loaded: z.literal(true) }) },
 *   log: { payload: unchecked<{ line: string }>() },
 *   stop: {},
 * });
 * const worker = await createWorker({ script, messages });
 * ```
 */
export declare function defineMessages<T extends MessageSchemas>(messages: T & OnlySchemas<T>): T;
/** In the place of a validator: a type that is known to the compiler alone. */
export declare function unchecked<T>(): Unchecked<T>;
/** Writes to the standard error, all levels: the standard output belongs to the program. */
export declare const defaultLogger: Logger;
/**
 * Gives what a worker asks its host with, anywhere in the worker; the same as `host` of the worker server. What is sent
 * before `startWorkerServer` is called waits for it. In a worker of a driver of your own it is there once
 * `startWorkerServer` was called.
 *
 * @typeParam H - The messages that the host serves, made with `DefineMessages`.
 * @throws `ERR_NOT_A_WORKER` in a program that no host has started.
 *
 * @example
 * ```ts
 * const { name } = await getHost<HostMessages>().send('lookup', { id: 1 });
 * ```
 */
export declare function getHost<H extends MessageDefinitions = MessageDefinitions>(): HostClient<H>;
/**
 * What the host gave to `createWorker` as `startupData`; `undefined` if it gave none, or if this is no worker. It is
 * there as soon as the module is imported, before the server starts, whatever its size. Only with a driver of your own it
 * is there once `startWorkerServer` has resolved, and in handlers; before that it is `undefined`.
 *
 * @typeParam T - Its type, which the caller vouches for.
 * @throws `ERR_CONNECT_TIMEOUT` if the host has stopped in the middle of sending them.
 */
export declare function getStartupData<T = unknown>(): T;
/**
 * Encodes a payload once, for any number of `send`s and `post`s to any workers: give what it returns in place of the payload.
 * What becomes of `value` afterwards does not reach it.
 *
 * It is encoded for the serializer `'structured'`; for another, from a copy, when one that has it is first sent to. So it can
 * hold what structured clone carries, and a `toJSON` of a class is not asked.
 *
 * @throws `ERR_NOT_SERIALIZABLE`.
 *
 * @example
 * ```ts
 * const config = preparePayload(largeObject);
 * await Promise.all(workers.map((worker) => worker.send('configure', config)));
 * ```
 */
export declare function preparePayload<T>(value: T): PreparedPayload<T>;
/**
 * Memory that several processes see at once: sent in a payload or a result of a connection with the serializer
 * `'structured'`, it is not copied; the other side gets a view of the same memory, and may pass it on. A part of it
 * (`subarray`) goes the same way. It is unmapped in each process when nothing refers to it any more there.
 *
 * Nothing keeps two processes from writing at the same time: use `Atomics` on an `Int32Array` or `BigInt64Array` of it, or
 * messages that say whose turn it is. It cannot be moved to a thread (`transfer`); threads have `SharedArrayBuffer`.
 *
 * @param size - Bytes: 1 to 4,294,967,295. All of them are zero; each page takes memory when it is touched first.
 * @returns A view of the whole memory.
 * @throws `ERR_INVALID_OPTION` for another size; `ERR_SYSTEM` where the system refuses it, as without file descriptors; `ERR_UNSUPPORTED_PLATFORM`
 *   where processes cannot share memory so: today everywhere but on Linux.
 */
export declare function createSharedBuffer(size: number): Uint8Array;
/** The default serializer: JSON text, one line per message. */
export declare class JsonSerializer implements Serializer {
  readonly name = 'json';
  readonly terminator: string;
  constructor(options?: JsonSerializerOptions);
  serialize(data: unknown): string;
  deserialize(data: string | Uint8Array): unknown;
}
/** How a worker thread is started, each option with the meaning it has for `Worker` of `node:worker_threads`. */
export interface ThreadOptions {
  /** What `workerData` is in the worker, by structured clone. Independent of `startupData`. */
  workerData?: unknown;
  /** Limits of the thread's heap and stack. A worker that goes over them ends, and its requests reject. */
  resourceLimits?: ResourceLimits | undefined;
  /** `script` is JavaScript source, run as CommonJS, and no path. Default: `false`. */
  eval?: boolean | undefined;
  /** Arguments of the runtime. Default: the host's own, without what a thread refuses. */
  execArgv?: readonly string[] | undefined;
  /** What follows the script in `process.argv`. Default: nothing. */
  argv?: readonly string[] | undefined;
  /** The thread's `process.env`, or `SHARE_ENV` of `node:worker_threads`. Default: a copy of the host's. */
  env?: NodeJS.ProcessEnv | symbol | undefined;
  /** `true`: the worker's standard output is `worker.stdout` alone. Default: it is written to the host's. */
  stdout?: boolean | undefined;
  /** `true`: the worker's standard error is `worker.stderr` alone. Default: it is written to the host's. */
  stderr?: boolean | undefined;
  /** The thread's name, for debuggers. Default: none. */
  name?: string | undefined;
}
/** A running worker thread and the host's end of its connection. */
export declare class ThreadChannel implements HostChannel {
  private readonly thread;
  private readonly port;
  private readonly said;
  readonly isCore = true;
  readonly movesValues = true;
  readonly pid: undefined;
  readonly title: string;
  readonly stdout: Readable | null;
  readonly stderr: Readable | null;
  readonly exited: Promise<Ending>;
  private readonly lastLines;
  private gone;
  private isKilled;
  /** Since when its loop has not waited, and how long it had waited in its life by then. */
  private busy;
  constructor(
    thread: Worker,
    port: MessagePort$1,
    said: Int32Array,
    piped: {
      readonly stdout: boolean;
      readonly stderr: boolean;
    },
  );
  get lastWords(): string[] | undefined;
  connect(setup: ConnectionSetup): ConnectedHost;
  /** Whether its loop has waited lately is known to every thread; since when it has not, is not. */
  pulse(_timeout: number, referenced?: boolean): Promise<number>;
  /** Whether it has ended, or is about to, as far as that is known to a thread that is blocked. */
  private get isGone();
  private get idle();
  askToEnd(): void;
  kill(): void;
  setRef(referenced: boolean): void;
}
/** Each worker is a thread of this process. Messages travel by structured clone; memory can be shared and moved. */
export declare class WorkerThreadsDriver implements Driver<WorkerThreadsCapabilities, ThreadOptions> {
  readonly name = 'worker_threads';
  readonly capabilities: WorkerThreadsCapabilities;
  spawn(script: string, options: ThreadOptions): Promise<ThreadChannel>;
}
/** A worker in the host's own thread, and the host's end of its connection. */
export declare class InProcessChannel implements HostChannel {
  private readonly script;
  readonly isCore = true;
  readonly movesValues = true;
  readonly pid: undefined;
  readonly title = 'a module of the host';
  readonly stdout: null;
  readonly stderr: null;
  readonly lastWords: undefined;
  readonly exited: Promise<Ending>;
  private resolveExited;
  private readonly worker;
  private isOver;
  private readonly ports;
  static create(script: string, options: object): InProcessChannel;
  private constructor();
  connect(setup: ConnectionSetup): ConnectedHost;
  /** Runs the script, as a module of its own however often it runs. What it imports is shared with the host. */
  private load;
  private import;
  private evaluate;
  /** Who can ask, waits. */
  pulse(): Promise<number>;
  askToEnd(): void;
  /** Code that runs cannot be ended from the same thread: the connection is. */
  kill(): void;
  private end;
  /** The connection alone keeps the host alive. */
  setRef(): void;
}
/**
 * Each worker is a module in the host's own thread: it shares the event loop, and what it imports, but no message, since
 * those travel by structured clone. For debugging, for tests, and where processes and threads are not allowed. What brings the worker
 * down brings the host down.
 */
export declare class InProcessDriver implements Driver<InProcessCapabilities, Record<string, never>> {
  readonly name = 'in_process';
  readonly capabilities: InProcessCapabilities;
  spawn(script: string, options: Record<string, never>): Promise<InProcessChannel>;
}
/**
 * Makes a driver of an object literal. What it can do is inferred from the members it has: `reconnect` from the
 * methods `disconnect` and `reconnect`, `sharedMemory` from the flag. Inside its methods `this` is the driver.
 *
 * @param definition - The driver without its `capabilities`.
 * @throws `ERR_INVALID_OPTION` where the name or `spawn` is missing, or one of `disconnect` and `reconnect`.
 *
 * @example
 * ```ts
 * const driver = defineWorkerDriver({
 *   name: 'tcp',
 *   async spawn(script: string, options: { port?: number }) {
 *     return connectTo(script, options.port);
 *   },
 * });
 * const worker = await createWorker({ script: './worker.js', driver, driverOptions: { port: 7000 } });
 * ```
 */
export declare function defineWorkerDriver<const T extends WorkerDriverDefinition>(
  definition: T &
    ThisType<
      T & {
        readonly capabilities: InferredCapabilities<T>;
      }
    >,
): T & {
  readonly capabilities: InferredCapabilities<T>;
};
/** A place in a trace, as [W3C Trace Context](https://www.w3.org/TR/trace-context/) has it. */
export interface TraceContext {
  readonly traceparent: string;
  readonly tracestate?: string | undefined;
}
/**
 * Takes the place in a trace along that the storage has: `createWorker({ context: traceContext(storage) })`. One that is
 * not well-formed stays out.
 */
export declare function traceContext(storage: {
  getStore(): TraceContext | undefined;
  run<T>(store: TraceContext, run: () => T): T;
}): ContextCarrier;
/**
 * Lets a handler move parts of its result to the host instead of copying them. Where the driver moves no memory, as
 * between processes, the result is sent as it would be without.
 *
 * @param value - The result.
 * @param transfer - The `ArrayBuffer`s, `MessagePort`s and so on in it. They are unusable here afterwards.
 * @returns What the handler returns, in place of the result.
 *
 * @example
 * ```ts
 * await startWorkerServer<Messages>({
 *   render: ({ width, height }) => {
 *     const pixels = new Uint8Array(width * height * 4);
 *     return withTransfer(pixels, [pixels.buffer]);
 *   },
 * });
 * ```
 */
export declare function withTransfer<T>(value: T, transfer: TransferList): T;

export {};
