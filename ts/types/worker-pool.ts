import type { PreparedPayload } from '../codecs/prepared-payload.js';
import type { ChildProcessDriver } from '../drivers/process/driver.js';
import type { WorkerError } from '../errors/worker-error.js';
import type { Driver } from './driver.js';
import type { Taken } from './hints.js';
import type {
  MessageDefinitions,
  MessageTypeOf,
  MessageTypes,
  PayloadOf,
  RequestTypeOf,
  ResultPayloadOf,
  StreamOf,
  WithInput,
  WithStream,
  WithStreamAlone,
} from './message-definitions.js';
import type { BroadcastOptions, PoolCallOptions, ResizeOptions } from './pool-options.js';
import type { PoolWorker } from './pool-worker.js';
import type { InputOptions, MessageOptions, PostOptions, SendOptions } from './request-sender.js';
import type { ShutdownReason } from './shutdown-reason.js';
import type { TransferList } from './transfer-list.js';
import type { CloseOptions, MessageSender, TransferListOf } from './worker-client.js';
import type { WorkerStream } from './worker-stream.js';

/** What is sent of the type `K`. */
type Payload<M extends MessageTypes<M>, K extends MessageTypeOf<M>> =
  PayloadOf<M, K> | PreparedPayload<PayloadOf<M, K>>;

/**
 * Workers that share requests. It has the calls of a worker, so what takes a `RequestSender` takes a pool.
 *
 * @typeParam M - The messages, made with `DefineMessages`.
 * @typeParam D - The driver.
 */
export interface WorkerPool<
  M extends MessageTypes<M> = MessageDefinitions,
  D extends Driver = ChildProcessDriver,
> extends PoolSender<M, TransferListOf<D>> {
  /** For logs and errors. */
  readonly name: string;

  /**
   * Sends a request to each worker that serves, at once and besides their other requests, and keeps it for later ones: these
   * get it before they serve. For what all workers must know: configuration, what is no longer valid in a cache.
   *
   * @returns What each handler returned. Workers that end meanwhile are left out.
   * @throws An `AggregateError` of what handlers threw, once all have answered; `ERR_NOT_SERIALIZABLE`, `ERR_WORKER_CLOSED`.
   */
  broadcast<K extends Taken<M>['sendAlone']>(type: K): Promise<ResultPayloadOf<M, K>[]>;
  broadcast<K extends RequestTypeOf<M>>(
    type: K,
    payload: Payload<M, K>,
    options?: BroadcastOptions,
  ): Promise<ResultPayloadOf<M, K>[]>;

  /** Changes how many workers there may be. Those above `maxWorkers` finish what they run, and end. */
  resize(sizes: ResizeOptions): void;
  /**
   * Replaces all workers, a few at a time: each new one serves before its old one gets no more requests. No request is lost.
   * For new code, or new start-up conditions. Resolves when the old ones are gone.
   *
   * @throws The error of a start that failed; the workers that are not replaced go on.
   */
  restart(): Promise<void>;
  /** Resolves when at most half of `maxQueue` requests wait; without a `maxQueue`, when none does. */
  drained(): Promise<void>;
  /** Figures of the pool, from its beginning on. */
  stats(): PoolStats;
  /** The workers that are there, also those that finish their last requests. */
  readonly workers: readonly PoolWorker[];

  /**
   * Ends the pool: refuses new requests, finishes those that wait or run, or rejects them, and closes the workers. Resolves when they
   * are gone. Calling it again is fine; `{ pending: 'reject' }` then rejects what is left.
   *
   * @param options - `timeout` is that of each worker, once it has nothing to do.
   */
  close(options?: CloseOptions): Promise<void>;
  /** Closes the pool at the end of an `await using` block. */
  [Symbol.asyncDispose](): Promise<void>;

  /** Calls the listener each time. */
  on<E extends keyof PoolEvents>(event: E, listener: (...details: PoolEvents[E]) => void): this;
  /** Calls the listener the next time. */
  once<E extends keyof PoolEvents>(event: E, listener: (...details: PoolEvents[E]) => void): this;
  /** Calls the listener no more. */
  off<E extends keyof PoolEvents>(event: E, listener: (...details: PoolEvents[E]) => void): this;
}

/** The calls of a worker, with the options of a pool. */
export interface PoolSender<M extends MessageTypes<M>, T extends TransferList = never> extends MessageSender<M, T> {
  /** As `send` of a worker. Besides its errors: `ERR_QUEUE_TIMEOUT`, `ERR_BACKPRESSURE`, `ERR_POOL_UNAVAILABLE`. */
  send<K extends Taken<M>['sendAlone']>(type: K): Promise<ResultPayloadOf<M, K>>;
  send<K extends Taken<M>['send']>(
    type: K,
    payload: Payload<M, K>,
    options?: SendOptions<T> & PoolCallOptions & MessageOptions<M, K> & Partial<InputOptions<M, K>>,
  ): Promise<ResultPayloadOf<M, K>>;
  send<K extends Exclude<WithInput<M>, WithStreamAlone<M>>>(
    type: K,
    payload: Payload<M, K>,
    options: SendOptions<T> & PoolCallOptions & MessageOptions<M, K> & InputOptions<M, K>,
  ): Promise<ResultPayloadOf<M, K>>;

  /** As `stream` of a worker. It takes a place of its worker until its `result` is there. */
  stream<K extends Taken<M>['streamAlone']>(type: K): WorkerStream<StreamOf<M, K>, ResultPayloadOf<M, K>>;
  stream<K extends Taken<M>['stream']>(
    type: K,
    payload: Payload<M, K>,
    options?: SendOptions<T> & PoolCallOptions & MessageOptions<M, K> & Partial<InputOptions<M, K>>,
  ): WorkerStream<StreamOf<M, K>, ResultPayloadOf<M, K>>;
  stream<K extends WithStream<M> & WithInput<M>>(
    type: K,
    payload: Payload<M, K>,
    options: SendOptions<T> & PoolCallOptions & MessageOptions<M, K> & InputOptions<M, K>,
  ): WorkerStream<StreamOf<M, K>, ResultPayloadOf<M, K>>;

  /** As `post` of a worker, to one worker. It takes no place there; it waits only while there is no worker for it. */
  post<K extends Taken<M>['postAlone']>(type: K): void;
  post<K extends MessageTypeOf<M>>(type: K, payload: Payload<M, K>, options?: PostOptions<T> & PoolCallOptions): void;
}

/** What `pool.stats()` tells. */
export interface PoolStats {
  /** Workers that serve. */
  readonly workers: number;
  /** Workers that are being started. */
  readonly starting: number;
  /** Workers that were started ahead, and wait. */
  readonly spares: number;
  /** Workers without a request. */
  readonly idle: number;
  /** Workers with one or more. */
  readonly busy: number;
  /** Requests that wait. */
  readonly queued: number;
  /** Requests that workers run. */
  readonly inFlight: number;
  /** Requests that were answered. */
  readonly completed: number;
  /** Requests that were rejected, for whatever reason. */
  readonly failed: number;
  /** Workers that ended without being closed, or were killed because they did not respond. */
  readonly crashed: number;
  /** Workers that were replaced although they worked. */
  readonly recycled: number;
  /** Which part of the workers' places was in use, on the average since the pool began: from 0 to 1. */
  readonly utilization: number;
  /** How long requests waited for a worker. */
  readonly waitTime: PoolTimes;
  /** How long workers took for requests. */
  readonly runTime: PoolTimes;
}

/** Times in milliseconds. All are 0 where there is none yet. */
export interface PoolTimes {
  readonly mean: number;
  readonly p50: number;
  readonly p99: number;
  readonly p999: number;
  readonly max: number;
}

/** What `pool.on` tells, by event, as the arguments of its listeners. */
export interface PoolEvents {
  /** A worker is ready. */
  workerStart: [worker: PoolWorker];
  /** A worker is gone, whichever way. */
  workerExit: [worker: PoolWorker, reason: ShutdownReason];
  /** `maxQueue` requests waited, and no more than half of them do now; without a `maxQueue`: none waits any more. */
  drain: [];
  /** A worker could not be started. Without a listener, it is logged. */
  error: [error: WorkerError];
}
