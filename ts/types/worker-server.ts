import type { WorkerError } from '../errors/worker-error.js';
import type { ContextCarrier } from './context-carrier.js';
import type { DriverValue } from './driver.js';
import type { ConnectedHost, HostClient } from './host-client.js';
import type { Logger, LogLevel } from './logger.js';
import type { MessageDefinitions, MessageTypes } from './message-definitions.js';
import type { Middleware } from './middleware.js';
import type { SerializerValue } from './serializer.js';
import type { TimeoutConfig } from './timeout-config.js';

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
