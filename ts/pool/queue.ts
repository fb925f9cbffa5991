import { messageTimeout } from '../errors/host-errors.js';
import { queueTimeout } from '../errors/pool-errors.js';
import type { Log } from '../logging/logger.js';
import { now } from '../util/primordials.js';
import type { BackPressure } from './back-pressure.js';
import type { Clock } from './clock.js';
import type { Scheduler } from './core/scheduler.js';
import { Deadlines } from './deadlines.js';
import type { Figures } from './figures.js';
import { type Notification, ValueRequest } from './kinds.js';
import type { Member } from './member.js';
import type { PoolRequest } from './pool-request.js';
import type { Settings } from './settings.js';

export interface QueueInit {
  readonly name: string;
  readonly settings: Settings;
  readonly log: Log;
  readonly scheduler: Scheduler<PoolRequest, Member>;
  readonly backPressure: BackPressure;
  readonly clock: Clock;
  readonly figures: Figures;
  /** A copy of a payload that no later change reaches, made anew by each call of the result. */
  keep(payload: unknown, type: string): () => unknown;
  /** A request waits no longer, and no worker has got it. */
  onWithdrawn(): void;
}

/** The requests that wait for a worker: their deadlines, their signals, and how they end without one. */
export class Queue {
  readonly deadlines = new Deadlines();

  constructor(private readonly init: QueueInit) {}

  /** A request has to wait from now on. */
  wait(request: PoolRequest): void {
    const { type } = request;
    request.sentAt = this.init.clock.now();
    try {
      if (!request.isKept && request.call.isRepeatable) request.keep(this.init.keep(request.payload, type));
    } catch (error) {
      this.withdraw(request, error);
      return;
    }
    request.remember();
    request.watchSignal();
    const limit = request.call.queueTimeout ?? this.init.settings.queueTimeout;
    if (limit !== Infinity) {
      const late = () => this.withdraw(request, queueTimeout(type, this.init.name, limit));
      request.deadline = this.deadlines.add(request.sentAt + limit, late);
    }
    this.init.backPressure.grown();
  }

  /** A request that its worker has lost waits for another, for as long as its timeout leaves. */
  waitAgain(request: PoolRequest, timeout: number): void {
    const first = (request.firstBegunAt ??= request.begunAt);
    request.attempt++;
    request.isSuspect = true;
    if (timeout !== Infinity && request instanceof ValueRequest) {
      const late = () => this.withdraw(request, messageTimeout(request.type, `the pool "${this.init.name}"`, timeout));
      request.deadline = this.deadlines.add(first + timeout, late);
      request.left = Math.max(1, Math.ceil(first + timeout - now()));
    }
    this.init.scheduler.add(request);
    request.watchSignal();
  }

  /** Ends a request that waits. */
  withdraw(request: PoolRequest, error: unknown): void {
    if (!this.init.scheduler.remove(request)) return;
    this.refuse(request, error);
    this.init.onWithdrawn();
  }

  /** Rejects a request that waits no longer. */
  refuse(request: PoolRequest, error: unknown): void {
    this.forget(request);
    if (request.isAnswered) this.init.figures.failed++;
    else if ((request as Notification).isLate)
      this.init.log('error', `the message "${request.type}" was not sent`, error);
    request.reject(error);
  }

  /** Its signal and its deadline end it no longer. */
  forget(request: PoolRequest): void {
    request.leaveSignal();
    if (request.deadline === undefined) return;
    this.deadlines.remove(request.deadline);
    request.deadline = undefined;
  }
}
