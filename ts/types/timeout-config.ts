import type { MessageDefinitions, MessageTypeOf } from './message-definitions.js';

/**
 * How long to wait for what, in milliseconds. `0` and `Infinity` mean: no limit.
 *
 * A negative number, `NaN`, or anything that is no number is refused with `ERR_INVALID_OPTION`. What has arrived is
 * handled before a deadline is checked, so a busy host makes no healthy worker time out.
 */
export interface TimeoutConfig<M extends MessageDefinitions = MessageDefinitions> {
  /** From the spawn until the worker is ready, else `ERR_START_TIMEOUT`. Default: 10,000. */
  startup?: number | undefined;
  /**
   * From the worker server's start until its host's handshake is there, else `startWorkerServer` rejects with
   * `ERR_CONNECT_TIMEOUT`; also how long `getStartupData` may block. What the worker itself says goes first; what the
   * host says reaches child processes only. Default: 30,000.
   */
  serverConnect?: number | undefined;
  /** From `send` until the answer, else `ERR_MESSAGE_TIMEOUT`. Default: 300,000. */
  message?: number | undefined;
  /** Message timeouts of single message types, in place of `message`. `SendOptions.timeout` overrides both. */
  types?: { [K in MessageTypeOf<M>]?: number | undefined } | undefined;
}
