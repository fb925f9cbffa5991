/** A function of the host that an isolate calls like its own, and whose result it awaits. */
// A function of any parameters: those of the call come from the isolate, as the creator of the isolate knows.
export type HostFunction = (...args: never[]) => unknown;

/** What an isolate may use. An isolate that uses more ends with a `WorkerCrashedError` whose cause names the limit. */
export interface IsolateLimits {
  /** Memory of its values and its code, in MiB. Default: 32. */
  readonly memoryMb?: number | undefined;
  /** Stack of its functions, in KiB. Default: 256. */
  readonly stackKb?: number | undefined;
  /**
   * Processor time for one message, for one timer, or for the start of the script, with the promises that settle by it, in
   * milliseconds. Default: 1,000.
   */
  readonly cpuMsPerMessage?: number | undefined;
  /** Processor time from the start to the end, in milliseconds. Default: `Infinity`. */
  readonly cpuMs?: number | undefined;
  /** Time from the start to the end, in milliseconds. Default: `Infinity`. */
  readonly wallMs?: number | undefined;
  /** Bytes of one message to the host: a larger result fails alone. Default: 16 MiB. */
  readonly maxResultBytes?: number | undefined;
  /** Bytes of messages that wait for the host, because its thread is busy. Default: 64 MiB. */
  readonly maxQueuedBytes?: number | undefined;
}

/** The `driverOptions` of an `IsolateDriver`. */
export interface IsolateOptions {
  /**
   * `'thread'`: the isolate has a thread of its own. `'cooperative'`: it runs on the thread of the host, in slices, between other work
   * of the event loop. Default: `'thread'`.
   */
  readonly mode?: 'thread' | 'cooperative' | undefined;
  /**
   * `true`: the isolate is in a process of its own, which the host kills when an isolate in it overruns a limit. All isolates of one
   * `IsolateDriver` share the process. Only with `mode: 'thread'`. Default: `false`.
   */
  readonly jail?: boolean | undefined;
  /** How long a cooperative isolate runs before other work does, in milliseconds. Default: 1. */
  readonly timeSlice?: number | undefined;
  /**
   * The folder with the modules that the isolate may import; it cannot leave it. Default: the folder of the script. A relative
   * `script` is relative to it.
   */
  readonly root?: string | URL | undefined;
  /** The modules that the isolate may import, by name, instead of a folder. `script` is a name of them. */
  readonly sources?: Readonly<Record<string, string>> | undefined;
  /**
   * Packages that the modules may import, such as `['effect']`: ES modules in folders `node_modules`, which the host looks for as Node does,
   * from the root; with `sources`, from the working directory. Packages may import further ones. Default: none.
   */
  readonly packages?: readonly string[] | undefined;
  /** Functions of the host, by the name of the global that calls them. */
  readonly globals?: Readonly<Record<string, HostFunction>> | undefined;
  /**
   * `true`: a `SharedArrayBuffer` in a message, of the host or of the isolate, is the same memory on both sides, and in other isolates that
   * it is sent to. Not with `jail`. Default: `false`: it is refused.
   */
  readonly sharedMemory?: boolean | undefined;
  readonly limits?: IsolateLimits | undefined;
}
