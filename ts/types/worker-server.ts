import type { ContextCarrier } from './context-carrier.js';
import type { DriverValue } from './driver.js';
import type { HostClient } from './host-client.js';
import type { Logger, LogLevel } from './logger.js';
import type { MessageDefinitions } from './message-definitions.js';
import type { Middleware } from './middleware.js';
import type { SerializerValue } from './serializer.js';
import type { TimeoutConfig } from './timeout-config.js';

/** Options of `startWorkerServer`. */
export interface WorkerServerOptions<
  M extends MessageDefinitions = MessageDefinitions,
  H extends MessageDefinitions = MessageDefinitions,
> {
  /** The host needs the same. Default: the host's, where that is `'json'` or `'structured'`; otherwise none fits. */
  serializer?: SerializerValue | undefined;
  /** Runs in the worker. Default: none. */
  middleware?: Middleware<M> | readonly Middleware<M>[] | undefined;
  /** Takes what belongs to the caller along, in both directions. The host needs it, too. Default: nothing goes along. */
  context?: ContextCarrier | undefined;
  /** Default: `defaultLogger`. */
  logger?: Logger | undefined;
  /** Default: `'warn'`. */
  logLevel?: LogLevel | undefined;
  /**
   * The driver that must have started this worker, else `ERR_DRIVER_MISMATCH`. Default: whichever did is detected. A driver
   * of your own that has `createServer` must be named.
   */
  driver?: DriverValue | undefined;
  /**
   * Runs when the host closes this worker, or `close()` is called: after the last answer, before the end. What it throws is
   * logged. It has as long as the host's `close({ timeout })` leaves it. Not called when the host is gone.
   */
  onClose?: (() => void | PromiseLike<void>) | undefined;
  /**
   * How many handlers may run at once, those of notifications included; the other messages wait in order. Where very many
   * wait, a worker process stops reading, and its host has to wait. Default: `Infinity`.
   */
  maxConcurrency?: number | undefined;
  /**
   * How many bytes of answers may wait until the host reads them, before a worker process begins no more handlers and reads
   * no more messages. Default: 67,108,864 (64 MiB); `Infinity`: no limit.
   */
  maxPendingBytes?: number | undefined;
  /** In milliseconds; `message` and `types` are for what this worker asks its host. */
  timeout?: Pick<TimeoutConfig<H>, 'serverConnect' | 'message' | 'types'> | undefined;
}

/** The part inside the worker that answers. */
export interface WorkerServer<H extends MessageDefinitions = MessageDefinitions> {
  /** Asks the host. */
  readonly host: HostClient<H>;
  /** Whether the host is connected. */
  readonly isConnected: boolean;
  /** Stops answering and ends the connection, once what is being handled is answered. Calling it again is fine. */
  close(): Promise<void>;
}
