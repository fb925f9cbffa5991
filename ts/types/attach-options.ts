import type { ChildProcessDriver } from '../drivers/process/driver.js';
import type { HostHandlers } from './handlers.js';
import type { ContextCarrier } from './context-carrier.js';
import type { Logger, LogLevel } from './logger.js';
import type { MessageDefinitions, MessageTypes } from './message-definitions.js';
import type { Middleware } from './middleware.js';
import type { SerializerValue } from './serializer.js';
import type { TimeoutConfig } from './timeout-config.js';
import type { TransactionIdGenerator } from './transaction-id-generator.js';
import type { WorkerClient } from './worker-client.js';
import type { BaseWorkerOptions } from './worker-options.js';

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
  ({ name: string } | { socketPath: string }) & {
    /** `true`, as it is without the option. */
    detached?: true | undefined;
    /** Take the worker over from another connected host, instead of waiting for its leaving. Default: `false`. */
    takeOver?: boolean | undefined;
  };
