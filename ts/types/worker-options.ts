import type { ChildProcessDriver } from '../drivers/process/driver.js';
import type { ContextCarrier } from './context-carrier.js';
import type { Driver, DriverOptionsFor, DriverValue } from './driver.js';
import type { HostHandlers } from './handlers.js';
import type { Logger, LogLevel } from './logger.js';
import type { MessageDefinitions, MessageTypes } from './message-definitions.js';
import type { Middleware } from './middleware.js';
import type { ProcessOptions } from './process-options.js';
import type { SerializerValue } from './serializer.js';
import type { TimeoutConfig } from './timeout-config.js';
import type { TransactionIdGenerator } from './transaction-id-generator.js';
import type { UnexpectedShutdown } from './unexpected-shutdown.js';
import type { WorkerClient } from './worker-client.js';

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
> = BaseWorkerOptions<M, D, H> & (ChildProcessDriver extends D ? unknown : { driver: object });

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
