import { cancelled } from './errors.js';
import { ChunkReader } from './streams/chunk-reader.js';
import { WorkerStream } from './worker-stream.js';

/** What a stream asks of the request that it belongs to. */
export interface StreamRequest {
  grant(units: number): void;
  /** Nobody reads it any more. */
  leave(reason: Error): void;
}

/** The answer to a request for a stream: what arrives goes in here, and comes out of `stream`. */
export class StreamAnswer {
  readonly reader: ChunkReader;
  readonly stream: WorkerStream;
  isOver = false;
  private settle!: { resolve(value: unknown): void; reject(error: unknown): void };
  /** Once the request has begun. */
  private request: StreamRequest | undefined;

  constructor(type: string) {
    const result = new Promise<unknown>((resolve, reject) => (this.settle = { resolve, reject }));
    // Who only reads learns of a failure from that.
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
  readonly reject = (error: unknown): void => {
    if (this.isOver) return;
    this.isOver = true;
    this.reader.end({ error });
    this.settle.reject(error);
  };

  /** Reading fails at once. */
  readonly abort = (reason: unknown): void => {
    this.reader.fail(reason);
    this.reject(reason);
  };

  private leave(reason: Error): void {
    if (this.isOver) return;
    this.isOver = true;
    this.settle.reject(reason);
    this.request?.leave(reason);
  }
}
