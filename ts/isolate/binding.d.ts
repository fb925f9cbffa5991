// Of crates/isolate.

/** One isolate. */
export declare class NativeIsolate {
  /**
   * Starts an isolate on a thread of its own. `on_events` is called when there is something to take, once for all that is taken
   * together.
   *
   * # Errors
   *
   * The system has no further thread.
   */
  static thread(setup: NativeSetup, onEvents: () => void): NativeIsolate;
  /**
   * Prepares an isolate that runs in [`NativeIsolate::turn`] alone, for about `slice` milliseconds each time. `on_wake` is called
   * when another thread has woken it.
   *
   * # Errors
   *
   * The system has no memory for a further stack.
   */
  static cooperative(setup: NativeSetup, slice: number, onWake: () => void): NativeIsolate;
  /**
   * Runs a cooperative isolate for a slice. Returns in how many milliseconds it wants its next turn, `Infinity`: with the next
   * message; -1: at once; -2: it has ended.
   */
  turn(): number;
  /** The number of the limit that an isolate with a thread has overrun without ending; -1: none. */
  overrun(): number;
  /**
   * Sends a value in V8's format. `memories` has a `Uint8Array` of each `SharedArrayBuffer` in it, by their numbers.
   *
   * # Errors
   *
   * An isolate cannot have one of the memories.
   */
  post(message: Buffer, memories?: readonly Uint8Array[] | undefined | null): void;
  /** Sends the source that it waits for, or why there is none, and the code of that error. */
  supply(
    source?: string | undefined | null,
    reason?: string | undefined | null,
    code?: string | undefined | null,
  ): void;
  /** The events since the last call: of each its number, the length of its bytes, and these. */
  take(): Buffer;
  /**
   * The shared memories of the next event that has any, each as a `SharedArrayBuffer` or a view of one; `null`: this runtime cannot
   * make one.
   *
   * # Errors
   *
   * The runtime has no memory for the object.
   */
  takeMemories(): (SharedArrayBuffer | Uint8Array | null)[];
  /** Ends the isolate as soon as its code is asked. */
  kill(): void;
}

/**
 * The bytecode of a module of a library.
 *
 * # Errors
 *
 * Its source is wrong.
 */
export declare function compile(name: string, source: string): Buffer;

/** Identifies the engine whose bytecode this addon reads. */
export declare function engine(): string;

/** What an isolate is started with. Sizes are in bytes, times in milliseconds; `Infinity`: none. */
export interface NativeSetup {
  /** The name of the library. */
  library: string;
  /** The name of the script's module. */
  entry: string;
  /** The text of that module; absent: the isolate asks for it. */
  source?: string;
  /** Data for the library, in V8's format. */
  data: Buffer;
  /** Memory of the engine. */
  memory: number;
  /** Stack of JavaScript. */
  stack: number;
  /** Processor time of one message. */
  cpuPerMessage: number;
  /** Processor time in all. */
  cpu: number;
  /** Time in all. */
  wall: number;
  /** The largest message to the host. */
  result: number;
  /** Messages that wait for the host. */
  queued: number;
  /** Whether it shares memory. */
  shares: boolean;
}

/**
 * Wakes those who wait for a word of shared memory, isolates first, then threads that wait by the system, at most `count`; returns how
 * many it has woken. `words` is an `Int32Array` or a
 * `BigInt64Array`.
 *
 * # Errors
 *
 * It has no such word.
 */
export declare function notifyIsolates(words: Int32Array | BigInt64Array, index: number, count: number): number;

/** How many shared memories isolates and their messages hold in this process, and how many bytes isolates have made. */
export declare function sharedMemories(): Array<number>;

/** Gives the modules of the library with this name as bytecode, before the first isolate with it; later calls do nothing. */
export declare function useLibrary(library: string, names: Array<string>, codes: Array<Buffer>): void;
