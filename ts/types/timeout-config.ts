import type { MessageDefinitions, MessageTypeOf, MessageTypes } from './message-definitions.js';

/**
 * Timeouts in milliseconds. `0` and `Infinity` mean no limit.
 *
 * The library refuses a negative number, `NaN`, and any other type with `ERR_INVALID_OPTION`. It handles arrived
 * messages before it checks a deadline, so a busy host does not time out a healthy worker.
 */
export interface TimeoutConfig<M extends MessageTypes<M> = MessageDefinitions> {
  /** Limits the time from the spawn until the worker is ready, else `ERR_START_TIMEOUT`. Default: 10,000. */
  startup?: number | undefined;
  /**
   * Limits the time from the start of the worker server until the handshake of its host arrives, else
   * `startWorkerServer` rejects with `ERR_CONNECT_TIMEOUT`; also limits how long `getStartupData` may block. The option
   * of `startWorkerServer` takes precedence; that of the host reaches only child processes. Default: 30,000.
   */
  serverConnect?: number | undefined;
  /** Limits the time from `send` until the answer, else `ERR_MESSAGE_TIMEOUT`. Default: 300,000. */
  message?: number | undefined;
  /** Message timeouts of single message types, instead of `message`. `SendOptions.timeout` overrides both. */
  types?: { [K in MessageTypeOf<M>]?: number | undefined } | undefined;
}
