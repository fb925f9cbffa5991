import type { Readable } from 'node:stream';

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
}

/** What the child process driver can do. */
export interface ChildProcessCapabilities extends DriverCapabilities {
  reconnect: true;
  detach: true;
  sharedMemory: false;
}

/** What the worker threads driver can do. */
export interface WorkerThreadsCapabilities extends DriverCapabilities {
  reconnect: false;
  detach: false;
  sharedMemory: true;
}

/** What a driver moves between host and worker: a plain object. A driver passes it on unchanged and in order. */
export interface DriverMessage {
  /** The message type. */
  readonly type: string;
  /** The transaction id; absent where no answer is expected. */
  readonly tx?: string | undefined;
  readonly payload?: unknown;
  /** Absent for requests and their answers, else what the message is for. */
  readonly kind?: string | undefined;
}

/** The connection to one worker, made by {@link Driver.spawn}. It moves messages; it knows nothing of transactions. */
export interface DriverChannel {
  /** The worker's process id, where it has one of its own. It is the type of `WorkerClient.pid`, too. */
  readonly pid?: number | undefined;
  /** Whether messages can be sent. */
  readonly isConnected: boolean;
  /** The worker's standard output, where it is piped to the host. */
  readonly stdout?: Readable | null | undefined;
  /** The worker's standard error, where it is piped to the host. */
  readonly stderr?: Readable | null | undefined;
  /** Sends one message. What it throws, or rejects with, fails that message alone. */
  send(message: DriverMessage): void | Promise<void>;
  /** The listener is called once per message that arrives, in order. */
  onMessage(listener: (message: DriverMessage) => void): void;
  /** The listener is called with an error of the connection itself; `onClose` follows when it was fatal. */
  onError(listener: (error: Error) => void): void;
  /** The listener is called once, after the last message, when the worker or the connection is gone. */
  onClose(listener: (reason: ShutdownReason) => void): void;
  /** Ends the worker in good order. Resolves when it is gone; calling it again is fine. */
  close(): Promise<void>;
  /** Ends a worker that does not end by itself: called with `SIGTERM` first, then with `SIGKILL`. */
  terminate?(signal?: NodeJS.Signals): void | Promise<void>;
  /** Lets the worker keep the host alive. */
  ref?(): void;
  /** Lets the host end while the worker is there. */
  unref?(): void;
}

/** A channel of the library's own drivers: its messages move inside the core, not through `send` and `onMessage`. */
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
