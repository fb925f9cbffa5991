import type { ChildProcessDriver } from '../drivers/process/driver.js';
import type { Driver } from './driver.js';
import type { MessageDefinitions, MessageTypes } from './message-definitions.js';
import type { WorkerOptions } from './worker-options.js';
import type { PoolWorker } from './pool-worker.js';

/**
 * Options of `createPool`: those of `createWorker`, and those of the pool. A pool waits for its workers by itself, and its
 * workers end with it, so `waitForReady`, `detached`, `socketPath`, `keepResults` and
 * `maxHosts` are not among them, and `idleTimeout` is one of the pool.
 *
 * @typeParam M - The messages, made with `DefineMessages`.
 * @typeParam D - The driver.
 * @typeParam H - What the workers ask their host.
 */
export type PoolOptions<
  M extends MessageTypes<M> = MessageDefinitions,
  D extends Driver = ChildProcessDriver,
  H extends MessageTypes<H> = MessageDefinitions,
> = Omit<
  WorkerOptions<M, D, H>,
  'waitForReady' | 'detached' | 'socketPath' | 'keepResults' | 'maxHosts' | 'idleTimeout' | 'endsByItself'
> &
  PoolSettings<M>;

/** What `createPool` takes besides the options of its workers. */
export interface PoolSettings<M extends MessageTypes<M> = MessageDefinitions> {
  /**
   * How many workers the pool keeps, whatever there is to do. `createPool` resolves when so many serve. Default: 1, so that a
   * script that cannot start is an error of `createPool` and the first request waits for no start; at most `maxWorkers`.
   */
  minWorkers?: number | undefined;
  /** How many workers there are at most; a pool that recycles has one more for a moment. Default: `os.availableParallelism()`. */
  maxWorkers?: number | undefined;
  /**
   * After how many milliseconds without a request a worker above `minWorkers` is closed. Default: 30,000; `0` and `Infinity`:
   * never.
   */
  idleTimeout?: number | undefined;
  /** How many requests each worker runs at once. Default: 1; `Infinity`: any number. */
  concurrency?: number | undefined;
  /** How many workers are started at the same time. Default: `os.availableParallelism()`. */
  maxStarts?: number | undefined;
  /** How many workers are started ahead, besides `maxWorkers`, so that nobody waits for a start. Default: 0. */
  spares?: number | undefined;
  /**
   * How many requests may wait for a worker. Over it, `whenFull` decides about `send` and `stream`, and a `post` that would have
   * to wait throws `ERR_BACKPRESSURE`. Default: `Infinity`.
   */
  maxQueue?: number | undefined;
  /**
   * What `send` and `stream` do where `maxQueue` requests wait: `wait` behind them, or `reject` with `ERR_BACKPRESSURE`. It
   * also decides what a worker does over `maxPendingBytes`. Default: `'wait'`.
   */
  whenFull?: 'wait' | 'reject' | undefined;
  /**
   * How long a request may wait for a worker, in milliseconds, else it rejects with `ERR_QUEUE_TIMEOUT`. The message timeout counts
   * from when the request reaches a worker. Default: none; `0` and `Infinity`: none.
   */
  queueTimeout?: number | undefined;
  /** Which of the workers with a free place gets a request without `key`. Default: `'least-busy'`. */
  strategy?: PoolStrategy<M> | undefined;
  /** When a worker is replaced by a new one, although it works. Default: never. */
  recycle?: RecycleOptions | undefined;
  /**
   * After how many milliseconds without a pause in its JavaScript, or without any sign of life, a worker is killed and
   * replaced, as if it had crashed. Default: never.
   */
  unresponsiveAfter?: number | undefined;
}

/**
 * - `'least-busy'`: the worker that runs the fewest requests.
 * - `'round-robin'`: one worker after the other.
 * - a function: it gets the workers that have a free place, at least one, and returns one of those. What it throws rejects the
 *   request; what it returns besides rejects it with `ERR_INVALID_OPTION`.
 */
export type PoolStrategy<M extends MessageTypes<M> = MessageDefinitions> =
  'least-busy' | 'round-robin' | ((workers: readonly PoolWorker[], request: PoolRequestInfo<M>) => PoolWorker);

/** A request, as a strategy sees it. */
export interface PoolRequestInfo<M extends MessageTypes<M> = MessageDefinitions> {
  readonly type: keyof M & string;
  readonly payload: unknown;
  readonly priority: number;
}

/** When a worker is replaced. The new one serves before the old one gets no more requests; what the old one runs it finishes. */
export interface RecycleOptions {
  /** After so many requests. Default: never. */
  afterRequests?: number | undefined;
  /**
   * Over so many mebibytes of resident memory, measured twice a second. For workers with a process of their own, on Linux:
   * elsewhere `ERR_UNSUPPORTED_BY_DRIVER` or `ERR_UNSUPPORTED_PLATFORM`. Default: never.
   */
  maxRssMb?: number | undefined;
  /** After so many milliseconds. Default: never. */
  maxAge?: number | undefined;
  /**
   * By which part each worker's `afterRequests` and `maxAge` are shorter at most, by chance, so that not all workers are
   * replaced at once: from 0 to 1. Default: 0.1.
   */
  jitter?: number | undefined;
}

/** Options of each call, besides those that the calls of a worker have. */
export interface PoolCallOptions {
  /** A request of higher priority goes first; within one, requests go in the order of the calls. Default: 0. */
  priority?: number | undefined;
  /**
   * Requests with the same key go to the same worker while that lives, and begin there in the order of the calls, whatever their
   * priority. Default: any worker.
   */
  key?: string | undefined;
  /** As the pool's `queueTimeout`, for this request. */
  queueTimeout?: number | undefined;
}

/** Options of `broadcast`. */
export interface BroadcastOptions {
  /** How long each worker may take, in milliseconds; `0` and `Infinity`: no limit. Default: the message timeout. */
  timeout?: number | undefined;
  /**
   * What workers get that start later, before they serve: the `latest` broadcast of each type, this one besides those before
   * it (`all`), or not this one (`none`). Default: `'latest'`.
   */
  replay?: 'latest' | 'all' | 'none' | undefined;
}

/** Options of `resize`. */
export interface ResizeOptions {
  /** As of `createPool`. Default: as it is, but at most `maxWorkers`. */
  minWorkers?: number | undefined;
  /** As of `createPool`. Default: as it is. */
  maxWorkers?: number | undefined;
}
