import type { RequestKind } from './connection.js';
import type { ChunkReader } from './streams/chunk-reader.js';
import type { ChunkWriter } from './streams/chunk-writer.js';
import type { Carrier } from './types/context-carrier.js';

/** One message that is handled, and how far it has come. */
export class Job<Call> {
  /** Its handler has begun, and has not come to its end. */
  isRunning = false;
  /** It is among the `Jobs`. */
  isListed = false;
  /** Its outcome was told. */
  isAnswered = false;
  /** The chunks of its input. */
  reader: ChunkReader | undefined = undefined;
  /** The chunks of its result. */
  writer: ChunkWriter | undefined = undefined;
  controller: AbortController | undefined = undefined;
  /** Why nobody waits for its outcome any more. */
  reason: Error | undefined = undefined;
  onEnd: (() => void) | undefined = undefined;
  /** What came along with it. */
  carrier: Carrier | undefined = undefined;

  constructor(
    /** Absent: a notification. */
    readonly call: Call | undefined,
    public type: string,
    readonly kind: RequestKind,
  ) {}

  get isCancelled(): boolean {
    return this.reason !== undefined;
  }

  /** Ends what belongs to it: the handler is told by its signal. */
  cancel(reason: Error): void {
    if (this.isCancelled) return;
    this.reason = reason;
    this.controller?.abort(reason);
    this.writer?.stop();
    this.reader?.fail(reason);
  }
}
