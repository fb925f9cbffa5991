import type { Readable, Writable } from 'node:stream';

import type { ChildProcessDriver } from '../drivers/process/driver.js';
import type { CapabilitiesOf, Driver, PidOf } from './driver.js';
import type { Handlers } from './handlers.js';
import type { MessageDefinitions, MessageTypes } from './message-definitions.js';
import type { RequestSender } from './request-sender.js';
import type { ShutdownReason } from './shutdown-reason.js';
import type { SyncSender } from './sync-sender.js';
import type { TransferList } from './transfer-list.js';
import type { WorkerEvents } from './worker-events.js';
import type { HealthOptions, WorkerHealth } from './worker-health.js';

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

declare const messages: unique symbol;

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
  // oxlint-disable-next-line typescript/no-explicit-any -- it stands for the messages of any worker
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
