import type { Readable } from 'node:stream';

import type { ChildProcessDriver } from '../drivers/child-process.js';
import type { CapabilitiesOf, Driver, PidOf } from './driver.js';
import type { Handlers } from './handlers.js';
import type { MessageDefinitions } from './message-definitions.js';
import type { RequestSender } from './request-sender.js';
import type { ShutdownReason } from './shutdown-reason.js';
import type { SyncSender } from './sync-sender.js';
import type { TransferList } from './transfer-list.js';
import type { WorkerEvents } from './worker-events.js';
import type { HealthOptions, WorkerHealth } from './worker-health.js';

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
