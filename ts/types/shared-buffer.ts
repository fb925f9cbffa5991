/**
 * Memory that several processes share, made with `createSharedBuffer`. Another process may write it at any time, so
 * `read` copies bytes out, and a program checks and uses the copy. A program that uses `read` and `write` runs on every
 * runtime.
 */
export interface SharedBuffer {
  /** The size in bytes. It never changes. */
  readonly byteLength: number;
  /**
   * A `SharedArrayBuffer` of the memory, if the runtime can make one and reads it safely: Node 24.18 and later, 26.3
   * and later, and Bun 1.4.5 and later. `Atomics` work on it across processes; but a process cannot wake another that
   * waits in `Atomics.wait`, or with `Atomics.waitAsync`: `sharedWait` and `sharedNotify` do that.
   *
   * Elsewhere (Node 20 and 22, Deno) an `ArrayBuffer` with a copy of the bytes, a new one each time; writing into it
   * does not change the memory. The first one emits a process warning. `buffer instanceof SharedArrayBuffer`
   * distinguishes the two.
   */
  readonly buffer: SharedArrayBuffer | ArrayBuffer;
  /**
   * Copies bytes out. Each byte was in the memory during the call; if another process writes meanwhile, some may be
   * older than others.
   *
   * @param offset - Default: 0.
   * @param length - Default: all bytes after `offset`.
   * @throws `ERR_INVALID_OPTION` if the bytes are not within the memory.
   */
  read(offset?: number, length?: number): Buffer;
  /**
   * Copies bytes in.
   *
   * @param bytes - A view, or memory as a whole.
   * @param offset - The position of the first byte. Default: 0.
   * @throws `ERR_INVALID_OPTION` if the bytes do not fit.
   */
  write(bytes: ArrayBufferView | ArrayBufferLike, offset?: number): void;
}

/** Why `sharedWait` has returned: somebody has notified the word, it has another value, or the timeout is over. */
export type SharedWaitOutcome = 'ok' | 'not-equal' | 'timed-out';
