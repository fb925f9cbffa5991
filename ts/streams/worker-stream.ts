import type { ChunkReader } from './chunk-reader.js';

/** The stream for its reader. */
export class WorkerStream implements AsyncIterableIterator<unknown, undefined> {
  readonly #reader: ChunkReader;

  constructor(
    reader: ChunkReader,
    readonly result: Promise<unknown>,
  ) {
    this.#reader = reader;
  }

  next(): Promise<IteratorResult<unknown, undefined>> {
    return this.#reader.next();
  }

  return(): Promise<IteratorResult<unknown, undefined>> {
    return this.#reader.return();
  }

  throw(error: unknown): Promise<IteratorResult<unknown, undefined>> {
    return this.#reader.throw(error);
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.return();
  }
}
