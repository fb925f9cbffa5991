import { PORTION, WINDOW } from './units.js';

/** Told what a reader does. */
export interface Reading {
  /** So many more units may come. */
  grant(units: number): void;
  /** Nobody reads any more. */
  left(): void;
}

interface Chunk {
  readonly value: unknown;
  readonly cost: number;
}

interface Waiting {
  resolve(step: IteratorResult<unknown, undefined>): void;
  reject(error: unknown): void;
}

/** The chunks of a stream that have arrived and were not read yet. What is read is granted again. */
export class ChunkReader implements AsyncIterableIterator<unknown, undefined> {
  private chunks: Chunk[] = [];
  /** How many of `chunks` were read. */
  private done = 0;
  private waiting: Waiting[] = [];
  private balance = WINDOW;
  /** Units that were read and not granted. */
  private owed = 0;
  private hasEnded = false;
  private failure: { readonly error: unknown } | undefined;

  constructor(private readonly reading: Reading) {}

  /** Takes a chunk; `false`: it came without having been granted. */
  push(value: unknown, cost: number): boolean {
    if (this.balance <= 0) return false;
    // Who has left may still be sent what was granted.
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

  /** No more will come. What is here can still be read; then the reading ends, or fails. */
  end(failure?: { readonly error: unknown }): void {
    if (this.hasEnded) return;
    this.hasEnded = true;
    this.failure = failure;
    for (const reader of this.waiting.splice(0)) this.finish(reader);
  }

  /** Reading fails at once: what is here is dropped. */
  fail(error: unknown): void {
    if (this.hasEnded && this.chunks.length === 0) return;
    this.drop();
    if (this.hasEnded) this.failure = { error };
    else this.end({ error });
  }

  /** How the stream ends is told once. */
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
    const wasOpen = !this.hasEnded;
    this.drop();
    this.end();
    this.failure = undefined;
    if (wasOpen) this.reading.left();
    return { value: undefined, done: true };
  }

  async throw(error: unknown): Promise<never> {
    await this.return();
    throw error;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}
