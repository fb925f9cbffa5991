import type { RequestKind } from './connection.js';
import type { ChunkReader } from './streams/chunk-reader.js';
import type { ChunkWriter } from './streams/chunk-writer.js';
import type { Carrier } from './types/context-carrier.js';

/** What a message that is handled needs of its dispatcher. */
export interface JobSource<Call> {
  readonly host: unknown;
  readonly worker: unknown;
  transactionId(call: Call | undefined): string | undefined;
  tellProgress(job: Job<Call>, value: unknown): void;
}

/** What few jobs have. */
interface Extras {
  controller?: AbortController;
  /** Why nobody waits for the outcome any more. */
  reason?: Error;
  /** The chunks of its input. */
  reader?: ChunkReader;
  /** The chunks of its result. */
  writer?: ChunkWriter;
  onEnd?: () => void;
  /** What came along with it. */
  carrier?: Carrier;
}

/**
 * One message that is handled, and how far it has come. It is what its handler gets as its second argument, too: there is
 * one for each message, so it is small, and what is asked of it is made then.
 */
export class Job<Call> {
  /** Its handler has begun, and has not come to its end. */
  isRunning = false;
  /** It is among the `Jobs`. */
  isListed = false;
  /** Its outcome was told. */
  isAnswered = false;
  /** What it is listed under. */
  key: unknown = undefined;
  private extras: Extras | undefined = undefined;

  constructor(
    private readonly source: JobSource<Call>,
    /** Absent: a notification. */
    readonly call: Call | undefined,
    public type: string,
    readonly kind: RequestKind,
  ) {}

  /** Of what it may have, what it has; it can be added to. */
  get own(): Extras {
    return (this.extras ??= {});
  }

  get reason(): Error | undefined {
    return this.extras?.reason;
  }

  get reader(): ChunkReader | undefined {
    return this.extras?.reader;
  }

  get writer(): ChunkWriter | undefined {
    return this.extras?.writer;
  }

  get carrier(): Carrier | undefined {
    return this.extras?.carrier;
  }

  get onEnd(): (() => void) | undefined {
    return this.extras?.onEnd;
  }

  get isCancelled(): boolean {
    return this.extras?.reason !== undefined;
  }

  /** Ends what belongs to it: the handler is told by its signal. */
  cancel(reason: Error): void {
    if (this.isCancelled) return;
    const { own } = this;
    own.reason = reason;
    own.controller?.abort(reason);
    own.writer?.stop();
    own.reader?.fail(reason);
  }

  // What a handler sees.

  get signal(): AbortSignal {
    const { own } = this;
    if (own.controller === undefined) {
      own.controller = new AbortController();
      if (own.reason !== undefined) own.controller.abort(own.reason);
    }
    return own.controller.signal;
  }

  get tx(): string | undefined {
    return this.source.transactionId(this.call);
  }

  get progress(): (value: unknown) => void {
    return (value) => this.source.tellProgress(this, value);
  }

  get input(): AsyncIterable<unknown> | undefined {
    return this.extras?.reader;
  }

  get host(): unknown {
    return this.source.host;
  }

  get worker(): unknown {
    return this.source.worker;
  }
}
