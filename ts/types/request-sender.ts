import type { PreparedPayload } from '../codecs/prepared-payload.js';
import type { EscalateOptions } from './escalate-options.js';
import type { Taken } from './hints.js';
import type {
  InputOf,
  MessageTypeOf,
  MessageTypes,
  PayloadOf,
  ProgressOf,
  ResultPayloadOf,
  StreamOf,
  WithInput,
  WithStream,
  WithStreamAlone,
} from './message-definitions.js';
import type { TransferList } from './transfer-list.js';
import type { ChunkSource, WorkerStream } from './worker-stream.js';

/**
 * Options of one `post`.
 *
 * @typeParam T - The type of `transfer`: `never` if the driver moves no memory.
 */
export interface PostOptions<T extends TransferList = TransferList> {
  /**
   * Objects of the payload to move to the worker instead of copying: `ArrayBuffer`s, `MessagePort`s and the like.
   * Requires the driver's `capabilities.sharedMemory`, else `ERR_UNSUPPORTED_BY_DRIVER`. Default: none.
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
   * The timeout in milliseconds, instead of the worker's message timeouts; `0` and `Infinity` mean no limit. For a
   * request with chunks it limits each pause: it restarts when a message arrives, and does not run while the reader is
   * slow.
   */
  timeout?: number | undefined;
  /** Cancels the request: an abort rejects it at once with the signal's reason, and aborts the handler's signal. */
  signal?: AbortSignal | undefined;
  /** Ends a worker whose handler does not end after an abort or a timeout. A worker ignores it. Default: never. */
  escalate?: EscalateOptions | undefined;
}

/** Options of `send` and `stream` for the type `K`, besides {@link SendOptions}. */
export interface MessageOptions<M extends MessageTypes<M>, K extends MessageTypeOf<M>> {
  /** Receives each progress value that the handler reports before its outcome. */
  onProgress?: ((value: ProgressOf<M, K>) => void) | undefined;
}

/** The chunks that follow the payload of the type `K`. */
export interface InputOptions<M extends MessageTypes<M>, K extends MessageTypeOf<M>> {
  /** The chunks. The library reads them as fast as the handler does, and ends the source when the request settles. */
  input: ChunkSource<InputOf<M, K>>;
}

/** The payload argument for the type `K`. */
type Payload<M extends MessageTypes<M>, K extends MessageTypeOf<M>> =
  PayloadOf<M, K> | PreparedPayload<PayloadOf<M, K>>;

/**
 * Sends requests.
 *
 * @typeParam T - As of {@link PostOptions}.
 */
export interface RequestSender<M extends MessageTypes<M>, T extends TransferList = never> {
  /**
   * Sends a request and waits for its outcome. Requests before the worker is ready wait, in order. Any number may be in
   * flight. A failed request affects no other request.
   *
   * @param payload - Optional if the type accepts `undefined`.
   * @returns The value that the handler returned; for a type without result, nothing, when the handler has finished.
   * @throws The error of the handler, rebuilt; the reason of the `signal`; or a `WorkerError`, for example with the
   *   code `ERR_MESSAGE_TIMEOUT`, `ERR_NOT_SERIALIZABLE`, `ERR_MESSAGE_TOO_LARGE`, `ERR_WORKER_CRASHED` or
   *   `ERR_WORKER_CLOSED`.
   */
  send<K extends Taken<M>['sendAlone']>(type: K): Promise<ResultPayloadOf<M, K>>;
  send<K extends Taken<M>['send']>(
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
   * Sends a request whose handler answers with a stream, at once. Reading, and `result`, report its errors.
   *
   * @param payload - As of `send`.
   */
  stream<K extends Taken<M>['streamAlone']>(type: K): WorkerStream<StreamOf<M, K>, ResultPayloadOf<M, K>>;
  stream<K extends Taken<M>['stream']>(
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
   * Sends a notification: there is no answer, not even for an error of the handler.
   *
   * @throws A `WorkerError` if the message cannot be sent, for example with the code `ERR_WORKER_CLOSED`.
   */
  post<K extends Taken<M>['postAlone']>(type: K): void;
  post<K extends MessageTypeOf<M>>(type: K, payload: Payload<M, K>, options?: PostOptions<T>): void;
}
