/** What becomes of one standard stream of a worker process: shared with the host, a stream for the host, or dropped. */
export type StdioMode = 'inherit' | 'pipe' | 'ignore';

/**
 * What a worker process may use. What it starts itself inherits `maxCpuSeconds`, `maxOpenFiles` and `nice`, each process with
 * a count of its own. Default of each: as the system has it.
 */
export interface ProcessResourceLimits {
  /** The heap of old objects in MiB, as `--max-old-space-size`: over it the worker aborts. */
  maxOldGenerationSizeMb?: number | undefined;
  /** The heap of young objects in MiB; a third of it is `--max-semi-space-size`. */
  maxYoungGenerationSizeMb?: number | undefined;
  /** Resident memory in MiB, native memory included: looked at ten times a second; over it the worker is killed. Linux only. */
  maxRssMb?: number | undefined;
  /** Processor time in seconds: over it the worker is ended by SIGXCPU. */
  maxCpuSeconds?: number | undefined;
  /** Open file descriptors, at least 32: over it opening one fails. */
  maxOpenFiles?: number | undefined;
  /** The scheduling priority, from -20 to 19; below 0 needs the right to do so. */
  nice?: number | undefined;
}

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
  /**
   * The worker outlives its host; `attachWorker` connects another to it. It is a process group of its own, and its standard
   * streams are dropped unless `stdio` says otherwise. Default: `false`.
   */
  detached?: boolean | undefined;
  /**
   * Where a detached worker listens for hosts: a path that no other worker has. Default: one in a private directory, below
   * `XDG_RUNTIME_DIR` or the directory for temporary files, which `attachWorker` finds by the worker's `name`.
   */
  socketPath?: string | undefined;
  /**
   * How many outcomes a detached worker keeps that no host was there for; the next host gets them with the event
   * `keptResult`. The oldest go first; 0: none are kept. Default: 100.
   */
  keepResults?: number | undefined;
  /** What the worker may use. Default: no limits. */
  resourceLimits?: ProcessResourceLimits | undefined;
  /**
   * `true`: the worker has a process group of its own, and all processes in it end with the worker, whichever way that ends.
   * Default: `false`: what the worker has started lives on.
   */
  killTree?: boolean | undefined;
}
