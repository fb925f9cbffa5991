/** One isolate, in this process or in another one. */
export interface Isolate {
  /** Sends a value in V8's format. `memories` has views of its shared memories. */
  post(message: Buffer, memories: readonly Uint8Array[] | null): void;
  /** Sends the source that it waits for, or why there is none, and the code of that error. */
  supply(source: string | null, reason: string | null, code: string | null): void;
  /** The events since the last call. */
  take(): Buffer;
  /** The shared memories of the next event that has any. */
  takeMemories(): (SharedArrayBuffer | Uint8Array | null)[];
  kill(): void;
  /** Another isolate has ended it. */
  readonly isInnocent?: boolean;
}
