import type { ChildProcessDriver } from '../drivers/child-process.js';
import type { HostHandlers } from './handlers.js';
import type { ContextCarrier } from './context-carrier.js';
import type { Logger, LogLevel } from './logger.js';
import type { MessageDefinitions } from './message-definitions.js';
import type { Middleware } from './middleware.js';
import type { SerializerValue } from './serializer.js';
import type { TimeoutConfig } from './timeout-config.js';
import type { TransactionIdGenerator } from './transaction-id-generator.js';
import type { WorkerClient } from './worker-client.js';

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
