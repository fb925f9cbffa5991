import type { Readable } from 'node:stream';

import type { ShutdownReason } from './shutdown-reason.js';
import type { TransferList } from './transfer-list.js';

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
  reconnect: T extends { disconnect: (...args: never) => unknown; reconnect: (...args: never) => unknown }
    ? true
    : false;
  /** Only `ChildProcessDriver` has workers that another host can attach to. */
  detach: false;
  sharedMemory: T extends { sharedMemory: true } ? true : false;
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
