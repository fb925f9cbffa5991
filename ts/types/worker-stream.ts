import type { ReadableStream } from 'node:stream/web';

/** Where chunks may come from: any iterable, a stream of Node, or one of the web. */
export type ChunkSource<C> = AsyncIterable<C> | Iterable<C> | ReadableStream<C>;

/**
 * What a handler with a `stream` returns: an async generator, whose return value is the result; or a readable stream, or
 * any other async iterable.
 */
export type ChunkStream<C, R> =
  { [Symbol.asyncIterator](): AsyncIterator<C, R, undefined> } | Generator<C, R, undefined> | ReadableStream<C>;

/**
 * The chunks of an answer, in order. It can be read once. A reader that is slow stops the writer; one that leaves, by `break`,
 * `return()` or `throw()`, ends it. When the request fails, reading throws after the chunks that had arrived.
 *
 * @typeParam C - The chunks.
 * @typeParam R - What the handler returns in the end.
 */
export interface WorkerStream<C, R = void> extends AsyncIterableIterator<C> {
  /**
   * Resolves with what the handler returned in the end, or rejects with what the reading throws. It comes after the last
   * chunk, and so only to who reads. That nobody waits for it is no unhandled rejection.
   */
  readonly result: Promise<R>;
  next(): Promise<IteratorResult<C, undefined>>;
  return(): Promise<IteratorResult<C, undefined>>;
  throw(error: unknown): Promise<IteratorResult<C, undefined>>;
  /** The same as `return()`. */
  [Symbol.asyncDispose](): Promise<void>;
}
