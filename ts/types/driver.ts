import type { Readable } from 'node:stream';
import type { TransferListItem as Transferable } from 'node:worker_threads';

import type { ShutdownReason } from './shutdown-reason.js';

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
  reconnect: T extends { disconnect: (...args: never) => unknown; reconnect: (...args: never) => unknown }
    ? true
    : false;
  /** Only the library's own driver for processes has workers that another host can attach to. */
  detach: false;
  sharedMemory: T extends { sharedMemory: true } ? true : false;
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
