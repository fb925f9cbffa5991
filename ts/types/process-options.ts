/** What becomes of one standard stream of a worker process: shared with the host, a stream for the host, or dropped. */
export type StdioMode = 'inherit' | 'pipe' | 'ignore';

/**
 * How a worker process is started, each option with the meaning it has in `fork` of `node:child_process`.
 *
 * The same members may be given to `createWorker` itself; those in `driverOptions` go first.
 */
export interface ProcessOptions {
  /** The executable that runs the script. Default: the host's own. */
  execPath?: string | undefined;
  /** Arguments of the executable, before the script. Default: the host's own. */
  execArgv?: readonly string[] | undefined;
  /** Arguments of the script. Default: none. */
  argv?: readonly string[] | undefined;
  /** The whole environment of the worker. Default: the host's own. */
  env?: NodeJS.ProcessEnv | undefined;
  /** The worker's working directory: a path or a file URL. Default: the host's own. */
  cwd?: string | URL | undefined;
  /** All three standard streams at once, or standard input, output and error one by one. Default: `'inherit'`. */
  stdio?: StdioMode | readonly StdioMode[] | undefined;
}
