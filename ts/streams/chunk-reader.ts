import { PORTION } from './units.js';
import { STREAM_WINDOW } from '../protocol/generated.js';

/** The callbacks of a reader. */
export interface Reading {
  /** Grants this many more units. */
  grant(units: number): void;
  /** The reader has left. */
  left(): void;
  /** A chunk was invalid: the reader stops. */
  refuse(error: unknown): void;
}

interface Chunk {
  readonly value: unknown;
  readonly cost: number;
}

interface Waiting {
  resolve(step: IteratorResult<unknown, undefined>): void;
  reject(error: unknown): void;
}

/** The chunks of a stream that have arrived and were not read yet. Reading grants new ones. */
export class ChunkReader implements AsyncIterableIterator<unknown, undefined> {
  private chunks: Chunk[] = [];
  /** How many of `chunks` were read. */
  private done = 0;
  private waiting: Waiting[] = [];
  private balance = STREAM_WINDOW;
  /** Units that were read and not granted. */
  private owed = 0;
  private hasEnded = false;
  /** Converts each chunk as it is read. */
  check: ((value: unknown) => unknown) | undefined = undefined;
  private failure: { readonly error: unknown } | undefined;

  constructor(private readonly reading: Reading) {}

  /** Takes a chunk; `false`: it arrived without credit. */
  push(value: unknown, cost: number): boolean {
    if (this.balance <= 0) return false;
    // Granted chunks may still arrive after the reader has left.
    if (this.hasEnded) return true;
    this.balance -= cost;
    const reader = this.waiting.shift();
    if (reader === undefined) this.chunks.push({ value, cost });
    else {
      reader.resolve({ value, done: false });
      this.consume(cost);
    }
    return true;
  }

  /** No more chunks follow. The reader can still read those that arrived; then reading ends, or fails. */
  end(failure?: { readonly error: unknown }): void {
    if (this.hasEnded) return;
    this.hasEnded = true;
    this.failure = failure;
    for (const reader of this.waiting.splice(0)) this.finish(reader);
  }

  /** Reading fails at once: drops the chunks. */
  fail(error: unknown): void {
    if (this.hasEnded && this.chunks.length === 0) return;
    this.drop();
    if (this.hasEnded) this.failure = { error };
    else this.end({ error });
  }

  /** The end of the stream is reported once. */
  private finish({ resolve, reject }: Waiting): void {
    const { failure } = this;
    this.failure = undefined;
    if (failure === undefined) resolve({ value: undefined, done: true });
    else reject(failure.error);
  }

  private drop(): void {
    this.chunks = [];
    this.done = 0;
  }

  private consume(cost: number): void {
    this.owed += cost;
    if (this.owed < PORTION || this.hasEnded) return;
    const units = this.owed;
    this.balance += units;
    this.owed = 0;
    this.reading.grant(units);
  }

  next(): Promise<IteratorResult<unknown, undefined>> {
    const step = this.take();
    return this.check === undefined ? step : this.checked(step, this.check);
  }

  private async checked(
    step: Promise<IteratorResult<unknown, undefined>>,
    check: (value: unknown) => unknown,
  ): Promise<IteratorResult<unknown, undefined>> {
    const { value, done } = await step;
    if (done === true) return { value, done };
    try {
      return { value: await check(value), done: false };
    } catch (error) {
      if (this.close()) this.reading.refuse(error);
      throw error;
    }
  }

  private take(): Promise<IteratorResult<unknown, undefined>> {
    const chunk = this.chunks[this.done];
    if (chunk !== undefined) {
      this.done++;
      if (this.done === this.chunks.length) this.drop();
      this.consume(chunk.cost);
      return Promise.resolve({ value: chunk.value, done: false });
    }
    return new Promise((resolve, reject) => {
      const reader = { resolve, reject };
      if (this.hasEnded) this.finish(reader);
      else this.waiting.push(reader);
    });
  }

  async return(): Promise<IteratorResult<unknown, undefined>> {
    if (this.close()) this.reading.left();
    return { value: undefined, done: true };
  }

  /** Stops reading; returns whether it was possible. */
  private close(): boolean {
    const wasOpen = !this.hasEnded;
    this.drop();
    this.end();
    this.failure = undefined;
    return wasOpen;
  }

  async throw(error: unknown): Promise<never> {
    await this.return();
    throw error;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}
