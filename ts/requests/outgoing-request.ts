import type { ChunkWriter } from '../streams/chunk-writer.js';
import type { StreamAnswer } from '../streams/response-stream.js';
import type { TransferList } from '../types/transfer-list.js';
import type { SentRequest } from '../connection/connection.js';
import { CONFIGURED } from '../protocol/generated.js';
import type { Cancellable } from './cancellation.js';
import type { RequestTerms } from './request-options.js';

/** Receives the slot later. */
export const UNKNOWN = -1;

/** Ends a request. */
export interface Aborter {
  abort(request: OutgoingRequest, reason: unknown): void;
}

/** Hears of a request's outcome before its promise settles. Its methods must not throw. */
export interface RequestObserver {
  answered(): void;
  failed(error: unknown): void;
}

/** A request from the call that sends it to its outcome. There are many, so it is small, and all have one shape. */
export class OutgoingRequest implements SentRequest {
  slot = UNKNOWN;
  resolve: (value: unknown) => void = unsettled;
  reject: (error: unknown) => void = unsettled;
  extras: Extras | undefined = undefined;
  observer: RequestObserver | undefined = undefined;

  /**
   * @param payload - Kept until it is encoded.
   * @param timeout - In milliseconds; `CONFIGURED` is the one of its type.
   * @param isInternal - No user waits for it, and its outcome passes no middleware.
   */
  constructor(
    readonly type: string,
    public payload: unknown,
    readonly timeout: number = CONFIGURED,
    readonly transfer: TransferList | undefined = undefined,
    readonly terms: RequestTerms | undefined = undefined,
    readonly isInternal: boolean = false,
  ) {}

  /** The same request for another attempt. */
  again(payload: unknown, timeout: number): OutgoingRequest {
    return new OutgoingRequest(this.type, payload, timeout, this.transfer, this.terms);
  }

  succeed(value: unknown): void {
    const { observer } = this;
    if (observer !== undefined) {
      this.observer = undefined;
      observer.answered();
    }
    this.resolve(value);
  }

  fail(error: unknown): void {
    const { observer } = this;
    if (observer !== undefined) {
      this.observer = undefined;
      observer.failed(error);
    }
    this.reject(error);
  }

  /** Takes the payload out, which the request does not keep in memory until its outcome. */
  takePayload(): unknown {
    const { payload } = this;
    this.payload = undefined;
    return payload;
  }
}

/** In place of a promise's functions until there is one. */
function unsettled(): void {}

/** Optional fields, which few requests have. */
export class Extras implements Cancellable {
  place = 0;
  /** The requests of its signal. */
  watched: Cancellable[] | undefined = undefined;
  /** Its message waits for nothing any more. */
  isSent = true;
  /** Only if code needs it. */
  tx: string | undefined = undefined;
  writer: ChunkWriter | undefined = undefined;
  answer: StreamAnswer | undefined = undefined;

  constructor(
    private readonly aborter: Aborter,
    private readonly request: OutgoingRequest,
  ) {}

  onAbort(reason: unknown): void {
    this.aborter.abort(this.request, reason);
  }
}
