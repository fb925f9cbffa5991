import type { ResourceLimits } from 'node:worker_threads';

import type { TransferList } from './transfer-list.js';

/** Options of a worker thread, each with its meaning in `Worker` of `node:worker_threads`. */
export interface ThreadOptions {
  /** The value of `workerData` in the worker, by structured clone. Independent of `startupData`. */
  workerData?: unknown;
  /**
   * Objects of `workerData` to move to the thread instead of copying: `ArrayBuffer`s, `MessagePort`s and the like. The
   * host cannot use them afterwards, so no second thread gets them: an `unexpectedShutdown` that retries is refused.
   * Default: none.
   */
  transferList?: TransferList | undefined;
  /** Limits of the thread's heap and stack. A worker that exceeds them ends, and its requests reject. */
  resourceLimits?: ResourceLimits | undefined;
  /** `true`: `script` is JavaScript source, run as CommonJS, and not a path. Default: `false`. */
  eval?: boolean | undefined;
  /** Arguments of the runtime. Default: those of the host, except those that a thread refuses. */
  execArgv?: readonly string[] | undefined;
  /** The arguments after the script in `process.argv`. Default: none. */
  argv?: readonly string[] | undefined;
  /** The thread's `process.env`, or `SHARE_ENV` of `node:worker_threads`. Default: a copy of the host's. */
  env?: NodeJS.ProcessEnv | symbol | undefined;
  /** `true`: `worker.stdin` writes to the worker's standard input. Default: that is empty. */
  stdin?: boolean | undefined;
  /** `true`: the worker's standard output goes only to `worker.stdout`. Default: to the host's standard output. */
  stdout?: boolean | undefined;
  /** `true`: the worker's standard error goes only to `worker.stderr`. Default: to the host's standard error. */
  stderr?: boolean | undefined;
  /** The thread's name, for debuggers. Default: none. */
  name?: string | undefined;
}
