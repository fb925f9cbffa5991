import type { Worker as NodeWorker, WorkerOptions as NodeWorkerOptions } from 'node:worker_threads';

export * from 'node:worker_threads';

/** How a worker is separated from its host. */
export type Isolation = 'process' | 'thread' | 'isolate';

/** What becomes of a `SharedArrayBuffer` that is to go to another process. */
export type SharedMemory = 'thread' | 'copy' | 'refuse' | 'share';

/** The options of `new Worker`: those of Node, and two of this library. */
export interface WorkerOptions extends NodeWorkerOptions {
  /**
   * What the worker is: a process of its own, or a thread of Node's. Default: a process; the variables of
   * `isolated-workers/register` may decide by the worker's file.
   */
  isolation?: Isolation | undefined;
  /**
   * What becomes of a `SharedArrayBuffer` in `workerData` or a message. `'thread'`: a worker whose `workerData`, or whose messages of
   * the tick that made it, have one becomes a thread; later messages are refused. `'copy'`: its bytes are copied. `'refuse'`: a
   * `DataCloneError`. `'share'`: the worker's process maps the same memory, if processes can share it: a `SharedArrayBuffer` that
   * this module's constructor, or the global one under `isolated-workers/register`, has made; else as `'thread'`. Default: `'refuse'`;
   * with `isolated-workers/register`, `'thread'`.
   */
  sharedMemory?: SharedMemory | undefined;
}

/** A worker: a process of its own, or a thread. */
export type Worker = NodeWorker;

/** Starts a worker. */
export declare const Worker: new (filename: string | URL, options?: WorkerOptions) => Worker;

/**
 * The constructor of memory that processes can share. Under `isolated-workers/register` with
 * `ISOLATED_WORKERS_SHARED_MEMORY=share` it is the global one, too.
 */
export declare const SharedArrayBuffer: SharedArrayBufferConstructor;

/** `Atomics` whose `wait`, `waitAsync` and `notify` work between processes on such memory. */
export declare const Atomics: Atomics;
