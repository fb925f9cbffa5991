import type {
  MessageDefinitions,
  MessageTypeOf,
  PayloadOf,
  ResultPayloadOf,
  WithInput,
  WithOptionalPayload,
  WithStreamAlone,
} from './message-definitions.js';

/** Options of one `sendSync`. */
export interface SyncOptions {
  /** In milliseconds, in place of the worker's own message timeouts; `0` and `Infinity` mean: no limit. */
  timeout?: number | undefined;
}

/** What a worker can do besides when its driver's `capabilities.sync` is `true`. */
export interface SyncSender<M extends MessageDefinitions> {
  /**
   * As `send`, for code that cannot await: blocks the calling thread, its timers and all other work included, until the
   * outcome is there, its time is over, or the worker is lost. What the worker asks its host meanwhile fails with
   * `ERR_HOST_BLOCKED`. It is never sent again to another worker.
   *
   * @returns What the handler returned.
   * @throws What `send` rejects with; and `ERR_BACKPRESSURE` where too much waits to be written, `ERR_ASYNC_MIDDLEWARE`
   *   where a middleware returns a promise. How a thread has ended is not known yet: the crash has the reason `close`.
   */
  sendSync<K extends Exclude<WithOptionalPayload<M>, WithInput<M> | WithStreamAlone<M>>>(
    type: K,
  ): ResultPayloadOf<M, K>;
  sendSync<K extends Exclude<MessageTypeOf<M>, WithInput<M> | WithStreamAlone<M>>>(
    type: K,
    payload: PayloadOf<M, K>,
    options?: SyncOptions,
  ): ResultPayloadOf<M, K>;
}
