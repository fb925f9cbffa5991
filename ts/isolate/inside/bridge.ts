// What the addon gives the library in an isolate. The library takes it before any other code runs.

/** The functions of the addon. */
export interface Bridge {
  /** The module of the script. */
  readonly entry: string;
  readonly maxResultBytes: number;
  readonly data: { readonly globals: readonly string[] };
  /** Those of `node:v8`. */
  v8(): { readonly Serializer: unknown; readonly Deserializer: unknown };
  /** Sends a value; returns its size if it is too large, and else 0. */
  send(message: unknown): number;
  print(line: readonly [isError: boolean, text: string]): void;
  onMessage(listener: (message: unknown[]) => void): void;
  onTimer(listener: () => void): void;
  /** Calls the listener for timers in so many milliseconds; negative: not at all. */
  wakeAfter(millis: number): void;
  /** Whether messages keep the isolate alive. */
  keep(isKept: boolean): void;
  importScript(name: string): Promise<unknown>;
  /** The script has run. */
  loaded(): void;
  /** Nothing has caught an error. It ends the isolate, unless the listener returns `true`. */
  onError(listener: (error: unknown) => unknown): void;
  /** An error ends the isolate. */
  fail(error: unknown): void;
  exit(code: number): void;
  /** Nothing has caught an overflow of the stack, which ends the isolate. */
  overflowStack(): void;
  /** Runs a part of the library; returns what it exports. */
  part(name: string): object;
  /** Bytes in use. */
  memory(): number;
}

const NAME = 'isolated-workers:bridge';

const holder = globalThis as unknown as Record<string, Bridge>;

export const bridge = holder[NAME] as Bridge;
delete holder[NAME];
