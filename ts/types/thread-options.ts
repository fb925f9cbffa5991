import type { ResourceLimits } from 'node:worker_threads';

/** How a worker thread is started, each option with the meaning it has for `Worker` of `node:worker_threads`. */
export interface ThreadOptions {
  /** What `workerData` is in the worker, by structured clone. Independent of `startupData`. */
  workerData?: unknown;
  /** Limits of the thread's heap and stack. A worker that goes over them ends, and its requests reject. */
  resourceLimits?: ResourceLimits | undefined;
  /** `script` is JavaScript source, run as CommonJS, and no path. Default: `false`. */
  eval?: boolean | undefined;
  /** Arguments of the runtime. Default: the host's own, without what a thread refuses. */
  execArgv?: readonly string[] | undefined;
  /** What follows the script in `process.argv`. Default: nothing. */
  argv?: readonly string[] | undefined;
  /** The thread's `process.env`, or `SHARE_ENV` of `node:worker_threads`. Default: a copy of the host's. */
  env?: NodeJS.ProcessEnv | symbol | undefined;
  /** `true`: the worker's standard output is `worker.stdout` alone. Default: it is written to the host's. */
  stdout?: boolean | undefined;
  /** `true`: the worker's standard error is `worker.stderr` alone. Default: it is written to the host's. */
  stderr?: boolean | undefined;
  /** The thread's name, for debuggers. Default: none. */
  name?: string | undefined;
}
