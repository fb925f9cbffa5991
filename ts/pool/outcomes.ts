import { isOwnTimeout } from '../errors/host-errors.js';
import { poolUnavailable } from '../errors/pool-errors.js';
import type { Log } from '../logging/logger.js';
import { now } from '../util/primordials.js';
import type { Scheduler } from './core/scheduler.js';
import type { Figures } from './figures.js';
import type { Fleet } from './fleet.js';
import { pauseUntilWell } from './health.js';
import type { Notification } from './kinds.js';
import type { Member } from './member.js';
import type { PoolRequest, RequestOwner } from './pool-request.js';
import type { Queue } from './queue.js';
import { isCrash, lossOf, type Retries, wasLeft } from './retries.js';

export interface OutcomesInit {
  readonly name: string;
  readonly log: Log;
  readonly scheduler: Scheduler<PoolRequest, Member>;
  readonly fleet: Fleet;
  readonly queue: Queue;
  readonly retries: Retries;
  readonly figures: Figures;
  /** A worker can take another request. */
  onFree(member: Member): void;
  /** A worker can take other requests; the pool looks for them once for all that end in this tick. */
  onFreeSoon(member: Member): void;
  /** A worker that was paused serves again. */
  onWell(): void;
  /** A request waits for another worker. */
  onRetry(): void;
  /** No worker can be started, and the waiting requests have failed. */
  onUnavailable(cause: unknown): void;
}

/** Ends requests: with the answer of a worker, with another attempt, or without a worker. */
export class Outcomes implements RequestOwner {
  constructor(private readonly init: OutcomesInit) {}

  succeeded(request: PoolRequest): void {
    const member = request.member as Member;
    if (request.isAnswered) this.init.figures.answer(member);
    else if ((request as Notification).failure !== undefined && (request as Notification).isLate) {
      this.init.log('error', `the message "${request.type}" was not sent`, (request as Notification).failure?.error);
    }
    this.finish(request, member);
  }

  failed(request: PoolRequest, cause: unknown): void {
    const member = request.member as Member;
    const error = lossOf(member, request.type, cause);
    const isLost = isCrash(error);
    if (isLost) this.init.fleet.lost(member);
    if (isLost && this.init.retries.mayRetry(request, error) && !this.init.fleet.isEnding) {
      this.retry(request, member);
    } else {
      this.init.figures.failed++;
      request.reject(error);
      if (!isLost && wasLeft(request, error)) this.pause(member);
      this.finish(request, member);
    }
  }

  answeredPlain(member: Member, begunAt: number): void {
    this.init.figures.answer(member);
    this.endPlain(member, begunAt);
    this.init.onFreeSoon(member);
  }

  failedPlain(member: Member, begunAt: number, error: unknown): void {
    if (isCrash(error)) this.init.fleet.lost(member);
    else if (isOwnTimeout(error)) this.pause(member);
    this.init.figures.failed++;
    this.endPlain(member, begunAt);
    this.init.onFree(member);
  }

  private endPlain(member: Member, begunAt: number): void {
    member.inFlight--;
    this.init.figures.end(member, begunAt);
  }

  withdraw(request: PoolRequest, error: unknown): void {
    this.init.queue.withdraw(request, error);
  }

  /** The worker gets no request until it answers a ping. */
  pause(member: Member): void {
    void pauseUntilWell(member).then(() => this.init.onWell());
  }

  private finish(request: PoolRequest, member: Member): void {
    this.end(request, member);
    this.init.onFree(member);
  }

  /** A worker runs a request no longer. */
  private end(request: PoolRequest, member: Member): void {
    this.init.scheduler.finish(request, member);
    if (request.isAnswered) this.init.figures.end(member, request.begunAt);
  }

  private retry(request: PoolRequest, member: Member): void {
    this.end(request, member);
    this.init.queue.waitAgain(request, this.init.retries.timeoutOf(request));
    this.init.onRetry();
  }

  /** Requests that a caller sends while no worker can be started fail at once. */
  refuseIfUnavailable(): void {
    const { breaker } = this.init.fleet.starter;
    if (breaker.refuses(now())) this.refuseStranded(breaker.cause);
  }

  /** Fails the waiting requests that no worker can take any more. */
  refuseStranded(cause: unknown): void {
    const { breaker } = this.init.fleet.starter;
    const wait = Math.max(breaker.notBefore - now(), 0);
    for (const request of this.init.scheduler.stranded()) {
      if (!this.init.scheduler.remove(request)) continue;
      this.init.queue.refuse(request, poolUnavailable(`send "${request.type}"`, this.init.name, wait, cause));
    }
    this.init.onUnavailable(cause);
  }
}
