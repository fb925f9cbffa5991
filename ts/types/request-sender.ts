import type { PreparedPayload } from '../codecs/prepared-payload.js';
import type { EscalateOptions } from './escalate-options.js';
import type {
  InputOf,
  MessageDefinitions,
  MessageTypeOf,
  PayloadOf,
  ProgressOf,
  ResultPayloadOf,
  StreamOf,
  WithInput,
  WithOptionalPayload,
  WithStream,
  WithStreamAlone,
} from './message-definitions.js';
import type { TransferList } from './transfer-list.js';
import type { ChunkSource, WorkerStream } from './worker-stream.js';

/**
 * Options of one `post`.
 *
 * @typeParam T - What `transfer` takes: `never` where the driver moves no memory.
 */
export interface PostOptions<T extends TransferList = TransferList> {
  /**
   * What of the payload is moved to the worker instead of copied: `ArrayBuffer`s, `MessagePort`s and the like. Only where
   * the driver's `capabilities.sharedMemory` is `true`, else `ERR_UNSUPPORTED_BY_DRIVER`. Default: nothing.
   */
  transfer?: T | undefined;
}

/**
 * Options of one `send`.
 *
 * @typeParam T - As of {@link PostOptions}.
 */
export interface SendOptions<T extends TransferList = TransferList> extends PostOptions<T> {
  /**
   * In milliseconds, in place of the worker's own message timeouts; `0` and `Infinity` mean: no limit. Of a request with
   * chunks it is the longest pause: it begins anew whenever something comes, and does not run while its reader is slow.
   */
  timeout?: number | undefined;
  /** Its abort rejects the request at once with the signal's reason, and aborts the signal of the handler. */
  signal?: AbortSignal | undefined;
  /** What becomes of a worker whose handler does not end after an abort or a timeout. In a worker: ignored. Default: nothing. */
  escalate?: EscalateOptions | undefined;
}

/** What `send` and `stream` take for the type `K` besides {@link SendOptions}. */
export interface MessageOptions<M extends MessageDefinitions, K extends MessageTypeOf<M>> {
  /** Called with each value that the handler tells before its outcome. */
  onProgress?: ((value: ProgressOf<M, K>) => void) | undefined;
}

/** The chunks that follow the payload of the type `K`. */
export interface InputOptions<M extends MessageDefinitions, K extends MessageTypeOf<M>> {
  /** Read as fast as the handler reads; ended when the request has. */
  input: ChunkSource<InputOf<M, K>>;
}

/** What is sent of the type `K`. */
type Payload<M extends MessageDefinitions, K extends MessageTypeOf<M>> =
  PayloadOf<M, K> | PreparedPayload<PayloadOf<M, K>>;

/**
 * Sends requests.
 *
 * @typeParam T - As of {@link PostOptions}.
 */
export interface RequestSender<M extends MessageDefinitions, T extends TransferList = never> {
  /**
   * Sends a request and waits for its outcome. Requests sent before the worker is ready wait, in order. Any number may
   * be in flight. One that fails leaves the worker and its other requests alone.
   *
   * @param payload - May be left out where the type accepts `undefined`.
   * @returns What the handler returned; for a type without result, nothing, once the handler is done.
   * @throws What the handler threw, rebuilt; the reason of the `signal`; or a `WorkerError`, for example with the code
   *   `ERR_MESSAGE_TIMEOUT`, `ERR_NOT_SERIALIZABLE`, `ERR_MESSAGE_TOO_LARGE`, `ERR_WORKER_CRASHED` or `ERR_WORKER_CLOSED`.
   */
  send<K extends Exclude<WithOptionalPayload<M>, WithInput<M> | WithStreamAlone<M>>>(
    type: K,
  ): Promise<ResultPayloadOf<M, K>>;
  send<K extends Exclude<MessageTypeOf<M>, WithInput<M> | WithStreamAlone<M>>>(
    type: K,
    payload: Payload<M, K>,
    options?: SendOptions<T> & MessageOptions<M, K> & Partial<InputOptions<M, K>>,
  ): Promise<ResultPayloadOf<M, K>>;
  send<K extends Exclude<WithInput<M>, WithStreamAlone<M>>>(
    type: K,
    payload: Payload<M, K>,
    options: SendOptions<T> & MessageOptions<M, K> & InputOptions<M, K>,
  ): Promise<ResultPayloadOf<M, K>>;

  /**
   * Sends a request whose handler answers with a stream, at once. What goes wrong is told by reading it, and by its `result`.
   *
   * @param payload - As of `send`.
   */
  stream<K extends Exclude<WithOptionalPayload<M> & WithStream<M>, WithInput<M>>>(
    type: K,
  ): WorkerStream<StreamOf<M, K>, ResultPayloadOf<M, K>>;
  stream<K extends Exclude<WithStream<M>, WithInput<M>>>(
    type: K,
    payload: Payload<M, K>,
    options?: SendOptions<T> & MessageOptions<M, K> & Partial<InputOptions<M, K>>,
  ): WorkerStream<StreamOf<M, K>, ResultPayloadOf<M, K>>;
  stream<K extends WithStream<M> & WithInput<M>>(
    type: K,
    payload: Payload<M, K>,
    options: SendOptions<T> & MessageOptions<M, K> & InputOptions<M, K>,
  ): WorkerStream<StreamOf<M, K>, ResultPayloadOf<M, K>>;

  /**
   * Sends a notification: no answer comes, not even an error of the handler.
   *
   * @throws A `WorkerError` where the message cannot be sent at all, for example with the code `ERR_WORKER_CLOSED`.
   */
  post<K extends WithOptionalPayload<M>>(type: K): void;
  post<K extends MessageTypeOf<M>>(type: K, payload: Payload<M, K>, options?: PostOptions<T>): void;
}
