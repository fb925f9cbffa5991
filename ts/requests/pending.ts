import type { Cancellable } from './cancellation.js';
import type { RequestTerms } from '../request-terms.js';
import type { StreamAnswer } from '../stream-answer.js';
import type { ChunkWriter } from '../streams/chunk-writer.js';

/** Where a slot will be told. */
export const UNKNOWN = -1;

/** What ends a request. */
export interface Aborter {
  abort(pending: Pending, reason: unknown): void;
}

/** A request whose outcome is not known. There are many, so it is small. */
export class Pending {
  slot = UNKNOWN;

  constructor(
    readonly type: string,
    readonly resolve: (value: unknown) => void,
    readonly reject: (error: unknown) => void,
    readonly extras: Extras | undefined,
  ) {}
}

/** What few requests have. */
export class Extras implements Cancellable {
  pending!: Pending;
  place = 0;
  /** Those that wait for the same signal. */
  watched: Cancellable[] | undefined = undefined;
  /** Nothing keeps its message back any more. */
  isSent = true;
  /** Only where somebody wants to see it. */
  tx: string | undefined = undefined;
  writer: ChunkWriter | undefined = undefined;
  answer: StreamAnswer | undefined = undefined;

  constructor(
    private readonly owner: Aborter,
    readonly terms: RequestTerms | undefined,
  ) {}

  onAbort(reason: unknown): void {
    this.owner.abort(this.pending, reason);
  }
}
