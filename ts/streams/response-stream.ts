import { cancelled } from '../errors/worker-error.js';
import { ChunkReader } from './chunk-reader.js';
import { WorkerStream } from './worker-stream.js';

/** The request operations of a stream. */
export interface StreamRequest {
  grant(units: number): void;
  /** The reader has left. */
  leave(reason: Error): void;
}

/** The answer to a request for a stream: arriving chunks go in, and `stream` reads them. */
export class StreamAnswer {
  readonly reader: ChunkReader;
  readonly stream: WorkerStream;
  isOver = false;
  /** What becomes of the error that it fails with. */
  failing: ((error: unknown) => unknown) | undefined;
  private settle!: { resolve(value: unknown): void; reject(error: unknown): void };
  /** Runs when the request has begun. */
  private request: StreamRequest | undefined;

  constructor(type: string) {
    const result = new Promise<unknown>((resolve, reject) => (this.settle = { resolve, reject }));
    // A program that only reads learns of a failure by reading.
    result.catch(() => {});
    this.reader = new ChunkReader({
      grant: (units) => this.request?.grant(units),
      left: () => this.leave(cancelled(type)),
      refuse: (error) => this.leave(error as Error),
    });
    this.stream = new WorkerStream(this.reader, result);
  }

  begin(request: StreamRequest): void {
    this.request = request;
  }

  readonly resolve = (value: unknown): void => {
    if (this.isOver) return;
    this.isOver = true;
    this.reader.end();
    this.settle.resolve(value);
  };

  /** After what has arrived was read, reading fails. */
  readonly reject = (reason: unknown): void => {
    if (this.isOver) return;
    this.isOver = true;
    const error = this.failing === undefined ? reason : this.failing(reason);
    this.reader.end({ error });
    this.settle.reject(error);
  };

  /** Reading fails at once. */
  readonly abort = (reason: unknown): void => {
    this.reader.fail(this.failing === undefined ? reason : this.failing(reason));
    this.reject(reason);
  };

  private leave(reason: Error): void {
    if (this.isOver) return;
    this.isOver = true;
    this.settle.reject(reason);
    this.request?.leave(reason);
  }
}
