import type { Cancellable } from './cancellation.js';
import type { RequestTerms } from './request-terms.js';
import type { StreamAnswer } from './stream-answer.js';
import type { ChunkWriter } from './streams/chunk-writer.js';

/** Where a slot will be told. */
export const UNKNOWN = -1;

/** What a request is pending for. */
export interface Aborter {
  abort(pending: Pending, reason: unknown): void;
}

/** A request whose outcome is not known. */
export class Pending implements Cancellable {
  slot = UNKNOWN;
  place = 0;
  /** Those that wait for the same signal. */
  watched: Cancellable[] | undefined = undefined;
  /** Nothing keeps its message back any more. */
  isSent = true;
  writer: ChunkWriter | undefined = undefined;
  answer: StreamAnswer | undefined = undefined;

  constructor(
    readonly owner: Aborter,
    readonly type: string,
    /** Only where somebody wants to see it. */
    readonly tx: string | undefined,
    readonly terms: RequestTerms | undefined,
    readonly resolve: (value: unknown) => void,
    readonly reject: (error: unknown) => void,
  ) {}

  onAbort(reason: unknown): void {
    this.owner.abort(this, reason);
  }
}
