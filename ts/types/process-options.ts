/** A standard stream of a worker process: shared with the host, a stream for the host, or dropped. */
export type StdioMode = 'inherit' | 'pipe' | 'ignore';

/**
 * Limits of a worker process. Its own child processes inherit `maxCpuSeconds`, `maxOpenFiles` and `nice`, each with its
 * own count. Default of each: the system's limit.
 */
export interface ProcessResourceLimits {
  /** The heap of old objects in MiB, as `--max-old-space-size`: beyond it the worker aborts. */
  maxOldGenerationSizeMb?: number | undefined;
  /** The heap of young objects in MiB; a third of it is `--max-semi-space-size`. */
  maxYoungGenerationSizeMb?: number | undefined;
  /**
   * Resident memory in MiB, native memory included; a native thread checks it ten times a second and kills a worker
   * beyond it. Linux only.
   */
  maxRssMb?: number | undefined;
  /** Processor time in seconds: beyond it SIGXCPU ends the worker. */
  maxCpuSeconds?: number | undefined;
  /** Open file descriptors, at least 32: beyond it opening one fails. */
  maxOpenFiles?: number | undefined;
  /** The scheduling priority, from -20 to 19; below 0 needs the right to do so. */
  nice?: number | undefined;
}

/**
 * Options of a worker process, each with its meaning in `fork` of `node:child_process`.
 *
 * `createWorker` itself also accepts these members; those in `driverOptions` take precedence.
 */
export interface ProcessOptions {
  /** The executable that runs the script. Default: the host's. */
  execPath?: string | undefined;
  /** Arguments of the executable, before the script. Default: the host's. */
  execArgv?: readonly string[] | undefined;
  /** Arguments of the script. Default: none. */
  argv?: readonly string[] | undefined;
  /** The whole environment of the worker. Default: the host's. */
  env?: NodeJS.ProcessEnv | undefined;
  /** The worker's working directory: a path or a file URL. Default: the host's. */
  cwd?: string | URL | undefined;
  /**
   * All three standard streams at once, or standard input, output and error one by one. Default: `['ignore', 'inherit',
   * 'inherit']`, because a worker that reads an inherited standard input can keep its host from reading it.
   */
  stdio?: StdioMode | readonly StdioMode[] | undefined;
  /**
   * The reaction of a worker when its terminal sends SIGINT (Ctrl+C) or SIGHUP (the terminal is closed) to it and its
   * host alike. `'ignore'`: none, because the host decides. `'default'`: the worker ends, as other programs do.
   * Default: `'ignore'`; with `detached` or `killTree`, no such signal reaches the worker.
   */
  terminalSignals?: 'ignore' | 'default' | undefined;
  /**
   * `true`: the worker outlives its host, and `attachWorker` connects another host. It is its own process group, and
   * its standard streams are dropped unless `stdio` is set. Default: `false`.
   */
  detached?: boolean | undefined;
  /**
   * The path at which a detached worker listens for hosts; no other worker may have it. Default: one in a private
   * directory, below `XDG_RUNTIME_DIR` or the directory for temporary files, which `attachWorker` finds by the worker's
   * `name`.
   */
  socketPath?: string | undefined;
  /**
   * How many outcomes a detached worker keeps while no host is connected; the next host receives them with the event
   * `keptResult`. The worker drops the oldest first; 0: it keeps none. Default: 100.
   */
  keepResults?: number | undefined;
  /**
   * How many hosts may be connected to a detached worker at once, each with its own connection, requests and answers. Default: 1;
   * `Infinity`: no limit.
   */
  maxHosts?: number | undefined;
  /**
   * After how many milliseconds without a connected host and without a running handler a detached worker ends by itself, as by
   * `close()` of its server. The outcomes that it keeps are lost then. Default: never; `0` and `Infinity`: never.
   */
  idleTimeout?: number | undefined;
  /** Limits of the worker. Default: none. */
  resourceLimits?: ProcessResourceLimits | undefined;
  /**
   * `true`: the worker has its own process group, and all its processes end with the worker, for any reason. Default:
   * `false`: child processes of the worker live on.
   */
  killTree?: boolean | undefined;
}
