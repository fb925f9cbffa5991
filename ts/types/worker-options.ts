import type { ChildProcessDriver } from '../drivers/child-process.js';
import type { ContextCarrier } from './context-carrier.js';
import type { Driver, DriverOptionsFor, DriverValue } from './driver.js';
import type { HostHandlers } from './handlers.js';
import type { Logger, LogLevel } from './logger.js';
import type { MessageDefinitions } from './message-definitions.js';
import type { Middleware } from './middleware.js';
import type { ProcessOptions } from './process-options.js';
import type { SerializerValue } from './serializer.js';
import type { TimeoutConfig } from './timeout-config.js';
import type { TransactionIdGenerator } from './transaction-id-generator.js';
import type { UnexpectedShutdown } from './unexpected-shutdown.js';
import type { WorkerClient } from './worker-client.js';

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
> = BaseWorkerOptions<M, D, H> & (ChildProcessDriver extends D ? unknown : { driver: object });

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
