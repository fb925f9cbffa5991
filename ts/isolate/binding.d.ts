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
   * Prepares an isolate that runs in [`NativeIsolate::turn`] alone, for about `slice` milliseconds each time.
   *
   * # Errors
   *
   * The system has no memory for a further stack.
   */
  static cooperative(setup: NativeSetup, slice: number): NativeIsolate;
  /**
   * Runs a cooperative isolate for a slice. Returns in how many milliseconds it wants its next turn, `Infinity`: with the next
   * message; -1: at once; -2: it has ended.
   */
  turn(): number;
  /** The number of the limit that an isolate with a thread has overrun without ending; -1: none. */
  overrun(): number;
  /** Sends a value in V8's format. */
  post(message: Buffer): void;
  /** Sends the source that it waits for, or why there is none. */
  supply(source?: string | undefined | null, reason?: string | undefined | null): void;
  /** The events since the last call: of each its number, the length of its bytes, and these. */
  take(): Buffer;
  /** Ends the isolate as soon as its code is asked. */
  kill(): void;
}

/**
 * The bytecode of a library with this name.
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
}

/** Gives the bytecode of the library with this name, before the first isolate with it; later calls do nothing. */
export declare function useLibrary(name: string, code: Buffer): void;
