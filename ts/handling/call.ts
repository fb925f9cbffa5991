import type { RequestKind } from '../protocol/request-kind.js';
import type { ChunkReader } from '../streams/chunk-reader.js';
import type { ChunkWriter } from '../streams/chunk-writer.js';
import type { Carrier } from '../types/context-carrier.js';

/** What a call needs for its handler's context. */
export interface CallSource<Ref> {
  readonly host: unknown;
  readonly worker: unknown;
  transactionId(ref: Ref | undefined): string | undefined;
  reportProgress(call: Call<Ref>, value: unknown): void;
}

/** Optional fields, which few calls have. */
interface Extras {
  controller?: AbortController;
  /** Why the requester no longer waits for the outcome. */
  reason?: Error;
  /** The chunks of its input. */
  reader?: ChunkReader;
  /** The chunks of its result. */
  writer?: ChunkWriter;
  /** Runs when its handler has ended. */
  onEnd?: (() => void)[];
  /** Its transaction id, if calls are looked up by it. */
  id?: string | undefined;
  /** When it arrived, if that is measured. */
  began?: number;
  /** Its context. */
  carrier?: Carrier;
}

/**
 * One message that is being handled, and its state. It is also the second argument of its handler: there is one for
 * each message, so it is small, and creates its members on first use.
 */
export class Call<Ref> {
  /** Its handler has begun, and has not ended. */
  isRunning = false;
  /** It is registered in `ActiveCalls`. */
  isListed = false;
  /** Its outcome was sent. */
  isAnswered = false;
  /** Its key in `ActiveCalls`. */
  key: unknown = undefined;
  private extras: Extras | undefined = undefined;

  constructor(
    private readonly source: CallSource<Ref>,
    /** Absent for a notification. */
    readonly ref: Ref | undefined,
    public type: string,
    readonly kind: RequestKind,
  ) {}

  /** Optional fields, allocated on first use. */
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

  get began(): number | undefined {
    return this.extras?.began;
  }

  get carrier(): Carrier | undefined {
    return this.extras?.carrier;
  }

  get onEnd(): readonly (() => void)[] | undefined {
    return this.extras?.onEnd;
  }

  get isCancelled(): boolean {
    return this.extras?.reason !== undefined;
  }

  /** Ends its streams; the signal informs the handler. */
  cancel(reason: Error): void {
    if (this.isCancelled) return;
    const { own } = this;
    own.reason = reason;
    own.controller?.abort(reason);
    own.writer?.stop();
    own.reader?.fail(reason);
  }

  // The members for the handler.

  get signal(): AbortSignal {
    const { own } = this;
    if (own.controller === undefined) {
      own.controller = new AbortController();
      if (own.reason !== undefined) own.controller.abort(own.reason);
    }
    return own.controller.signal;
  }

  get tx(): string | undefined {
    return this.source.transactionId(this.ref);
  }

  get progress(): (value: unknown) => void {
    return (value) => this.source.reportProgress(this, value);
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
