import type { ReadableStream } from 'node:stream/web';

/** A source of chunks: any iterable, a stream of Node, or one of the web. */
export type ChunkSource<C> = AsyncIterable<C> | Iterable<C> | ReadableStream<C>;

/**
 * The return value of a handler with a `stream`: an async generator, whose return value is the result; or a readable
 * stream, or any other async iterable.
 */
export type ChunkStream<C, R> =
  { [Symbol.asyncIterator](): AsyncIterator<C, R, undefined> } | Generator<C, R, undefined> | ReadableStream<C>;

/**
 * The chunks of an answer, in order. A program can read it once. A slow reader stops the writer; a reader that leaves,
 * by `break`, `return()` or `throw()`, ends it. If the request fails, reading throws after the chunks that have
 * arrived.
 *
 * @typeParam C - The chunks.
 * @typeParam R - The value that the handler returns at the end.
 */
export interface WorkerStream<C, R = void> extends AsyncIterableIterator<C> {
  /**
   * Settles after the last chunk has been read, with the value that the handler returned or the error that reading
   * throws. Ignoring it never causes an `unhandledRejection`.
   */
  readonly result: Promise<R>;
  next(): Promise<IteratorResult<C, undefined>>;
  return(): Promise<IteratorResult<C, undefined>>;
  throw(error: unknown): Promise<IteratorResult<C, undefined>>;
  /** Calls `return()`. */
  [Symbol.asyncDispose](): Promise<void>;
}
