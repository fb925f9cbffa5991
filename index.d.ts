// Generated from ts/index.ts by `npm run build:ts`. Do not edit.
/// <reference types="node" />

import { Readable, Writable } from 'node:stream';
import { ReadableStream as ReadableStream$1 } from 'node:stream/web';
import { ResourceLimits, WorkerOptions as WorkerOptions$1 } from 'node:worker_threads';
/**
 * Starts a worker and resolves when it serves.
 *
 * @typeParam M - Its messages, made with `DefineMessages`.
 * @typeParam D - Its driver; the child process driver by default. Where `M` alone is given, that of the option `driver`, if it is one of
 *   the library's; a driver of your own is named here, too.
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

export declare function createWorker<M extends MessageTypes<M> = MessageDefinitions>(
  options: BaseWorkerOptions<M, WorkerThreadsDriver> &
    UncheckedMessages & {
      driver: DriverValue<WorkerThreadsDriver>;
    },
): Promise<WorkerClient<M, WorkerThreadsDriver>>;

export declare function createWorker<M extends MessageTypes<M> = MessageDefinitions>(
  options: BaseWorkerOptions<M, InProcessDriver> &
    UncheckedMessages & {
      driver: DriverValue<InProcessDriver>;
    },
): Promise<WorkerClient<M, InProcessDriver>>;

export declare function createWorker<
  M extends MessageTypes<M> = MessageDefinitions,
  D extends Driver = ChildProcessDriver,
  H extends MessageTypes<H> = MessageDefinitions,
>(options: WorkerOptions<M, D, H> & UncheckedMessages): Promise<WorkerClient<M, D, H>>;

/**
 * Starts a pool: workers that share requests. Resolves when `minWorkers` of them serve. It takes the options of `createWorker`,
 * whatever the driver, and has the calls of a worker.
 *
 * @typeParam M - The messages, made with `DefineMessages`, or `MessagesFrom` the worker's handlers.
 * @typeParam D - The driver; the child process driver by default.
 * @typeParam H - What the workers ask this host, made with `DefineMessages`.
 * @throws `ERR_INVALID_OPTION`, and what `createWorker` throws where the first workers cannot start.
 *
 * @example
 * ```ts
 * const pool = await createPool<Messages>({ script: new URL('./worker.js', import.meta.url) });
 * const pages = await Promise.all(files.map((file) => pool.send('render', file)));
 * await pool.close();
 * ```
 */
export declare function createPool<
  T extends MessageSchemas,
  D extends Driver = ChildProcessDriver,
  U extends MessageSchemas = MessageSchemas,
>(
  options: PoolOptions<MessagesOf<T>, D, HandledMessagesOf<U>> & CheckedMessages<T, U>,
): Promise<WorkerPool<MessagesOf<T>, D>>;

export declare function createPool<
  M extends MessageTypes<M> = MessageDefinitions,
  D extends Driver = ChildProcessDriver,
  H extends MessageTypes<H> = MessageDefinitions,
>(options: PoolOptions<M, D, H> & UncheckedMessages): Promise<WorkerPool<M, D>>;

/**
 * Connects to a running detached worker that another host has started; it keeps its state.
 *
 * @typeParam M - Its messages, made with `DefineMessages`.
 * @typeParam H - Messages from the worker to this host, made with `DefineMessages`.
 * @throws `ERR_NO_SUCH_WORKER`, `ERR_WORKER_OCCUPIED` while another host is connected, `ERR_ATTACH_REFUSED`,
 *   `ERR_START_TIMEOUT` if it does not answer, `ERR_SERIALIZER_MISMATCH`, `ERR_INVALID_OPTION`.
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
  M extends MessageTypes<M> = MessageDefinitions,
  H extends MessageTypes<H> = MessageDefinitions,
>(options: AttachOptions<M, H> & UncheckedMessages): Promise<WorkerClient<M, ChildProcessDriver, H>>;

/**
 * Connects to the detached worker of a name, or starts it where there is none. Of several hosts that call this at once, one
 * starts the worker. While another host is connected, the call waits for its leaving, for at most `timeout.startup`.
 *
 * @typeParam M - Its messages, made with `DefineMessages`.
 * @typeParam H - Messages from the worker to this host, made with `DefineMessages`.
 * @throws The errors of `attachWorker` and `createWorker`; `ERR_WORKER_OCCUPIED` where the other host has not left in time.
 *
 * @example
 * ```ts
 * const worker = await attachOrCreate<Messages>({ name: 'indexer', script: new URL('./indexer.js', import.meta.url) });
 * console.log(await worker.send('count'));
 * await worker.disconnect();
 * ```
 */
export declare function attachOrCreate<T extends MessageSchemas, U extends MessageSchemas = MessageSchemas>(
  options: AttachOrCreateOptions<MessagesOf<T>, HandledMessagesOf<U>> & CheckedMessages<T, U>,
): Promise<WorkerClient<MessagesOf<T>, ChildProcessDriver, HandledMessagesOf<U>>>;

export declare function attachOrCreate<
  M extends MessageTypes<M> = MessageDefinitions,
  H extends MessageTypes<H> = MessageDefinitions,
>(options: AttachOrCreateOptions<M, H> & UncheckedMessages): Promise<WorkerClient<M, ChildProcessDriver, H>>;

/**
 * Starts to serve the host. Resolves when the host is connected; messages may arrive before that.
 *
 * @typeParam M - The messages of the host.
 * @typeParam H - Messages from this worker to its host.
 * @throws `ERR_NOT_A_WORKER` in a process that no host started, `ERR_INVALID_OPTION`, `ERR_DRIVER_MISMATCH`,
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
  M extends MessageTypes<M> = MessageDefinitions,
  H extends MessageTypes<H> = MessageDefinitions,
>(handlers: Handlers<M, H>, options?: WorkerServerOptions<M, H> & UncheckedMessages): Promise<WorkerServer<H>>;

export declare function startWorkerServer<
  M extends MessageTypes<M> = MessageDefinitions,
  H extends MessageTypes<H> = MessageDefinitions,
>(
  options: WorkerServerOptions<M, H> &
    UncheckedMessages & {
      handlers: Handlers<M, H>;
    },
): Promise<WorkerServer<H>>;

/**
 * Defines messages with validators in one place, for both sides: zod, valibot, arktype and others that support Standard
 * Schema. TypeScript infers the types from them.
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

/** Declares a type without a validator, which only the compiler knows. */
export declare function unchecked<T>(): Unchecked<T>;

/**
 * Returns the client for calls to the host, anywhere in the worker; `host` of the worker server is this client. Calls
 * before `startWorkerServer` wait for it. In a worker of a custom driver it is available after `startWorkerServer` was
 * called.
 *
 * @typeParam H - The messages that the host serves, made with `DefineMessages`.
 * @throws `ERR_NOT_A_WORKER` in a program that no host started.
 *
 * @example
 * ```ts
 * const { name } = await getHost<HostMessages>().send('lookup', { id: 1 });
 * ```
 */
export declare function getHost<H extends MessageTypes<H> = MessageDefinitions>(): HostClient<H>;

/**
 * Returns the `startupData` of `createWorker`; `undefined` without any, and in a program that is not a worker. The data
 * are available as soon as the module is imported, before the server starts, whatever their size. With a custom driver
 * they are available after `startWorkerServer` has resolved, and in handlers; before that this returns `undefined`.
 *
 * @typeParam T - Their type, which the caller guarantees.
 * @throws `ERR_CONNECT_TIMEOUT` if the host stops while it sends them.
 */
export declare function getStartupData<T = unknown>(): T;

/**
 * Encodes a payload once, for any number of `send`s and `post`s to any workers: pass the result in place of the
 * payload. Later changes of `value` do not reach it.
 *
 * This encodes for the serializer `'structured'`; any other serializer encodes a copy at its first use. So the payload
 * may hold any value of structured clone; this ignores a `toJSON` of a class.
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
 * Creates memory that several processes share. Between sides that both set `sharedMemory: true`, a payload or result of
 * a connection with the serializer `'structured'` passes it without a copy: the other side receives a `SharedBuffer` of
 * this memory, and may pass it on. A side without the option sends a `Buffer` with a copy, and warns once. A process
 * unmaps the memory when it no longer refers to it.
 *
 * Two processes may write at one time. Order their writes with messages, or with `Atomics` on `buffer`, if that is a
 * `SharedArrayBuffer`. A `SharedBuffer` travels to processes; to a thread, send its `buffer`.
 *
 * @param size - Bytes: 1 to 2,147,483,647, and at most `maxMessageSize` to be sent. The memory is zero; each page takes
 *   memory on first use.
 * @throws `ERR_INVALID_OPTION` for another size; `ERR_SYSTEM` if the system refuses it, for example without file
 *   descriptors; `ERR_UNSUPPORTED_PLATFORM` if processes cannot share memory this way: today everywhere except Linux.
 */
export declare function createSharedBuffer(size: number): SharedBuffer;

/**
 * Blocks this thread until another thread, of this or of another process, calls `sharedNotify` for the same word of shared memory, as
 * `Atomics.wait` does between the threads of one process. While it blocks, the event loop stands still; messages to
 * and from processes that were sent before have left.
 *
 * The other side changes the word first, and notifies then. A wait whose word already has another value returns at once, so none of them
 * misses a change. `Atomics.notify` does not end this wait, nor `sharedNotify` one of `Atomics.wait`.
 *
 * A process that dies notifies nobody, so each wait has a timeout. A signal does not end a wait; `terminate()` of a thread does.
 *
 * @param memory - A shared buffer, on any runtime; or an `Int32Array` of a `SharedArrayBuffer`: that of a shared buffer, or one that
 *   only threads share.
 * @param index - The number of the word: its offset in bytes is four times that.
 * @param value - The value with which the word is waited for: 32 bits, with a sign.
 * @param timeout - In milliseconds, from 0 to 2,147,483,647.
 * @returns `'ok'`: somebody has notified the word; `'not-equal'`: it has another value; `'timed-out'`.
 * @throws `ERR_INVALID_OPTION`; `ERR_UNSUPPORTED_PLATFORM` on all systems except Linux, which cannot wake other processes by an address;
 *   `ERR_SYSTEM` if the system refuses it.
 */
export declare function sharedWait(
  memory: SharedBuffer | Int32Array,
  index: number,
  value: number,
  timeout: number,
): SharedWaitOutcome;

/**
 * Wakes threads of any process that wait for a word of shared memory in `sharedWait`.
 *
 * @param memory - As of `sharedWait`.
 * @param index - The number of the word.
 * @param count - How many threads it wakes at most. Default: all.
 * @returns How many it has woken.
 * @throws The errors of `sharedWait`.
 */
export declare function sharedNotify(memory: SharedBuffer | Int32Array, index: number, count?: number): number;

/**
 * Turns an object literal into a driver. Its capabilities follow from its members: `reconnect` from the methods
 * `disconnect` and `reconnect`, `sharedMemory` from the flag. Inside its methods `this` is the driver.
 *
 * @param definition - The driver without its `capabilities`.
 * @throws `ERR_INVALID_OPTION` if the name or `spawn` is missing, or one of `disconnect` and `reconnect`.
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

/**
 * Carries the trace position in `storage`: `createWorker({ context: traceContext(storage) })`. It omits a malformed
 * one.
 */
export declare function traceContext(storage: {
  getStore(): TraceContext | undefined;
  run<T>(store: TraceContext, run: () => T): T;
}): ContextCarrier;

/**
 * Lets a handler move objects of its result to the host instead of copying them. If the driver moves no memory, as
 * between processes, the worker sends the result unchanged.
 *
 * @param value - The result.
 * @param transfer - The `ArrayBuffer`s, `MessagePort`s and so on in it. This side cannot use them afterwards.
 * @returns The value for the handler to return, in place of the result.
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

/** The default driver: each worker is a separate process, connected by a private socket pair. */
export declare class ChildProcessDriver implements Driver<ChildProcessCapabilities, ProcessOptions> {
  readonly name = 'child_process';
  readonly capabilities: ChildProcessCapabilities;
  spawn(
    script: string,
    options: ProcessOptions,
  ): Promise<
    CoreChannel & {
      readonly pid: number;
    }
  >;
}

/**
 * Each worker is a module in the host's own thread: it shares the event loop and its imports, but no message, because
 * messages travel by structured clone. For debugging, for tests, and where processes and threads are not allowed. A
 * failure that ends the worker ends the host.
 */
export declare class InProcessDriver implements Driver<InProcessCapabilities, InProcessOptions> {
  readonly name = 'in_process';
  readonly capabilities: InProcessCapabilities;
  spawn(
    script: string,
    options: InProcessOptions,
  ): Promise<
    CoreChannel & {
      readonly pid: undefined;
    }
  >;
}

/**
 * Each worker is a thread of this process. Messages travel by structured clone; host and worker can share and move
 * memory.
 */
export declare class WorkerThreadsDriver implements Driver<WorkerThreadsCapabilities, ThreadOptions> {
  readonly name = 'worker_threads';
  readonly capabilities: WorkerThreadsCapabilities;
  spawn(
    script: string,
    options: ThreadOptions,
  ): Promise<
    CoreChannel & {
      readonly pid: undefined;
    }
  >;
}

declare const type: unique symbol;

/**
 * A payload that is encoded once, for any number of `send`s and `post`s to any workers. Later changes of the value do
 * not reach it. Made with `preparePayload`.
 *
 * @typeParam T - The payload.
 */
export declare class PreparedPayload<T = unknown> {
  #private;
  /** For the type alone. */
  private readonly payload;
  private constructor();
}

declare const hint: unique symbol;

/** An error of this library. `code` is stable and identifies the kind; `docs/errors.md` lists them. */
export declare class WorkerError extends Error {
  readonly name: string;
  readonly code: WorkerErrorCode;
  /** The phase of the worker: `spawn`, it did not start; `startup`, it ended before it was ready. */
  readonly phase?: 'spawn' | 'startup' | 'running';
  /** The name of the worker that this error is about, where the host has made it. */
  readonly worker?: string;
  /** The process id of that worker, where it has a process of its own. */
  readonly pid?: number | undefined;
  /** The type of the request that failed, where it was one. */
  readonly messageType?: string | undefined;
  /** What a validator has found: of `ERR_INVALID_MESSAGE`. */
  readonly issues?: readonly MessageIssue[];
  /** The other side sent this error: its code is a claim of that side, not an observation of this side. */
  readonly isRemote?: true;
  constructor(code: WorkerErrorCode, message: string, options?: WorkerErrorOptions);
  /** Recognises errors of another copy of this package: a plugin may bring its own. */
  static [Symbol.hasInstance](value: unknown): boolean;
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
   * Whether it ran out of memory. The host knows this of a thread, of an isolate, of a process beyond
   * `resourceLimits.maxRssMb`, and of a process whose standard error is piped to the host; else `false`.
   */
  readonly isOutOfMemory: boolean;
  /** Which attempt at the request this was, from 1. */
  readonly attempt: number;
  /** How many attempts were allowed. */
  readonly maxAttempts: number;
  /** The last lines of the worker's standard error, if that is piped to the host. */
  readonly stderr: readonly string[] | undefined;
  constructor(worker: string, details: CrashDetails);
  static [Symbol.hasInstance](value: unknown): boolean;
}

declare const messages: unique symbol;

/** Writes to the standard error, all levels: the standard output belongs to the program. */
export declare const defaultLogger: Logger;

/**
 * The serializer `'structured'` with types of values that it refuses, or of which it carries the members alone: such as a `URL`, an
 * instance of a class, a function. Host and worker create it with the same names. Errors that a handler throws travel without such
 * values; errors in payloads and results carry them.
 *
 * @example
 * ```ts
 * const serializer = new StructuredSerializer({
 *   types: {
 *     url: { is: (value) => value instanceof URL, encode: (url: URL) => url.href, decode: (href: string) => new URL(href) },
 *   },
 * });
 * ```
 */
export declare class StructuredSerializer implements Serializer {
  /** `structured`, and the names of the types. */
  readonly name: string;
  readonly types: ReadonlyMap<string, ValueType>;
  constructor(given: StructuredSerializerOptions);
  serialize(data: unknown): Uint8Array;
  deserialize(data: string | Uint8Array): unknown;
}

/** The serializer `'json'`: JSON text, one line per message. */
export declare class JsonSerializer implements Serializer {
  readonly name = 'json';
  readonly terminator: string;
  constructor(options?: JsonSerializerOptions);
  serialize(data: unknown): string;
  deserialize(data: string | Uint8Array): unknown;
}

/**
 * How a worker ended.
 *
 * - `exit`: the worker has ended. For a process, `signal` is set if a signal ended it, else `code` is its exit code; a
 *   thread has only an exit code.
 * - `error`: the worker did not start, or its connection failed. `restart`: something else has ended a worker that did nothing wrong; the
 *   host starts another in its place, whatever its options say.
 * - `close`: its connection was closed; a detached worker may run on, for another host.
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
      readonly restart?: boolean;
    }
  | {
      readonly type: 'close';
    };

/**
 * Objects to move to the other side instead of copying: `ArrayBuffer`s, `MessagePort`s and the like. This side cannot
 * use them afterwards.
 */
export type TransferList = readonly NonNullable<WorkerOptions$1['transferList']>[number][];

/**
 * The capabilities of a driver. Write the members as literal types: `WorkerClient` has the members that need a
 * capability only if its type is `true`.
 */
export interface DriverCapabilities {
  /** The host can disconnect from a running worker and reconnect. */
  reconnect: boolean;
  /** A worker can outlive its host. */
  detach: boolean;
  /** Host and worker share a `SharedArrayBuffer` in a payload. */
  sharedMemory: boolean;
  /** `sendSync` works: answers reach a blocked thread. Only the library's own drivers have it. */
  sync?: boolean;
}

/** Capabilities of the child process driver. */
export interface ChildProcessCapabilities extends DriverCapabilities {
  reconnect: true;
  detach: true;
  sharedMemory: false;
  sync: true;
}

/** Capabilities of the worker threads driver. */
export interface WorkerThreadsCapabilities extends DriverCapabilities {
  reconnect: false;
  detach: false;
  sharedMemory: true;
  sync: true;
}

/** Capabilities of the in-process driver. */
export interface InProcessCapabilities extends DriverCapabilities {
  reconnect: false;
  detach: false;
  sharedMemory: true;
  sync: false;
}

/**
 * A message between host and worker: a plain object of at most five members. A driver passes it on unchanged and in
 * order, and need not read it.
 */
export interface DriverMessage {
  /** The message type; of an answer, that of its request followed by `Result` or `Error`. */
  readonly type: string;
  /** The transaction id; absent if the message expects no answer. */
  readonly tx?: string | undefined;
  /** The payload, or the output of the serializer: text or bytes. Absent: `undefined`. */
  readonly payload?: unknown;
  /** Absent for requests of the host; else the name of the kind, such as `result`, `notification` or `chunk`. */
  readonly kind?: string | undefined;
  /** The context that the sender's `context` option returned. */
  readonly context?: Record<string, string> | undefined;
}

/** One end of a connection that moves messages, in the host or in the worker. It knows nothing of transactions. */
export interface DriverEnd {
  /** `true` while the end can send messages. */
  readonly isConnected: boolean;
  /**
   * Sends one message. Its payload is not a copy: copy it before this call returns. An error that this throws or
   * rejects with fails only that message: a `WorkerError` unchanged, a `DataCloneError` with `ERR_NOT_SERIALIZABLE`,
   * other errors with `ERR_DRIVER_FAILED`.
   *
   * @param transfer - Objects to move instead of copying; only if `sharedMemory` is `true`.
   */
  send(message: DriverMessage, transfer?: TransferList): void | Promise<void>;
  /** Registers the listener for incoming messages, called in order. The library calls this once, before it sends. */
  onMessage(listener: (message: DriverMessage) => void): void;
  /** Registers the listener for errors of the connection; call `onClose` next if the error is fatal. */
  onError(listener: (error: Error) => void): void;
  /**
   * Registers the listener for the end: call it once, after the last message, when the other side or the connection has
   * ended.
   */
  onClose(listener: (reason: ShutdownReason) => void): void;
  /** In the host: ends the worker in good order. In the worker: ends the connection. Resolves when it has ended. */
  close(): Promise<void>;
  /** Lets the connection keep this side's event loop alive. */
  ref?(): void;
  /** Lets this side's event loop end while the connection exists. */
  unref?(): void;
}

/** The host's end of the connection to one worker, made by {@link Driver.spawn}. */
export interface DriverChannel extends DriverEnd {
  /** The worker's process id, if it has its own process. Its type becomes that of `WorkerClient.pid`. */
  readonly pid?: number | undefined;
  /** The worker's standard output, if it is piped to the host. */
  readonly stdout?: Readable | null | undefined;
  /** The worker's standard error, if it is piped to the host. */
  readonly stderr?: Readable | null | undefined;
  /** Ends a worker that does not exit: the library calls it with `SIGTERM` first, then with `SIGKILL`. */
  terminate?(signal?: NodeJS.Signals): void | Promise<void>;
}

/** The worker's end of the connection to its host, made by {@link Driver.createServer}. */
export type DriverServerChannel = DriverEnd;

/** A channel of the library's own drivers: its messages move inside the library, not through `send` and `onMessage`. */
export interface CoreChannel {
  /** Distinguishes it from a {@link DriverChannel}. */
  readonly isCore: true;
  readonly pid?: number | undefined;
}

/**
 * A worker backend: starts a worker, and moves messages to it and back. A class or an object literal.
 *
 * @typeParam C - Its capabilities.
 * @typeParam Options - The type of its `driverOptions`.
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
  /** Identifies the driver in errors and logs. */
  readonly name: string;
  readonly capabilities: C;
  /**
   * Starts a worker.
   *
   * @param script - The `script` of `createWorker`, unresolved: the path of a file URL, the text of another URL. A path
   *   may be relative; the library's own drivers resolve it as `fork` does.
   * @param options - The worker's `driverOptions`; by default an empty object.
   * @throws Its rejection becomes the `cause` of `createWorker`'s rejection, `ERR_WORKER_SPAWN_FAILED`.
   */
  spawn(script: string, options: Options): Promise<DriverChannel | CoreChannel>;
  /**
   * Connects a worker to the host that started it; `startWorkerServer(handlers, { driver })` calls it in the worker. A
   * driver whose `spawn` returns a channel of the library's own drivers does not need it.
   *
   * @throws Its rejection becomes the `cause` of `startWorkerServer`'s rejection, `ERR_DRIVER_FAILED`.
   */
  createServer?(): DriverServerChannel | Promise<DriverServerChannel>;
  /**
   * Ends the connection to a worker that keeps running; earlier messages arrive. From here on the channel's `onClose`
   * reports only the end of the worker. Required, with {@link Driver.reconnect}, if `capabilities.reconnect` is `true`
   * and `spawn` makes its own channels. The library calls these two one at a time.
   *
   * @param channel - The channel that `spawn`, or the last `reconnect`, returned.
   * @throws Its rejection becomes the `cause` of the rejection of `disconnect()`, `ERR_DRIVER_FAILED`.
   */
  disconnect?(channel: DriverChannel): void | Promise<void>;
  /**
   * Connects again to a worker that keeps running. Resolves with a new channel, which replaces the old one in all
   * respects. In the worker the channel of `createServer` remains in use.
   *
   * @param channel - The disconnected channel.
   * @throws Its rejection becomes the `cause` of the rejection of `reconnect()`, `ERR_DRIVER_FAILED`.
   */
  reconnect?(channel: DriverChannel): DriverChannel | Promise<DriverChannel>;
}

/** The argument of `defineWorkerDriver`: a {@link Driver} whose capabilities follow from its members. */
export interface WorkerDriverDefinition {
  /** Identifies the driver in errors and logs. */
  readonly name: string;
  /** As {@link Driver.spawn}. The type of `options` becomes that of `driverOptions`. */
  spawn(script: string, options: never): Promise<DriverChannel | CoreChannel>;
  /** As {@link Driver.createServer}. */
  createServer?(): DriverServerChannel | Promise<DriverServerChannel>;
  /** As {@link Driver.disconnect}. Together with `reconnect` it declares that the driver can reconnect. */
  disconnect?(channel: DriverChannel): void | Promise<void>;
  /** As {@link Driver.reconnect}. Together with `disconnect` it declares that the driver can reconnect. */
  reconnect?(channel: DriverChannel): DriverChannel | Promise<DriverChannel>;
  /** `true`: both sides share a `SharedArrayBuffer` in a payload, and `transfer` lists work. Default: `false`. */
  readonly sharedMemory?: boolean;
}

/** The capabilities that follow from the members of a definition. */
export interface InferredCapabilities<T> extends DriverCapabilities {
  reconnect: T extends {
    disconnect: (...args: never) => unknown;
    reconnect: (...args: never) => unknown;
  }
    ? true
    : false;
  /** Only `ChildProcessDriver` has workers that another host can attach to. */
  detach: false;
  sharedMemory: T extends {
    sharedMemory: true;
  }
    ? true
    : false;
  /** Only the library's own drivers reach a blocked thread. */
  sync?: false;
}

/** A driver option: an instance, or a class whose constructor needs no arguments. */
export type DriverValue<D extends Driver = Driver> = D | (new () => D);

/** The `driverOptions` of the driver `D`: the second parameter of its `spawn`. */
export type DriverOptionsFor<D extends Driver> = D extends {
  spawn(script: string, options: infer Options): unknown;
}
  ? Options
  : never;

/** The capabilities of the driver `D`. */
export type CapabilitiesOf<D extends Driver> = D['capabilities'];

/**
 * The type of the process id of a worker that `D` runs, from the channel that its `spawn` promises: `number` for
 * processes, `undefined` for threads, `number | undefined` if the driver does not declare it.
 */
export type PidOf<D extends Driver> = Awaited<ReturnType<D['spawn']>>['pid'];

/** A standard stream of a worker process: shared with the host, a stream for the host, or dropped. */
export type StdioMode = 'inherit' | 'pipe' | 'ignore';

/**
 * Limits of a worker process. Its own child processes inherit `maxCpuSeconds`, `maxOpenFiles` and `nice`, each with its
 * own count. Default of each: the system's limit.
 */
export interface ProcessResourceLimits {
  /** The heap of old objects in MiB, as `--max-old-space-size`: beyond it the worker aborts. */
  maxOldGenerationSizeMb?: number | undefined;
  /** The heap of young objects in MiB; a third of it is `--max-semi-space-size`. */
  maxYoungGenerationSizeMb?: number | undefined;
  /**
   * Resident memory in MiB, native memory included; a native thread checks it ten times a second and kills a worker
   * beyond it. Linux only.
   */
  maxRssMb?: number | undefined;
  /** Processor time in seconds: beyond it SIGXCPU ends the worker. */
  maxCpuSeconds?: number | undefined;
  /** Open file descriptors, at least 32: beyond it opening one fails. */
  maxOpenFiles?: number | undefined;
  /** The scheduling priority, from -20 to 19; below 0 needs the right to do so. */
  nice?: number | undefined;
}

/**
 * Options of a worker process, each with its meaning in `fork` of `node:child_process`.
 *
 * `createWorker` itself also accepts these members; those in `driverOptions` take precedence.
 */
export interface ProcessOptions {
  /** The executable that runs the script. Default: the host's. */
  execPath?: string | undefined;
  /** Arguments of the executable, before the script. Default: the host's. */
  execArgv?: readonly string[] | undefined;
  /** Arguments of the script. Default: none. */
  argv?: readonly string[] | undefined;
  /** The whole environment of the worker. Default: the host's. */
  env?: NodeJS.ProcessEnv | undefined;
  /** The worker's working directory: a path or a file URL. Default: the host's. */
  cwd?: string | URL | undefined;
  /**
   * All three standard streams at once, or standard input, output and error one by one. Default: `['ignore', 'inherit',
   * 'inherit']`, because a worker that reads an inherited standard input can keep its host from reading it.
   */
  stdio?: StdioMode | readonly StdioMode[] | undefined;
  /**
   * The reaction of a worker when its terminal sends SIGINT (Ctrl+C) or SIGHUP (the terminal is closed) to it and its
   * host alike. `'ignore'`: none, because the host decides. `'default'`: the worker ends, as other programs do.
   * Default: `'ignore'`; with `detached` or `killTree`, no such signal reaches the worker.
   */
  terminalSignals?: 'ignore' | 'default' | undefined;
  /**
   * `true`: the worker outlives its host, and `attachWorker` connects another host. It is its own process group, and
   * its standard streams are dropped unless `stdio` is set. Default: `false`.
   */
  detached?: boolean | undefined;
  /**
   * The path at which a detached worker listens for hosts; no other worker may have it. Default: one in a private
   * directory, below `XDG_RUNTIME_DIR` or the directory for temporary files, which `attachWorker` finds by the worker's
   * `name`.
   */
  socketPath?: string | undefined;
  /**
   * How many outcomes a detached worker keeps while no host is connected; the next host receives them with the event
   * `keptResult`. The worker drops the oldest first; 0: it keeps none. Default: 100.
   */
  keepResults?: number | undefined;
  /**
   * How many hosts may be connected to a detached worker at once, each with its own connection, requests and answers. Default: 1;
   * `Infinity`: no limit.
   */
  maxHosts?: number | undefined;
  /**
   * After how many milliseconds without a connected host and without a running handler a detached worker ends by itself, as by
   * `close()` of its server. The outcomes that it keeps are lost then. Default: never; `0` and `Infinity`: never.
   */
  idleTimeout?: number | undefined;
  /** Limits of the worker. Default: none. */
  resourceLimits?: ProcessResourceLimits | undefined;
  /**
   * `true`: the worker has its own process group, and all its processes end with the worker, for any reason. Default:
   * `false`: child processes of the worker live on.
   */
  killTree?: boolean | undefined;
}

/** The `driverOptions` of `InProcessDriver`. */
export interface InProcessOptions {
  /**
   * Loads the worker's module in place of `import()`, for programs whose modules something else loads: a test runner that transforms
   * and mocks them, or a bundler. What it promises is awaited; the module it loads calls `startWorkerServer`. Then `script` only names
   * the worker. A loader that keeps its modules runs each once: for a second worker let the module export what starts the server, and
   * call that. Default: `import()` of the script, anew for each worker.
   *
   * @example
   * ```ts
   * driverOptions: { load: () => import('./worker.js') }
   * ```
   */
  load?: (() => unknown) | undefined;
}

/** Options of a worker thread, each with its meaning in `Worker` of `node:worker_threads`. */
export interface ThreadOptions {
  /** The value of `workerData` in the worker, by structured clone. Independent of `startupData`. */
  workerData?: unknown;
  /**
   * Objects of `workerData` to move to the thread instead of copying: `ArrayBuffer`s, `MessagePort`s and the like. The
   * host cannot use them afterwards, so no second thread gets them: an `unexpectedShutdown` that retries is refused.
   * Default: none.
   */
  transferList?: TransferList | undefined;
  /** Limits of the thread's heap and stack. A worker that exceeds them ends, and its requests reject. */
  resourceLimits?: ResourceLimits | undefined;
  /** `true`: `script` is JavaScript source, run as CommonJS, and not a path. Default: `false`. */
  eval?: boolean | undefined;
  /** Arguments of the runtime. Default: those of the host, except those that a thread refuses. */
  execArgv?: readonly string[] | undefined;
  /** The arguments after the script in `process.argv`. Default: none. */
  argv?: readonly string[] | undefined;
  /** The thread's `process.env`, or `SHARE_ENV` of `node:worker_threads`. Default: a copy of the host's. */
  env?: NodeJS.ProcessEnv | symbol | undefined;
  /** `true`: `worker.stdin` writes to the worker's standard input. Default: that is empty. */
  stdin?: boolean | undefined;
  /** `true`: the worker's standard output goes only to `worker.stdout`. Default: to the host's standard output. */
  stdout?: boolean | undefined;
  /** `true`: the worker's standard error goes only to `worker.stderr`. Default: to the host's standard error. */
  stderr?: boolean | undefined;
  /** The thread's name, for debuggers. Default: none. */
  name?: string | undefined;
}

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
export type MessageTypes<M> = {
  [K in keyof M]: MessageDefinition;
};

type OnlyKnownMembers<T> = {
  [P in Exclude<keyof T, keyof MessageDefinition>]: never;
};

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
export type DefineMessages<
  T extends {
    [K in keyof T]: MessageDefinition & OnlyKnownMembers<T[K]>;
  },
> = {
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
  [K in MessageTypeOf<M>]: M[K] extends {
    stream: infer C;
  }
    ? undefined extends C
      ? never
      : K
    : never;
}[MessageTypeOf<M>];

/** The names of the message types in `M` that need an `input`. */
export type WithInput<M extends MessageTypes<M>> = {
  [K in MessageTypeOf<M>]: M[K] extends {
    input: infer C;
  }
    ? undefined extends C
      ? never
      : K
    : never;
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

/**
 * A validator of zod, valibot, arktype and others: the part of [Standard Schema](https://standardschema.dev), version
 * 1, that this library uses.
 *
 * @typeParam I - Its input.
 * @typeParam O - Its output.
 */
export interface StandardSchema<I = unknown, O = I> {
  readonly '~standard': {
    readonly version: 1;
    /** The library of the validator. */
    readonly vendor: string;
    readonly validate: (value: unknown) => SchemaResult<O> | Promise<SchemaResult<O>>;
    /** Never present: for the compiler alone. */
    readonly types?:
      | {
          readonly input: I;
          readonly output: O;
        }
      | undefined;
  };
}

/** The verdict of a {@link StandardSchema}. */
export type SchemaResult<O> =
  | {
      readonly value: O;
      readonly issues?: undefined;
    }
  | {
      readonly issues: ReadonlyArray<SchemaIssue>;
    };

/** A fault of a value. */
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
export type OnlySchemas<T> = {
  [K in keyof T]: {
    [P in Exclude<keyof T[K], keyof MessageSchema>]: never;
  };
};

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

/**
 * How to end a worker that does not heed a cancellation, in milliseconds from the abort, or from the timeout. The
 * worker then counts as crashed: its other requests reject, or are retried.
 */
export interface EscalateOptions {
  /** Sends SIGTERM after this time; terminates a thread. Default: never. */
  terminateAfter?: number | undefined;
  /** Sends SIGKILL after this time. Default: never. */
  killAfter?: number | undefined;
}

interface NeedsItsPayload {
  readonly [hint]: 'payload';
}

interface NeedsTheOptionInput {
  readonly [hint]: 'input';
}

interface AnswersInChunksSoCallStream {
  readonly [hint]: 'stream';
}

interface AnswersOnceSoCallSend {
  readonly [hint]: 'send';
}

interface Taken<M extends MessageTypes<M>> {
  /** The types for `send` with a payload. */
  send:
    | RequestTypeOf<M>
    | (Exclude<WithInput<M>, WithStreamAlone<M>> & NeedsTheOptionInput)
    | (WithStreamAlone<M> & AnswersInChunksSoCallStream);
  /** The types for `send` without a payload. */
  sendAlone:
    | Exclude<WithOptionalPayload<M>, WithInput<M> | WithStreamAlone<M>>
    | (Exclude<RequestTypeOf<M>, WithOptionalPayload<M>> & NeedsItsPayload)
    | (Exclude<WithInput<M>, WithStreamAlone<M>> & NeedsTheOptionInput)
    | (WithStreamAlone<M> & AnswersInChunksSoCallStream);
  /** The types for `stream` with a payload. */
  stream:
    | Exclude<WithStream<M>, WithInput<M>>
    | (WithStream<M> & WithInput<M> & NeedsTheOptionInput)
    | (Exclude<MessageTypeOf<M>, WithStream<M>> & AnswersOnceSoCallSend);
  /** The types for `stream` without a payload. */
  streamAlone:
    | Exclude<WithOptionalPayload<M> & WithStream<M>, WithInput<M>>
    | (Exclude<WithStream<M>, WithOptionalPayload<M> | WithInput<M>> & NeedsItsPayload)
    | (WithStream<M> & WithInput<M> & NeedsTheOptionInput)
    | (Exclude<MessageTypeOf<M>, WithStream<M>> & AnswersOnceSoCallSend);
  /** The types for `post` without a payload. */
  postAlone: WithOptionalPayload<M> | (Exclude<MessageTypeOf<M>, WithOptionalPayload<M>> & NeedsItsPayload);
}

/** A source of chunks: any iterable, a stream of Node, or one of the web. */
export type ChunkSource<C> = AsyncIterable<C> | Iterable<C> | ReadableStream$1<C>;

/**
 * The return value of a handler with a `stream`: an async generator, whose return value is the result; or a readable
 * stream, or any other async iterable.
 */
export type ChunkStream<C, R> =
  | {
      [Symbol.asyncIterator](): AsyncIterator<C, R, undefined>;
    }
  | Generator<C, R, undefined>
  | ReadableStream$1<C>;

/**
 * The chunks of an answer, in order. A program can read it once. A slow reader stops the writer; a reader that leaves,
 * by `break`, `return()` or `throw()`, ends it. If the request fails, reading throws after the chunks that have
 * arrived.
 *
 * @typeParam C - The chunks.
 * @typeParam R - The value that the handler returns at the end.
 */
export interface WorkerStream<C, R = void> extends AsyncIterableIterator<C> {
  /**
   * Settles after the last chunk has been read, with the value that the handler returned or the error that reading
   * throws. Ignoring it never causes an `unhandledRejection`.
   */
  readonly result: Promise<R>;
  next(): Promise<IteratorResult<C, undefined>>;
  return(): Promise<IteratorResult<C, undefined>>;
  throw(error: unknown): Promise<IteratorResult<C, undefined>>;
  /** Calls `return()`. */
  [Symbol.asyncDispose](): Promise<void>;
}

/**
 * Options of one `post`.
 *
 * @typeParam T - The type of `transfer`: `never` if the driver moves no memory.
 */
export interface PostOptions<T extends TransferList = TransferList> {
  /**
   * Objects of the payload to move to the worker instead of copying: `ArrayBuffer`s, `MessagePort`s and the like.
   * Requires the driver's `capabilities.sharedMemory`, else `ERR_UNSUPPORTED_BY_DRIVER`. Default: none.
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
   * The timeout in milliseconds, instead of the worker's message timeouts; `0` and `Infinity` mean no limit. For a
   * request with chunks it limits each pause: it restarts when a message arrives, and does not run while the reader is
   * slow.
   */
  timeout?: number | undefined;
  /** Cancels the request: an abort rejects it at once with the signal's reason, and aborts the handler's signal. */
  signal?: AbortSignal | undefined;
  /** Ends a worker whose handler does not end after an abort or a timeout. A worker ignores it. Default: never. */
  escalate?: EscalateOptions | undefined;
}

/** Options of `send` and `stream` for the type `K`, besides {@link SendOptions}. */
export interface MessageOptions<M extends MessageTypes<M>, K extends MessageTypeOf<M>> {
  /** Receives each progress value that the handler reports before its outcome. */
  onProgress?: ((value: ProgressOf<M, K>) => void) | undefined;
}

/** The chunks that follow the payload of the type `K`. */
export interface InputOptions<M extends MessageTypes<M>, K extends MessageTypeOf<M>> {
  /** The chunks. The library reads them as fast as the handler does, and ends the source when the request settles. */
  input: ChunkSource<InputOf<M, K>>;
}

type Payload<M extends MessageTypes<M>, K extends MessageTypeOf<M>> =
  PayloadOf<M, K> | PreparedPayload<PayloadOf<M, K>>;

/**
 * Sends requests.
 *
 * @typeParam T - As of {@link PostOptions}.
 */
export interface RequestSender<M extends MessageTypes<M>, T extends TransferList = never> {
  /**
   * Sends a request and waits for its outcome. Requests before the worker is ready wait, in order. Any number may be in
   * flight. A failed request affects no other request.
   *
   * @param payload - Optional if the type accepts `undefined`.
   * @returns The value that the handler returned; for a type without result, nothing, when the handler has finished.
   * @throws The error of the handler, rebuilt; the reason of the `signal`; or a `WorkerError`, for example with the
   *   code `ERR_MESSAGE_TIMEOUT`, `ERR_NOT_SERIALIZABLE`, `ERR_MESSAGE_TOO_LARGE`, `ERR_WORKER_CRASHED` or
   *   `ERR_WORKER_CLOSED`.
   */
  send<K extends Taken<M>['sendAlone']>(type: K): Promise<ResultPayloadOf<M, K>>;
  send<K extends Taken<M>['send']>(
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
   * Sends a request whose handler answers with a stream, at once. Reading, and `result`, report its errors.
   *
   * @param payload - As of `send`.
   */
  stream<K extends Taken<M>['streamAlone']>(type: K): WorkerStream<StreamOf<M, K>, ResultPayloadOf<M, K>>;
  stream<K extends Taken<M>['stream']>(
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
   * Sends a notification: there is no answer, not even for an error of the handler.
   *
   * @throws A `WorkerError` if the message cannot be sent, for example with the code `ERR_WORKER_CLOSED`.
   */
  post<K extends Taken<M>['postAlone']>(type: K): void;
  post<K extends MessageTypeOf<M>>(type: K, payload: Payload<M, K>, options?: PostOptions<T>): void;
}

/**
 * Sends messages from a worker to its host. Calls before the server has started wait for it; while no host is
 * connected, they fail with `ERR_HOST_DISCONNECTED`.
 *
 * @typeParam H - The messages that the host serves, made with `DefineMessages`.
 */
export type HostClient<H extends MessageTypes<H> = MessageDefinitions> = RequestSender<H, TransferList>;

/**
 * A connected host, as `hosts` and the events of a worker server have it. Once it has left, its calls fail with
 * `ERR_HOST_DISCONNECTED`.
 *
 * @typeParam H - The messages that the host serves, made with `DefineMessages`.
 */
export type ConnectedHost<H extends MessageTypes<H> = MessageDefinitions> = HostClient<H> & {
  /** Its process id, if the kernel tells it: on Linux, of a host in another process. */
  readonly pid: number | undefined;
  /** `false` as soon as it has left. */
  readonly isConnected: boolean;
};

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

/**
 * The `code` of each error of this library; `docs/errors.md` explains each. Codes do not change; later versions may add
 * some.
 */
export type WorkerErrorCode =
  | 'ERR_INVALID_OPTION'
  | 'ERR_SCRIPT_NOT_FOUND'
  | 'ERR_TYPESCRIPT_UNSUPPORTED'
  | 'ERR_PACKAGE_MISSING'
  | 'ERR_WORKER_SPAWN_FAILED'
  | 'ERR_EXEC_PATH_REQUIRED'
  | 'ERR_WORKER_CRASHED'
  | 'ERR_RESOURCE_LIMIT'
  | 'ERR_WORKER_CLOSED'
  | 'ERR_WORKER_DISCONNECTED'
  | 'ERR_NOT_AUTHORIZED'
  | 'ERR_NO_SUCH_WORKER'
  | 'ERR_WORKER_OCCUPIED'
  | 'ERR_ATTACH_REFUSED'
  | 'ERR_HOST_DISCONNECTED'
  | 'ERR_SEVERAL_HOSTS'
  | 'ERR_CANCELLED'
  | 'ERR_ANSWER_IS_STREAM'
  | 'ERR_HOST_BLOCKED'
  | 'ERR_SYNC_OVERFLOW'
  | 'ERR_ASYNC_MIDDLEWARE'
  | 'ERR_UNSUPPORTED_BY_PEER'
  | 'ERR_START_TIMEOUT'
  | 'ERR_CONNECT_TIMEOUT'
  | 'ERR_MESSAGE_TIMEOUT'
  | 'ERR_MESSAGE_TOO_LARGE'
  | 'ERR_BACKPRESSURE'
  | 'ERR_QUEUE_TIMEOUT'
  | 'ERR_POOL_UNAVAILABLE'
  | 'ERR_TOO_MANY_REQUESTS'
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
  | 'ERR_ADDONS_DISABLED'
  | 'ERR_SYSTEM';

interface WorkerErrorOptions extends ErrorOptions {
  readonly phase?: WorkerError['phase'];
}

/** The context of a message: names and values, all text. At most 16,384 characters as JSON. */
export type Carrier = Record<string, string>;

/**
 * Carries context of the caller, such as the values of an `AsyncLocalStorage` or a trace, with each message to its
 * handler. Set it as the option `context` on both sides; a side without the option neither sends nor receives context.
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
  /** `send`, `post` and `stream` call it synchronously, and rethrow its errors. `undefined`: no context. */
  inject(): Carrier | undefined;
  /**
   * Runs before the handler, with the received context. It must call `run`, at once: the handler runs in `run`. The
   * library does not call it for a message without context.
   */
  extract<T>(carrier: Carrier, run: () => T): T;
}

/**
 * Receives log lines; `console` is one. The library ignores errors that a logger throws.
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

/**
 * A request of the type `K`, as middleware sees it.
 *
 * @example `MessageOf<Messages, 'load'>` is `{ type: 'load'; tx: string; payload: { config: string } }`
 */
export type MessageOf<M extends MessageTypes<M>, K extends MessageTypeOf<M>> = {
  [P in K]: {
    type: P;
    tx: string;
    payload: PayloadOf<M, P>;
  };
}[K];

/** A notification of the type `K`: it expects no answer, so it has no transaction id. */
export type NotificationOf<M extends MessageTypes<M>, K extends MessageTypeOf<M>> = {
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
export type ResultOf<M extends MessageTypes<M>, K extends WithResult<M>> = ResultMessage<M, K>;

/**
 * Maps a message type to its answer: {@link ResultOf}, with its two arguments in either order.
 *
 * @example `MessageResult<Messages, 'load'>` and `MessageResult<'load', Messages>` are one type.
 */
export type MessageResult<
  A extends MessageTypes<A> | string,
  B extends (A extends string
    ? {
        [K in A]: Required<Pick<MessageDefinition, 'payload' | 'result'>>;
      }
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
  [P in K]: {
    type: `${P}Error`;
    tx: string;
    payload: RemoteErrorPayload;
  };
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

type ResultMessage<M extends MessageTypes<M>, K extends MessageTypeOf<M>> = {
  [P in K]: {
    type: `${P}Result`;
    tx: string;
    payload: ResultPayloadOf<M, P>;
  };
}[K];

/**
 * The direction, for the side that runs the middleware: `outgoing` is not encoded yet, `incoming` is decoded already.
 */
export type MessageDirection = 'incoming' | 'outgoing';

/**
 * Reads or changes each message in transit. Middleware may run in the host, in the worker, or in both.
 *
 * Several middleware functions run in the given order, in both directions. Messages keep their order even if a
 * middleware is asynchronous. The message object is sealed: middleware may replace its `payload`, but not add members.
 *
 * @returns The message to pass on. Without a return value the library passes on the original message.
 * @throws An error fails only this message: its `send` rejects with it.
 */
export type Middleware<M extends MessageTypes<M> = MessageDefinitions> = (
  message: AnyMessage<M>,
  direction: MessageDirection,
) => AnyMessage<M> | void | PromiseLike<AnyMessage<M> | void>;

/**
 * Encodes and decodes payloads. Host and worker must name one serializer; otherwise the worker's start fails with
 * `ERR_SERIALIZER_MISMATCH`, which names both.
 *
 * - A text serializer has a `terminator`: `serialize` returns a string, `deserialize` receives one. A message that
 *   would contain the terminator fails alone, with `ERR_TERMINATOR_IN_MESSAGE`.
 * - A binary serializer has none: bytes in both directions, framed by their length, so they may contain any byte.
 *
 * An error of `serialize` rejects its `send`, with `ERR_NOT_SERIALIZABLE` and the error as its `cause`.
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
  /** Identifies the serializer; host and worker compare it when the worker starts. */
  readonly name: string;
  /** The end of each message of a text serializer, one character or more. Absent or `null`: a binary serializer. */
  readonly terminator?: string | null | undefined;
  /** @returns A string if there is a terminator, bytes if there is none. */
  serialize(data: unknown): string | Uint8Array;
  /** @param data - A string if there is a terminator, bytes if there is none. Bytes are valid during the call only. */
  deserialize(data: string | Uint8Array): unknown;
}

/** The serializers of this library, by their names. */
export type BuiltInSerializer = 'json' | 'structured';

/** The type of the option `serializer`. */
export type SerializerValue = Serializer | BuiltInSerializer;

/** Options of `JsonSerializer`. */
export interface JsonSerializerOptions {
  /** The end of each message. Default: `'\n'`, which JSON text never contains. */
  terminator?: string | undefined;
}

/**
 * Timeouts in milliseconds. `0` and `Infinity` mean no limit.
 *
 * The library refuses a negative number, `NaN`, and any other type with `ERR_INVALID_OPTION`. It handles arrived
 * messages before it checks a deadline, so a busy host does not time out a healthy worker.
 */
export interface TimeoutConfig<M extends MessageTypes<M> = MessageDefinitions> {
  /** Limits the time from the spawn until the worker is ready, else `ERR_START_TIMEOUT`. Default: 10,000. */
  startup?: number | undefined;
  /**
   * Limits the time from the start of the worker server until the handshake of its host arrives, else
   * `startWorkerServer` rejects with `ERR_CONNECT_TIMEOUT`; also limits how long `getStartupData` may block. The option
   * of `startWorkerServer` takes precedence; that of the host reaches only child processes. Default: 30,000.
   */
  serverConnect?: number | undefined;
  /** Limits the time from `send` until the answer, else `ERR_MESSAGE_TIMEOUT`. Default: 300,000. */
  message?: number | undefined;
  /** Message timeouts of single message types, instead of `message`. `SendOptions.timeout` overrides both. */
  types?:
    | {
        [K in MessageTypeOf<M>]?: number | undefined;
      }
    | undefined;
}

/** Options of `startWorkerServer`. */
export interface WorkerServerOptions<
  M extends MessageTypes<M> = MessageDefinitions,
  H extends MessageTypes<H> = MessageDefinitions,
> {
  /**
   * The serializer; host and worker must agree. Default: the host's, if it is `'json'` or `'structured'`; else it is
   * required.
   */
  serializer?: SerializerValue | undefined;
  /** Middleware of the worker. Default: none. */
  middleware?: Middleware<M> | readonly Middleware<M>[] | undefined;
  /**
   * Carries context of the caller with each message, in both directions. The host needs it too. Default: no context.
   */
  context?: ContextCarrier | undefined;
  /** The logger. Default: `defaultLogger`. */
  logger?: Logger | undefined;
  /** The least severe level that is logged. Default: `'warn'`. */
  logLevel?: LogLevel | undefined;
  /**
   * The driver that must have started this worker, else `ERR_DRIVER_MISMATCH`. Default: the library detects it. Name a
   * custom driver that has `createServer`.
   */
  driver?: DriverValue | undefined;
  /**
   * Runs when the host closes this worker, or `close()` is called: after the last answer, before the end. The library
   * logs its errors, and gives it the rest of the host's `close({ timeout })`. It does not run after the host has
   * ended.
   */
  onClose?: (() => void | PromiseLike<void>) | undefined;
  /**
   * `false`: an error that nobody catches ends this worker without a text on standard error; its host receives the error, as
   * always. From the call of `startWorkerServer` on, and not in the host's own thread. Default: `true`, as of other programs; a
   * thread never prints such errors.
   */
  printUncaught?: boolean | undefined;
  /**
   * How many handlers may run at once, those of notifications included; the other messages wait in order. If very many
   * wait, the worker grants its host no further requests, which wait in the host. Default: 65,536; `Infinity`: no
   * limit.
   */
  maxConcurrency?: number | undefined;
  /**
   * How many bytes of answers may wait for the host. Above it, a worker process begins no more handlers. Default:
   * 67,108,864 (64 MiB); `Infinity`: no limit.
   */
  maxPendingBytes?: number | undefined;
  /**
   * Allows shared buffers (`createSharedBuffer`), with the serializer `'structured'`: memory that the host may write at
   * any time. The host needs the option too; without it a message with a shared buffer fails with
   * `ERR_NOT_SERIALIZABLE`. Default: `false`: the worker sends a shared buffer as a copy, and a message with a shared
   * buffer of the host fails. It has no effect in a thread.
   */
  sharedMemory?: boolean | undefined;
  /**
   * Whether this side of the connection may spin: poll for up to 0.1 ms before its thread sleeps. `'auto'`: it spins while
   * that shortens waits and takes no more processor time than sleeping. `false`: it never spins; the thread may still
   * spin for other connections. `ISOLATED_WORKERS_BUSY_POLL=0` in the environment has priority. Default: `'auto'`.
   */
  busyPoll?: 'auto' | false | undefined;
  /** Timeouts in milliseconds; `message` and `types` apply to calls of this worker to its host. */
  timeout?: Pick<TimeoutConfig<H>, 'serverConnect' | 'message' | 'types'> | undefined;
}

/** The events of a worker server, with the arguments of their listeners. */
export interface WorkerServerEvents<H extends MessageTypes<H> = MessageDefinitions> {
  /** A host has connected. */
  connect: [host: ConnectedHost<H>];
  /** A host has left, for any reason. */
  disconnect: [host: ConnectedHost<H>];
  /** A message of a host could not be read and is lost: an error `ERR_MALFORMED_MESSAGE`. If it was a request, its `send` fails. */
  unreadable: [error: WorkerError];
}

/** The server in the worker that answers its host. */
export interface WorkerServer<H extends MessageTypes<H> = MessageDefinitions> {
  /**
   * Calls the host. In a detached worker with `maxHosts` above 1, `post` goes to all connected hosts, and `send` and `stream` fail
   * with `ERR_SEVERAL_HOSTS`.
   */
  readonly host: HostClient<H>;
  /** The connected hosts, first come first. With `maxHosts` above 1 they are the `host` of their handlers' contexts, too. */
  readonly hosts: readonly ConnectedHost<H>[];
  /** `true` while a host is connected. */
  readonly isConnected: boolean;
  /**
   * Adds a listener of an event: `connect`, a host has connected, `disconnect`, one has left, or
   * `unreadable`, a message of one is lost. The host for which
   * `startWorkerServer` has waited is in `hosts`.
   */
  on<E extends keyof WorkerServerEvents<H>>(event: E, listener: (...details: WorkerServerEvents<H>[E]) => void): this;
  /** Adds a listener of the next event. */
  once<E extends keyof WorkerServerEvents<H>>(event: E, listener: (...details: WorkerServerEvents<H>[E]) => void): this;
  /** Removes a listener. */
  off<E extends keyof WorkerServerEvents<H>>(event: E, listener: (...details: WorkerServerEvents<H>[E]) => void): this;
  /** Stops serving: answers the messages that are being handled, then ends the connection. May be called again. */
  close(): Promise<void>;
  /** Lets the connection keep the worker alive, as it does from the start. */
  ref(): this;
  /**
   * Lets the worker end as soon as nothing but the connection keeps its event loop alive. What it has answered by then arrives. Its
   * host takes such an end for a crash, with the exit code 0, unless it has asked for it by `close()` or allows it by `endsByItself`. In the host's own thread it
   * changes nothing.
   */
  unref(): this;
}

/**
 * The second argument of every handler. Its members may be destructured: `(payload, { signal, progress }) => …`.
 *
 * @typeParam K - The message type.
 * @typeParam P - The argument of `progress`.
 * @typeParam I - The type of `input`.
 */
export interface MessageContext<K extends string, P, I> {
  /**
   * Aborts when the requester no longer waits for the outcome: it has cancelled the request, timed out, left the
   * stream, or ended.
   */
  readonly signal: AbortSignal;
  /** The transaction id; `undefined` for a notification. */
  readonly tx: string | undefined;
  /** The message type. */
  readonly type: K;
  /** Reports progress to the requester, before the outcome. Has no effect for a notification. */
  readonly progress: (value: P) => void;
  /** The chunks that follow the payload, for a type with `input`. The handler can read them once. */
  readonly input: I;
}

/** The second argument of a handler in a worker. */
export type HandlerContext<
  M extends MessageTypes<M> = MessageDefinitions,
  K extends MessageTypeOf<M> = MessageTypeOf<M>,
  H extends MessageTypes<H> = MessageDefinitions,
> = MessageContext<TypeFor<M, K>, ProgressOf<M, K>, InputFor<M, K>> & {
  /** Calls the host; of several hosts (`maxHosts`), the one that has sent this message. */
  readonly host: HostClient<H>;
  /** The server that this handler belongs to. */
  readonly worker: WorkerServer<H>;
};

/** The second argument of a handler in a host. */
export type HostHandlerContext<H extends MessageTypes<H>, K extends MessageTypeOf<H>, W> = MessageContext<
  TypeFor<H, K>,
  ProgressOf<H, K>,
  InputFor<H, K>
> & {
  /** The worker that calls. */
  readonly worker: W;
};

type TypeFor<M extends MessageTypes<M>, K extends string> = string extends keyof M ? string : K;

type InputFor<M extends MessageTypes<M>, K extends MessageTypeOf<M>> = {
  [P in K]: 'input' extends keyof M[P] ? AsyncIterable<InputOf<M, P>> : undefined;
}[K];

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

/** Options of one `sendSync`. */
export interface SyncOptions {
  /** The timeout in milliseconds, instead of the worker's message timeouts; `0` and `Infinity` mean no limit. */
  timeout?: number | undefined;
}

/** Methods of a worker whose driver's `capabilities.sync` is `true`. */
export interface SyncSender<M extends MessageTypes<M>> {
  /**
   * Like `send`, for code that cannot await: blocks the calling thread, its timers and all other work included, until
   * the outcome arrives, its timeout ends, or the worker is lost. Calls of the worker to its host fail with
   * `ERR_HOST_BLOCKED` meanwhile. The host never retries it in another worker.
   *
   * @returns The value that the handler returned.
   * @throws The errors of `send`; `ERR_BACKPRESSURE` if too many bytes wait, `ERR_ASYNC_MIDDLEWARE` if a middleware
   *   returns a promise. The crash of a thread has the reason `close`, because its exit code is not known yet.
   */
  sendSync<K extends Taken<M>['sendAlone']>(type: K): ResultPayloadOf<M, K>;
  sendSync<K extends Taken<M>['send']>(type: K, payload: PayloadOf<M, K>, options?: SyncOptions): ResultPayloadOf<M, K>;
}

/** The events of `worker.on`, with the arguments of their listeners. */
export interface WorkerEvents<H extends MessageTypes<H> = MessageDefinitions> {
  /** The worker has ended, for any reason. */
  exit: [exit: WorkerExit];
  /** The worker crashed; before `exit`. */
  crash: [error: WorkerCrashedError];
  /** A new worker serves in place of one that crashed, or after `restart()`. */
  restart: [restart: WorkerRestart];
  /** The outcome of a request whose host had left; the next host of the detached worker receives it. */
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
  /** A message of the worker could not be read and is lost: an error `ERR_MALFORMED_MESSAGE`. If it was a request, its `send` fails. */
  unreadable: [error: WorkerError];
  /** `disconnect()` has finished, or another host has taken over the detached worker. */
  disconnect: [];
  /** The last request in flight has its outcome, and none was sent in the turn of the event loop after it. */
  idle: [];
  /** `reconnect()` is done. */
  reconnect: [];
  /** The worker's JavaScript has run without a pause for longer than the option `unresponsiveAfter` allows. */
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

/** The end of a worker. */
export interface WorkerExit {
  /** Its process id, if it had one. */
  readonly pid: number | undefined;
  readonly reason: ShutdownReason;
}

/** The restart of a worker. */
export interface WorkerRestart {
  /** The new process id, if it has one. */
  readonly pid: number | undefined;
  /** How many workers have replaced the first. */
  readonly count: number;
}

/**
 * The state of a worker.
 *
 * - `alive`: its event loop runs.
 * - `blocked`: it lives, and its JavaScript has run without a pause for `blockedFor` milliseconds.
 * - `silent`: it did not answer in time: it is stopped, or the machine is overloaded.
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
  /** How long the worker may take to end by itself, in milliseconds, before it is terminated. Default: 3,000. */
  timeout?: number | undefined;
  /** `finish` waits for requests in flight, `reject` rejects them. Default: `'finish'`. */
  pending?: 'finish' | 'reject' | undefined;
}

/**
 * The host's handle to a worker. A member that needs a capability exists only if the driver's type has it.
 *
 * A client may stand in for one with fewer message types, and for a `WorkerClient` without messages, to which anything may be sent.
 * Where the driver does not matter either, it is `WorkerClient<any, any>`.
 *
 * @typeParam M - The messages, made with `DefineMessages`.
 * @typeParam D - The driver; `Driver` if it is not known.
 * @typeParam H - The messages that the worker sends to its host.
 */
export type WorkerClient<
  M extends MessageTypes<M> = MessageDefinitions,
  D extends Driver = ChildProcessDriver,
  H extends MessageTypes<H> = MessageDefinitions,
> = MessageSender<M, TransferListOf<D>> &
  WorkerHandle<D, H> &
  (CapabilitiesOf<D>['reconnect'] extends true ? Reconnectable : unknown) &
  (CapabilitiesOf<D>['sync'] extends true ? SyncSender<M> : unknown);

/** The type of `transfer` with the driver `D`: `never` unless its `capabilities.sharedMemory` is `true`. */
export type TransferListOf<D extends Driver> = CapabilitiesOf<D>['sharedMemory'] extends true ? TransferList : never;

/**
 * Sends messages to a worker.
 *
 * @typeParam T - As of {@link PostOptions}.
 */
export interface MessageSender<M extends MessageTypes<M>, T extends TransferList = never> extends RequestSender<M, T> {
  /**
   * Never present. It makes the compiler compare senders by their messages, which it does not do for overloads, so a
   * worker with other messages is not assignable.
   *
   * @internal
   */
  readonly [messages]?: MessageDefinitions extends M ? any : Handlers<M>;
}

/** The methods of every worker, whatever its messages. */
export interface WorkerHandle<D extends Driver = Driver, H extends MessageTypes<H> = MessageDefinitions> {
  /**
   * Ends the worker: refuses new requests, waits for those in flight, asks the worker to stop, and terminates and then
   * kills a worker that does not. Resolves with the reason of its end, when the worker has ended. Only releases a
   * detached worker that another host has taken over. May be called again.
   */
  close(options?: CloseOptions): Promise<ShutdownReason>;
  /** Ends the worker at once: with SIGTERM, and with SIGKILL a second later if it ignores that. */
  terminate(): Promise<ShutdownReason>;
  /** Ends the worker at once, with SIGKILL. */
  kill(): Promise<ShutdownReason>;
  /** Closes the worker at the end of an `await using` block. */
  [Symbol.asyncDispose](): Promise<void>;
  /**
   * Ends the worker as `close` does, and starts another one with the same options in its place; also one that was closed, or has
   * crashed. Resolves when the new one serves, and rejects as `createWorker` does. What is sent meanwhile waits for it.
   *
   * @throws `ERR_INVALID_OPTION` where `transferList` has moved a part of the `workerData`; `ERR_WORKER_OCCUPIED` where another host
   *   has the worker; `ERR_UNSUPPORTED_BY_DRIVER` for one that this host has attached to.
   */
  restart(options?: CloseOptions): Promise<void>;
  /** How many requests and streams were sent and have no outcome yet; those that wait for a new worker count. */
  readonly inFlight: number;
  /**
   * How many bytes were sent that the worker's connection has not taken yet. Always 0 where values travel between threads,
   * or by a driver of your own.
   */
  readonly pendingBytes: number;
  /**
   * Resolves when `pendingBytes` is at most half of `maxPendingBytes`, at once if it already is. A loop that sends much
   * awaits it between messages.
   *
   * @throws The error of a `send`, if the worker is lost, closed or disconnected.
   */
  drained(): Promise<void>;
  /** `true` while the worker accepts requests: from the spawn until it is closed or lost. */
  readonly isActive: boolean;
  /** `true` while the worker server has answered and its connection is open. */
  readonly isConnected: boolean;
  /** The worker's process id, also after its end; `undefined` for workers without their own process. */
  readonly pid: PidOf<D>;
  readonly name: string;
  /** The path at which a detached worker listens for hosts; `undefined` for others. */
  readonly socketPath: string | undefined;
  readonly capabilities: CapabilitiesOf<D>;
  /** The worker's standard input if it is piped, else `null`. */
  readonly stdin: Writable | null;
  /** The worker's standard output if it is piped, else `null`. */
  readonly stdout: Readable | null;
  /** The worker's standard error if it is piped, else `null`. */
  readonly stderr: Readable | null;
  /**
   * Reports the state of the worker, even while its JavaScript is blocked: a native thread of the process answers. For
   * a worker thread the blocked time counts from the first call that observes it; on Bun and Deno a process is never
   * `blocked`.
   */
  health(options?: HealthOptions): Promise<WorkerHealth>;
  /** Calls the listener at each event. */
  on<E extends keyof WorkerEvents<H>>(event: E, listener: (...details: WorkerEvents<H>[E]) => void): this;
  /** Calls the listener at the next event. */
  once<E extends keyof WorkerEvents<H>>(event: E, listener: (...details: WorkerEvents<H>[E]) => void): this;
  /** Removes the listener. */
  off<E extends keyof WorkerEvents<H>>(event: E, listener: (...details: WorkerEvents<H>[E]) => void): this;
  /** Makes the worker keep the host alive as long as it lives. By default only requests in flight do. */
  ref(): this;
  /** Lets the host end even while requests are in flight. */
  unref(): this;
}

/** Methods of a worker whose driver's `capabilities.reconnect` is `true`. */
export interface Reconnectable {
  /**
   * Ends the connection; the worker keeps running, with its state. Requests in flight, and messages before the next
   * `reconnect()`, reject with `ERR_WORKER_DISCONNECTED`.
   */
  disconnect(): Promise<void>;
  /** Connects to the running worker again. */
  reconnect(): Promise<void>;
}

/** A request that has no transaction id yet; for a union of types discriminated by `type`. */
export type UnsentRequest<
  M extends MessageTypes<M> = MessageDefinitions,
  K extends MessageTypeOf<M> = MessageTypeOf<M>,
> = {
  [P in K]: {
    readonly type: P;
    readonly payload: PayloadOf<M, P>;
  };
}[K];

/**
 * Returns the transaction id of a request. The default is a random UUID.
 *
 * `send` rejects with `ERR_DUPLICATE_TRANSACTION` if a request with this id is in flight, and with
 * `ERR_INVALID_TRANSACTION_ID` if the id is not a valid string.
 */
export type TransactionIdGenerator<M extends MessageTypes<M> = MessageDefinitions> = (
  message: UnsentRequest<M>,
) => string;

/** A request whose worker crashes rejects. */
export interface RejectStrategy {
  readonly strategy: 'reject';
}

/** The host sends a request whose worker crashes to a new worker. */
export interface RetryStrategy {
  readonly strategy: 'retry';
  /** The total number of attempts of a request, 1 or more. Default: 2. */
  readonly attempts?: number | undefined;
}

/**
 * The strategy after a crash of the worker.
 *
 * With `retry` the host starts one new worker, with the original start-up data, and sends the requests that were in
 * flight again, one at a time, so a request that ends every worker fails alone. Later requests wait. The timeout of a
 * request counts from its first sending. Use it only for handlers that may run twice.
 */
export type UnexpectedShutdown<M extends MessageTypes<M> = MessageDefinitions> = (RejectStrategy | RetryStrategy) & {
  /** Strategies of single message types, by name. */
  readonly types?:
    | {
        readonly [K in MessageTypeOf<M>]?: RejectStrategy | RetryStrategy;
      }
    | undefined;
};

/**
 * Options of `createWorker`. If `D` is another driver than the child process driver, `driver` is required: a type alone
 * cannot choose a driver.
 *
 * @typeParam M - The messages, made with `DefineMessages`.
 * @typeParam D - The driver.
 * @typeParam H - The messages of the worker to its host.
 */
export type WorkerOptions<
  M extends MessageTypes<M> = MessageDefinitions,
  D extends Driver = ChildProcessDriver,
  H extends MessageTypes<H> = MessageDefinitions,
> = BaseWorkerOptions<M, D, H> &
  (ChildProcessDriver extends D
    ? unknown
    : {
        driver: object;
      });

/** The options that do not depend on the driver. */
export interface BaseWorkerOptions<
  M extends MessageTypes<M>,
  D extends Driver,
  H extends MessageTypes<H> = MessageDefinitions,
> extends ProcessOptions {
  /**
   * The worker's script: a path, relative to the current directory, or a file URL such as `new URL('./worker.js',
   * import.meta.url)`. Missing: `ERR_SCRIPT_NOT_FOUND`. A TypeScript file works if the runtime or an installed loader
   * can run it, else `ERR_TYPESCRIPT_UNSUPPORTED`; if `worker.js` is missing beside `worker.ts`, the latter is the
   * script. A custom driver receives this value unchanged: it may be a name on another machine, a container, or source
   * text.
   */
  script: string | URL;
  /** A driver or a driver class. Default: the child process driver. */
  driver?: DriverValue<D> | undefined;
  /** Options for the driver's `spawn`. */
  driverOptions?: DriverOptionsFor<D> | undefined;
  /** Handlers for the worker's `host.send` and `host.post`. Default: none. */
  handlers?: HostHandlers<H, WorkerClient<M, D, H>> | undefined;
  /** The worker's name in logs and errors. Default: the script's base name. */
  name?: string | undefined;
  /**
   * The value of `getStartupData()` in the worker, of any size: what the serializer `'structured'` carries; with the serializer
   * `'json'`, what JSON carries. A shared buffer is `ERR_NOT_SERIALIZABLE` here. Default: `undefined`.
   */
  startupData?: unknown;
  /**
   * What turns payloads into what travels: `'structured'` (all that structured clone carries, errors in full), `'json'`, or one of
   * your own, which the worker server must have, too. A worker in another language needs `'json'`. Default: `'structured'` for
   * processes; none where values travel as they are.
   */
  serializer?: SerializerValue | undefined;
  /** Timeouts in milliseconds; a number is the message timeout. Default: 10 s to start, 5 min per message. */
  timeout?: number | TimeoutConfig<M> | undefined;
  /** Middleware of the host. Default: none. */
  middleware?: Middleware<M> | readonly Middleware<M>[] | undefined;
  /**
   * Carries context of the caller with each message, in both directions. The worker needs it too. Default: no context.
   */
  context?: ContextCarrier | undefined;
  /** Generates transaction ids. Default: a UUID per request. */
  txIdGenerator?: TransactionIdGenerator<M> | undefined;
  /**
   * The longest encoded message in bytes, in either direction; a longer one fails alone, with `ERR_MESSAGE_TOO_LARGE`.
   * Default: 268,435,456 (256 MiB); at most 2,147,483,648 (2 GiB). On a value connection without a serializer, it
   * limits only payloads that are themselves a string or a `Uint8Array`.
   */
  maxMessageSize?: number | undefined;
  /**
   * Allows shared buffers (`createSharedBuffer`), with the serializer `'structured'`: memory that the worker may write
   * at any time. The worker's server needs the option too; without it a message with a shared buffer fails with
   * `ERR_NOT_SERIALIZABLE`. Default: `false`: the host sends a shared buffer as a copy, and a message with a shared
   * buffer of the worker fails. Requires the child process driver.
   */
  sharedMemory?: boolean | undefined;
  /**
   * Whether this side of the connection may spin: poll for up to 0.1 ms before its thread sleeps. `'auto'`: it spins while
   * that shortens waits and takes no more processor time than sleeping. `false`: it never spins; the thread may still
   * spin for other connections. `ISOLATED_WORKERS_BUSY_POLL=0` in the environment has priority. Default: `'auto'`.
   */
  busyPoll?: 'auto' | false | undefined;
  /**
   * How many bytes of messages may wait for the worker. Above it, `whenFull` determines the behaviour of `send`, and
   * `post` throws `ERR_BACKPRESSURE`. A larger message passes alone. Value connections (threads, custom drivers) count
   * nothing. Default: 67,108,864 (64 MiB); `Infinity`: no limit.
   */
  maxPendingBytes?: number | undefined;
  /**
   * The behaviour of `send` above `maxPendingBytes`: `wait` for its turn, within its timeout; or `reject` with
   * `ERR_BACKPRESSURE`. Default: `'wait'`.
   */
  whenFull?: 'wait' | 'reject' | undefined;
  /**
   * How many handlers of this host may run at once for calls and notifications of the worker; further messages wait in
   * order. If very many wait, the host grants its worker no further ones, which wait in the worker. Default: 65,536;
   * `Infinity`: no limit.
   */
  maxConcurrency?: number | undefined;
  /**
   * Receives each line that the worker writes to its standard output and error, without its line end; `worker` is the
   * worker's name. The library pipes streams that `stdio` (of a thread: `stdout` and `stderr`) does not name. A line of
   * more than 65,536 characters arrives in pieces. Default: none.
   */
  onOutput?: ((line: string, source: 'stdout' | 'stderr', worker: string) => void) | undefined;
  /** The logger. Default: `defaultLogger`. */
  logger?: Logger | undefined;
  /** The least severe level that is logged. Default: `'warn'`. */
  logLevel?: LogLevel | undefined;
  /** The strategy after a crash of the worker. Default: `{ strategy: 'reject' }`. */
  unexpectedShutdown?: UnexpectedShutdown<M> | undefined;
  /**
   * After how many milliseconds without a pause in the worker's JavaScript the event `unresponsive` fires. Default:
   * never.
   */
  unresponsiveAfter?: number | undefined;
  /**
   * Its abort ends the worker: a start rejects with the signal's reason, and a worker that serves is terminated, with its requests.
   * Default: none.
   */
  signal?: AbortSignal | null | undefined;
  /**
   * `true`: a worker that ends by itself with the exit code 0, because nothing is left in its event loop or by `process.exit(0)`, has
   * not crashed. Its requests reject with `ERR_WORKER_CLOSED`, no `crash` is emitted, and `close()` has nothing left to do; with
   * `startOnDemand` the next message starts it again. Default: `false`: such an end is a crash, because requests may wait for it.
   */
  endsByItself?: boolean | undefined;
  /** `true`: what is sent to the worker after it was closed starts it again, and waits for that. Default: `false`. */
  startOnDemand?: boolean | undefined;
  /**
   * What becomes of options that the driver lacks and another driver of the library has, for programs that choose their driver when
   * they run: `'reject'` with `ERR_UNSUPPORTED_BY_DRIVER`, or `'ignore'`. Default: `'reject'`.
   */
  fallback?: 'reject' | 'ignore' | undefined;
  /**
   * `true`: the stack of each error that a request rejects with ends with the frames of the code that sent the request. Each
   * request then costs some ten microseconds more. The errors of `createWorker` and `sendSync` have those frames always.
   * Default: `false`.
   */
  callerStacks?: boolean | undefined;
  /** `false`: resolve once the worker is spawned; messages wait until it is ready. Default: `true`. */
  waitForReady?: boolean | undefined;
}

/** A worker of a pool. */
export interface PoolWorker {
  /** The pool's name and a number. */
  readonly name: string;
  /** Its process id, where it has a process of its own. */
  readonly pid: number | undefined;
  /**
   * - `idle`, `busy`: it serves.
   * - `paused`: a request of it was late or aborted, and it does not respond; it gets no others until it does.
   * - `spare`: it was started ahead.
   * - `draining`: it finishes what it runs, and ends.
   * - `gone`: it has ended.
   */
  readonly state: 'idle' | 'busy' | 'paused' | 'spare' | 'draining' | 'gone';
  /** How many requests it runs. */
  readonly inFlight: number;
  /** How many requests it has answered. */
  readonly completed: number;
  /** Milliseconds since it was ready. */
  readonly age: number;
  /** Bytes of resident memory of its process; `undefined` where that is not known. Linux tells. */
  readonly rss: number | undefined;
}

/**
 * Options of `createPool`: those of `createWorker`, and those of the pool. A pool waits for its workers by itself, and its
 * workers end with it, so `waitForReady`, `detached`, `socketPath`, `keepResults` and
 * `maxHosts` are not among them, and `idleTimeout` is one of the pool.
 *
 * @typeParam M - The messages, made with `DefineMessages`.
 * @typeParam D - The driver.
 * @typeParam H - What the workers ask their host.
 */
export type PoolOptions<
  M extends MessageTypes<M> = MessageDefinitions,
  D extends Driver = ChildProcessDriver,
  H extends MessageTypes<H> = MessageDefinitions,
> = Omit<
  WorkerOptions<M, D, H>,
  'waitForReady' | 'detached' | 'socketPath' | 'keepResults' | 'maxHosts' | 'idleTimeout' | 'endsByItself'
> &
  PoolSettings<M>;

/** What `createPool` takes besides the options of its workers. */
export interface PoolSettings<M extends MessageTypes<M> = MessageDefinitions> {
  /**
   * How many workers the pool keeps, whatever there is to do. `createPool` resolves when so many serve. Default: 1, so that a
   * script that cannot start is an error of `createPool` and the first request waits for no start; at most `maxWorkers`.
   */
  minWorkers?: number | undefined;
  /** How many workers there are at most; a pool that recycles has one more for a moment. Default: `os.availableParallelism()`. */
  maxWorkers?: number | undefined;
  /**
   * After how many milliseconds without a request a worker above `minWorkers` is closed. Default: 30,000; `0` and `Infinity`:
   * never.
   */
  idleTimeout?: number | undefined;
  /** How many requests each worker runs at once. Default: 1; `Infinity`: any number. */
  concurrency?: number | undefined;
  /** How many workers are started at the same time. Default: `os.availableParallelism()`. */
  maxStarts?: number | undefined;
  /** How many workers are started ahead, besides `maxWorkers`, so that nobody waits for a start. Default: 0. */
  spares?: number | undefined;
  /**
   * How many requests may wait for a worker. Over it, `whenFull` decides about `send` and `stream`, and a `post` that would have
   * to wait throws `ERR_BACKPRESSURE`. Default: `Infinity`.
   */
  maxQueue?: number | undefined;
  /**
   * What `send` and `stream` do where `maxQueue` requests wait: `wait` behind them, or `reject` with `ERR_BACKPRESSURE`. It
   * also decides what a worker does over `maxPendingBytes`. Default: `'wait'`.
   */
  whenFull?: 'wait' | 'reject' | undefined;
  /**
   * How long a request may wait for a worker, in milliseconds, else it rejects with `ERR_QUEUE_TIMEOUT`. The message timeout counts
   * from when the request reaches a worker. Default: none; `0` and `Infinity`: none.
   */
  queueTimeout?: number | undefined;
  /** Which of the workers with a free place gets a request without `key`. Default: `'least-busy'`. */
  strategy?: PoolStrategy<M> | undefined;
  /** When a worker is replaced by a new one, although it works. Default: never. */
  recycle?: RecycleOptions | undefined;
  /**
   * After how many milliseconds without a pause in its JavaScript, or without any sign of life, a worker is killed and
   * replaced, as if it had crashed. Default: never.
   */
  unresponsiveAfter?: number | undefined;
}

/**
 * - `'least-busy'`: the worker that runs the fewest requests.
 * - `'round-robin'`: one worker after the other.
 * - a function: it gets the workers that have a free place, at least one, and returns one of those. What it throws rejects the
 *   request; what it returns besides rejects it with `ERR_INVALID_OPTION`.
 */
export type PoolStrategy<M extends MessageTypes<M> = MessageDefinitions> =
  'least-busy' | 'round-robin' | ((workers: readonly PoolWorker[], request: PoolRequestInfo<M>) => PoolWorker);

/** A request, as a strategy sees it. */
export interface PoolRequestInfo<M extends MessageTypes<M> = MessageDefinitions> {
  readonly type: keyof M & string;
  readonly payload: unknown;
  readonly priority: number;
}

/** When a worker is replaced. The new one serves before the old one gets no more requests; what the old one runs it finishes. */
export interface RecycleOptions {
  /** After so many requests. Default: never. */
  afterRequests?: number | undefined;
  /**
   * Over so many mebibytes of resident memory, measured twice a second. For workers with a process of their own, on Linux:
   * elsewhere `ERR_UNSUPPORTED_BY_DRIVER` or `ERR_UNSUPPORTED_PLATFORM`. Default: never.
   */
  maxRssMb?: number | undefined;
  /** After so many milliseconds. Default: never. */
  maxAge?: number | undefined;
  /**
   * By which part each worker's `afterRequests` and `maxAge` are shorter at most, by chance, so that not all workers are
   * replaced at once: from 0 to 1. Default: 0.1.
   */
  jitter?: number | undefined;
}

/** Options of each call, besides those that the calls of a worker have. */
export interface PoolCallOptions {
  /** A request of higher priority goes first; within one, requests go in the order of the calls. Default: 0. */
  priority?: number | undefined;
  /**
   * Requests with the same key go to the same worker while that lives, and begin there in the order of the calls, whatever their
   * priority. Default: any worker.
   */
  key?: string | undefined;
  /** As the pool's `queueTimeout`, for this request. */
  queueTimeout?: number | undefined;
}

/** Options of `broadcast`. */
export interface BroadcastOptions {
  /** How long each worker may take, in milliseconds; `0` and `Infinity`: no limit. Default: the message timeout. */
  timeout?: number | undefined;
  /**
   * What workers get that start later, before they serve: the `latest` broadcast of each type, this one besides those before
   * it (`all`), or not this one (`none`). Default: `'latest'`.
   */
  replay?: 'latest' | 'all' | 'none' | undefined;
}

/** Options of `resize`. */
export interface ResizeOptions {
  /** As of `createPool`. Default: as it is, but at most `maxWorkers`. */
  minWorkers?: number | undefined;
  /** As of `createPool`. Default: as it is. */
  maxWorkers?: number | undefined;
}

type Payload$1<M extends MessageTypes<M>, K extends MessageTypeOf<M>> =
  PayloadOf<M, K> | PreparedPayload<PayloadOf<M, K>>;

/**
 * Workers that share requests. It has the calls of a worker, so what takes a `RequestSender` takes a pool.
 *
 * @typeParam M - The messages, made with `DefineMessages`.
 * @typeParam D - The driver.
 */
export interface WorkerPool<
  M extends MessageTypes<M> = MessageDefinitions,
  D extends Driver = ChildProcessDriver,
> extends PoolSender<M, TransferListOf<D>> {
  /** For logs and errors. */
  readonly name: string;
  /**
   * Sends a request to each worker that serves, at once and besides their other requests, and keeps it for later ones: these
   * get it before they serve. For what all workers must know: configuration, what is no longer valid in a cache.
   *
   * @returns What each handler returned. Workers that end meanwhile are left out.
   * @throws An `AggregateError` of what handlers threw, once all have answered; `ERR_NOT_SERIALIZABLE`, `ERR_WORKER_CLOSED`.
   */
  broadcast<K extends Taken<M>['sendAlone']>(type: K): Promise<ResultPayloadOf<M, K>[]>;
  broadcast<K extends RequestTypeOf<M>>(
    type: K,
    payload: Payload$1<M, K>,
    options?: BroadcastOptions,
  ): Promise<ResultPayloadOf<M, K>[]>;
  /** Changes how many workers there may be. Those above `maxWorkers` finish what they run, and end. */
  resize(sizes: ResizeOptions): void;
  /**
   * Replaces all workers, a few at a time: each new one serves before its old one gets no more requests. No request is lost.
   * For new code, or new start-up conditions. Resolves when the old ones are gone.
   *
   * @throws The error of a start that failed; the workers that are not replaced go on.
   */
  restart(): Promise<void>;
  /** Resolves when at most half of `maxQueue` requests wait; without a `maxQueue`, when none does. */
  drained(): Promise<void>;
  /** Figures of the pool, from its beginning on. */
  stats(): PoolStats;
  /** The workers that are there, also those that finish their last requests. */
  readonly workers: readonly PoolWorker[];
  /**
   * Ends the pool: refuses new requests, finishes those that wait or run, or rejects them, and closes the workers. Resolves when they
   * are gone. Calling it again is fine; `{ pending: 'reject' }` then rejects what is left.
   *
   * @param options - `timeout` is that of each worker, once it has nothing to do.
   */
  close(options?: CloseOptions): Promise<void>;
  /** Closes the pool at the end of an `await using` block. */
  [Symbol.asyncDispose](): Promise<void>;
  /** Calls the listener each time. */
  on<E extends keyof PoolEvents>(event: E, listener: (...details: PoolEvents[E]) => void): this;
  /** Calls the listener the next time. */
  once<E extends keyof PoolEvents>(event: E, listener: (...details: PoolEvents[E]) => void): this;
  /** Calls the listener no more. */
  off<E extends keyof PoolEvents>(event: E, listener: (...details: PoolEvents[E]) => void): this;
}

/** The calls of a worker, with the options of a pool. */
export interface PoolSender<M extends MessageTypes<M>, T extends TransferList = never> extends MessageSender<M, T> {
  /** As `send` of a worker. Besides its errors: `ERR_QUEUE_TIMEOUT`, `ERR_BACKPRESSURE`, `ERR_POOL_UNAVAILABLE`. */
  send<K extends Taken<M>['sendAlone']>(type: K): Promise<ResultPayloadOf<M, K>>;
  send<K extends Taken<M>['send']>(
    type: K,
    payload: Payload$1<M, K>,
    options?: SendOptions<T> & PoolCallOptions & MessageOptions<M, K> & Partial<InputOptions<M, K>>,
  ): Promise<ResultPayloadOf<M, K>>;
  send<K extends Exclude<WithInput<M>, WithStreamAlone<M>>>(
    type: K,
    payload: Payload$1<M, K>,
    options: SendOptions<T> & PoolCallOptions & MessageOptions<M, K> & InputOptions<M, K>,
  ): Promise<ResultPayloadOf<M, K>>;
  /** As `stream` of a worker. It takes a place of its worker until its `result` is there. */
  stream<K extends Taken<M>['streamAlone']>(type: K): WorkerStream<StreamOf<M, K>, ResultPayloadOf<M, K>>;
  stream<K extends Taken<M>['stream']>(
    type: K,
    payload: Payload$1<M, K>,
    options?: SendOptions<T> & PoolCallOptions & MessageOptions<M, K> & Partial<InputOptions<M, K>>,
  ): WorkerStream<StreamOf<M, K>, ResultPayloadOf<M, K>>;
  stream<K extends WithStream<M> & WithInput<M>>(
    type: K,
    payload: Payload$1<M, K>,
    options: SendOptions<T> & PoolCallOptions & MessageOptions<M, K> & InputOptions<M, K>,
  ): WorkerStream<StreamOf<M, K>, ResultPayloadOf<M, K>>;
  /** As `post` of a worker, to one worker. It takes no place there; it waits only while there is no worker for it. */
  post<K extends Taken<M>['postAlone']>(type: K): void;
  post<K extends MessageTypeOf<M>>(type: K, payload: Payload$1<M, K>, options?: PostOptions<T> & PoolCallOptions): void;
}

/** What `pool.stats()` tells. */
export interface PoolStats {
  /** Workers that serve. */
  readonly workers: number;
  /** Workers that are being started. */
  readonly starting: number;
  /** Workers that were started ahead, and wait. */
  readonly spares: number;
  /** Workers without a request. */
  readonly idle: number;
  /** Workers with one or more. */
  readonly busy: number;
  /** Requests that wait. */
  readonly queued: number;
  /** Requests that workers run. */
  readonly inFlight: number;
  /** Requests that were answered. */
  readonly completed: number;
  /** Requests that were rejected, for whatever reason. */
  readonly failed: number;
  /** Workers that ended without being closed, or were killed because they did not respond. */
  readonly crashed: number;
  /** Workers that were replaced although they worked. */
  readonly recycled: number;
  /** Which part of the workers' places was in use, on the average since the pool began: from 0 to 1. */
  readonly utilization: number;
  /** How long requests waited for a worker. */
  readonly waitTime: PoolTimes;
  /** How long workers took for requests. */
  readonly runTime: PoolTimes;
}

/** Times in milliseconds. All are 0 where there is none yet. */
export interface PoolTimes {
  readonly mean: number;
  readonly p50: number;
  readonly p99: number;
  readonly p999: number;
  readonly max: number;
}

/** What `pool.on` tells, by event, as the arguments of its listeners. */
export interface PoolEvents {
  /** A worker is ready. */
  workerStart: [worker: PoolWorker];
  /** A worker is gone, whichever way. */
  workerExit: [worker: PoolWorker, reason: ShutdownReason];
  /** `maxQueue` requests waited, and no more than half of them do now; without a `maxQueue`: none waits any more. */
  drain: [];
  /** A worker could not be started. Without a listener, it is logged. */
  error: [error: WorkerError];
}

/** Options of `attachWorker`: `name` or `socketPath`, and options of `createWorker`. */
export interface AttachOptions<
  M extends MessageTypes<M> = MessageDefinitions,
  H extends MessageTypes<H> = MessageDefinitions,
> {
  /** The `name` option of `createWorker`. */
  name?: string | undefined;
  /** The worker's `socketPath`. */
  socketPath?: string | undefined;
  /**
   * Connect also to a worker that has as many hosts as it may have: the one that has been connected longest loses its connection.
   * Default: `false`, `ERR_WORKER_OCCUPIED`.
   */
  takeOver?: boolean | undefined;
  /** Handlers for calls of the worker while this host is connected. Default: none. */
  handlers?: HostHandlers<H, WorkerClient<M, ChildProcessDriver, H>> | undefined;
  /**
   * The serializer of the worker. Default: the worker's, if it is `'json'` (with the usual terminator) or
   * `'structured'`; else `ERR_SERIALIZER_MISMATCH`.
   */
  serializer?: SerializerValue | undefined;
  /** Timeouts in milliseconds; a number is the message timeout. Default: 10 s to connect, 5 min per message. */
  timeout?: number | TimeoutConfig<M> | undefined;
  /** Middleware of this host. Default: none. */
  middleware?: Middleware<M> | readonly Middleware<M>[] | undefined;
  /**
   * Carries context of the caller with each message, in both directions. The worker needs it too. Default: no context.
   */
  context?: ContextCarrier | undefined;
  /** Generates transaction ids. Default: a UUID per request. */
  txIdGenerator?: TransactionIdGenerator<M> | undefined;
  /** The longest encoded message in bytes, in either direction. Default: 268,435,456 (256 MiB); at most 2,147,483,648 (2 GiB). */
  maxMessageSize?: number | undefined;
  /** As for `createWorker`. Without a `serializer` option, the worker's serializer must be `'structured'`. */
  sharedMemory?: boolean | undefined;
  /**
   * Whether this side of the connection may spin: poll for up to 0.1 ms before its thread sleeps. `'auto'`: it spins while
   * that shortens waits and takes no more processor time than sleeping. `false`: it never spins; the thread may still
   * spin for other connections. `ISOLATED_WORKERS_BUSY_POLL=0` in the environment has priority. Default: `'auto'`.
   */
  busyPoll?: 'auto' | false | undefined;
  /** As for `createWorker`. */
  maxPendingBytes?: number | undefined;
  /** As for `createWorker`. */
  whenFull?: 'wait' | 'reject' | undefined;
  /** As for `createWorker`. */
  maxConcurrency?: number | undefined;
  /** The logger. Default: `defaultLogger`. */
  logger?: Logger | undefined;
  /** The least severe level that is logged. Default: `'warn'`. */
  logLevel?: LogLevel | undefined;
  /**
   * How many kept outcomes of the worker wait in this host for the first listener of `keptResult`. The host drops the
   * oldest first. Default: 1,000.
   */
  keepResults?: number | undefined;
  /** As for `createWorker`. */
  unresponsiveAfter?: number | undefined;
  /** As for `createWorker`. */
  callerStacks?: boolean | undefined;
}

/**
 * Options of `attachOrCreate`: those of `createWorker` for a process, with `name` or `socketPath`. Where the worker is there already,
 * only those that `attachWorker` has take effect.
 */
export type AttachOrCreateOptions<
  M extends MessageTypes<M> = MessageDefinitions,
  H extends MessageTypes<H> = MessageDefinitions,
> = Omit<BaseWorkerOptions<M, ChildProcessDriver, H>, 'detached'> &
  (
    | {
        name: string;
      }
    | {
        socketPath: string;
      }
  ) & {
    /** `true`, as it is without the option. */
    detached?: true | undefined;
    /** Take the worker over from another connected host, instead of waiting for its leaving. Default: `false`. */
    takeOver?: boolean | undefined;
  };

/**
 * A type of values that `StructuredSerializer` is to carry in place of refusing them, or in place of their members.
 *
 * @typeParam T - The values.
 * @typeParam E - What travels in their place: anything that the serializer carries, values of other types included.
 */
export interface ValueType<T = unknown, E = unknown> {
  /**
   * Whether a value is of this type. The serializer asks for each function, and for each object that is no plain object and no array.
   */
  is(value: object): boolean;
  /** What travels in its place. It must not contain the value itself. */
  encode(value: T): E;
  /** The value that the other side receives. */
  decode(encoded: E): T;
}

/** Options of `StructuredSerializer`. */
export interface StructuredSerializerOptions {
  /** Types of values by their names. Both sides need each of them: the names belong to the serializer's own. */
  types: Readonly<Record<string, ValueType>>;
}

/**
 * Memory that several processes share, made with `createSharedBuffer`. Another process may write it at any time, so
 * `read` copies bytes out, and a program checks and uses the copy. A program that uses `read` and `write` runs on every
 * runtime.
 */
export interface SharedBuffer {
  /** The size in bytes. It never changes. */
  readonly byteLength: number;
  /**
   * A `SharedArrayBuffer` of the memory, if the runtime can make one and reads it safely: Node 24.18 and later, 26.3
   * and later, and Bun 1.4.5 and later. `Atomics` work on it across processes; but a process cannot wake another that
   * waits in `Atomics.wait`, or with `Atomics.waitAsync`: `sharedWait` and `sharedNotify` do that.
   *
   * Elsewhere (Node 20 and 22, Deno) an `ArrayBuffer` with a copy of the bytes, a new one each time; writing into it
   * does not change the memory. The first one emits a process warning. `buffer instanceof SharedArrayBuffer`
   * distinguishes the two.
   */
  readonly buffer: SharedArrayBuffer | ArrayBuffer;
  /**
   * Copies bytes out. Each byte was in the memory during the call; if another process writes meanwhile, some may be
   * older than others.
   *
   * @param offset - Default: 0.
   * @param length - Default: all bytes after `offset`.
   * @throws `ERR_INVALID_OPTION` if the bytes are not within the memory.
   */
  read(offset?: number, length?: number): Buffer;
  /**
   * Copies bytes in.
   *
   * @param bytes - A view, or memory as a whole.
   * @param offset - The position of the first byte. Default: 0.
   * @throws `ERR_INVALID_OPTION` if the bytes do not fit.
   */
  write(bytes: ArrayBufferView | ArrayBufferLike, offset?: number): void;
}

/** Why `sharedWait` has returned: somebody has notified the word, it has another value, or the timeout is over. */
export type SharedWaitOutcome = 'ok' | 'not-equal' | 'timed-out';

/** A position in a trace, as [W3C Trace Context](https://www.w3.org/TR/trace-context/) has it. */
export interface TraceContext {
  readonly traceparent: string;
  readonly tracestate?: string | undefined;
}

/**
 * The messages that an object of handlers serves: for a worker that is written first and typed afterwards. The payload
 * is the first parameter, the result is the returned or promised value; the chunks of `stream` are the yields of an
 * async generator. `progress` and `input` are those of the second parameter, if it is declared.
 *
 * @typeParam T - The type of an object of handlers. Their parameters need declared types.
 *
 * @example
 * ```ts
 * export const handlers = { add: ({ a, b }: { a: number; b: number }) => ({ sum: a + b }) };
 * export type Messages = MessagesFrom<typeof handlers>;
 * await startWorkerServer<Messages>(handlers);
 * ```
 */
export type MessagesFrom<T> = {
  [K in keyof T & string]: T[K] extends (...args: infer A) => infer R
    ? Flat<
        {
          payload: PayloadFrom<A>;
        } & OutcomeFrom<Awaited<R>> &
          ContextFrom<A>
      >
    : never;
};

type Flat<T> = {
  [P in keyof T]: T[P];
};

type PayloadFrom<A extends readonly unknown[]> = A extends readonly [] ? void : A[0];

type OutcomeFrom<R> =
  IsAny<R> extends true
    ? {
        result: R;
      }
    : [R] extends [AsyncGenerator<infer C, infer V, never>]
      ? {
          stream: C;
        } & ResultFrom<V>
      : [R] extends [Generator<infer C, infer V, never>]
        ? {
            stream: C;
          } & ResultFrom<V>
        : [R] extends [ReadableStream$1<infer C> | AsyncIterable<infer C>]
          ? {
              stream: C;
            }
          : ResultFrom<R>;

type IsAny<R> = 0 extends 1 & R ? true : false;

type ResultFrom<V> = [V] extends [void]
  ? unknown
  : {
      result: V;
    };

type ContextFrom<A extends readonly unknown[]> = A extends readonly [unknown, infer C, ...unknown[]]
  ? (C extends {
      readonly progress: (value: infer P) => void;
    }
      ? [P] extends [never]
        ? unknown
        : {
            progress: P;
          }
      : unknown) &
      (C extends {
        readonly input: AsyncIterable<infer I>;
      }
        ? {
            input: I;
          }
        : unknown)
  : unknown;

export {};
