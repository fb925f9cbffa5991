import type { RequestObserver } from '../requests/outgoing-request.js';
import { queueMicrotask } from '../util/primordials.js';
import type { Member } from './member.js';

/** Ends plain requests. */
interface PlainOwner {
  answeredPlain(member: Member, begunAt: number): void;
  failedPlain(member: Member, begunAt: number, error: unknown): void;
}

/** A request without options that a worker got at once: the pool counts it, and its promise is the worker's. */
export class PlainRequest implements RequestObserver {
  constructor(
    private readonly owner: PlainOwner,
    private readonly member: Member,
    private readonly begunAt: number,
  ) {}

  answered(): void {
    this.owner.answeredPlain(this.member, this.begunAt);
  }

  /** Later in the tick, because users hear of a lost worker. */
  failed(error: unknown): void {
    void queueMicrotask(() => this.owner.failedPlain(this.member, this.begunAt, error));
  }
}
