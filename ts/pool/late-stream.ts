import type { WorkerStream } from '../types/worker-stream.js';

type Chunks = WorkerStream<unknown, unknown>;

/** The stream of a request that waits for its worker. */
export class LateStream implements Chunks {
  readonly result: Promise<unknown>;
  private readonly begun: Promise<Chunks>;
  private settle!: { begin(stream: Chunks): void; fail(error: unknown): void };
  private hasBegun = false;
  private isOver = false;

  /** @param leave - Nobody reads it any more, and it has not begun. */
  constructor(private readonly leave: () => void) {
    this.begun = new Promise((begin, fail) => (this.settle = { begin, fail }));
    this.result = this.begun.then((stream) => stream.result);
    // Who only reads learns of a failure from that, and who only waits for the result, from that.
    this.begun.catch(() => {});
    this.result.catch(() => {});
  }

  begin(stream: Chunks): void {
    this.hasBegun = true;
    this.settle.begin(stream);
  }

  fail(error: unknown): void {
    this.hasBegun = true;
    this.settle.fail(error);
  }

  async next(): Promise<IteratorResult<unknown, undefined>> {
    let stream: Chunks;
    try {
      stream = await this.begun;
    } catch (error) {
      // As of any iterator: it fails once, and is at its end then.
      if (this.isOver) return { done: true, value: undefined };
      this.isOver = true;
      throw error;
    }
    return stream.next();
  }

  async return(): Promise<IteratorResult<unknown, undefined>> {
    if (this.hasBegun && !this.isOver) return (await this.begun).return();
    this.leaveUnbegun();
    return { done: true, value: undefined };
  }

  async throw(error: unknown): Promise<IteratorResult<unknown, undefined>> {
    if (this.hasBegun && !this.isOver) return (await this.begun).throw(error);
    this.leaveUnbegun();
    throw error;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.return();
  }

  private leaveUnbegun(): void {
    if (this.isOver) return;
    this.isOver = true;
    this.leave();
  }
}
