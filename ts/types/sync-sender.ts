import type { Taken } from './hints.js';
import type { MessageTypes, PayloadOf, ResultPayloadOf } from './message-definitions.js';

/** Options of one `sendSync`. */
export interface SyncOptions {
  /** The timeout in milliseconds, instead of the worker's message timeouts; `0` and `Infinity` mean no limit. */
  timeout?: number | undefined;
}

/** Methods of a worker whose driver's `capabilities.sync` is `true`. */
export interface SyncSender<M extends MessageTypes<M>> {
  /**
   * Like `send`, for code that cannot await: blocks the calling thread, its timers and all other work included, until
   * the outcome arrives, its timeout ends, or the worker is lost. Calls of the worker to its host fail with
   * `ERR_HOST_BLOCKED` meanwhile. The host never retries it in another worker.
   *
   * @returns The value that the handler returned.
   * @throws The errors of `send`; `ERR_BACKPRESSURE` if too many bytes wait, `ERR_ASYNC_MIDDLEWARE` if a middleware
   *   returns a promise. The crash of a thread has the reason `close`, because its exit code is not known yet.
   */
  sendSync<K extends Taken<M>['sendAlone']>(type: K): ResultPayloadOf<M, K>;
  sendSync<K extends Taken<M>['send']>(type: K, payload: PayloadOf<M, K>, options?: SyncOptions): ResultPayloadOf<M, K>;
}
