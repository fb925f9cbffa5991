import { poolClosed, queueFull } from '../errors/pool-errors.js';
import type { BroadcastOptions } from '../types/pool-options.js';
import type { CloseOptions } from '../types/worker-client.js';
import type { Log } from '../logging/logger.js';
import { now, queueMicrotask } from '../util/primordials.js';
import { Alarm } from './alarm.js';
import { BackPressure } from './back-pressure.js';
import { Broadcasts } from './broadcasts.js';
import { Clock } from './clock.js';
import { Scheduler } from './core/scheduler.js';
import type { Events } from './events.js';
import { Figures } from './figures.js';
import { Fleet } from './fleet.js';
import type { Notification } from './kinds.js';
import type { Member } from './member.js';
import { Outcomes } from './outcomes.js';
import { PlainRequest } from './plain-request.js';
import type { PoolRequest } from './pool-request.js';
import { Queue } from './queue.js';
import { Retries } from './retries.js';
import type { Settings } from './settings.js';
import { chooserOf } from './strategy.js';
import { Watchers } from './watchers.js';

export interface DispatchInit {
  readonly name: string;
  readonly settings: Settings;
  readonly events: Events;
  readonly log: Log;
  /** A copy of a payload that no later change reaches, made anew by each call of the result. */
  keep(payload: unknown, type: string): () => unknown;
}

/** Brings requests to workers; `Outcomes` takes their outcomes. */
export class Dispatch {
  readonly settings: Settings;
  readonly scheduler: Scheduler<PoolRequest, Member>;
  readonly fleet: Fleet;
  readonly backPressure: BackPressure;
  private readonly choose: (free: readonly Member[], request: PoolRequest) => Member;
  private readonly broadcasts = new Broadcasts();
  private readonly retries: Retries;
  private readonly queue: Queue;
  readonly outcomes: Outcomes;
  private readonly alarm = new Alarm(() => this.pump());
  private readonly clock = new Clock();
  readonly figures = new Figures(this.clock);
  /** A worker's promise is the caller's own, as nothing else can become of the request. */
  private readonly isPlain: boolean;
  private isPumping = false;
  private isPumpDue = false;
  private isClosing = false;
  /** Whoever waits for what a pump may bring about. */
  private readonly watchers = new Watchers();
  private ending: Promise<void> | undefined;

  constructor(private readonly init: DispatchInit) {
    const { name, settings, events, log } = init;
    this.settings = settings;
    this.retries = new Retries(settings.unexpectedShutdown, settings.worker.timeout);
    this.isPlain =
      settings.strategy === 'least-busy' && !this.retries.mayRetryAny && settings.unresponsiveAfter === Infinity;
    this.choose = chooserOf(settings.strategy, name);
    this.scheduler = new Scheduler(settings.maxWorkers, settings.concurrency, this.choose);
    const queued = () => this.scheduler.queued;
    this.backPressure = new BackPressure(settings.maxQueue, queued, () => events.emit('drain'));
    const shared = { name, settings, log, scheduler: this.scheduler, figures: this.figures };
    this.queue = new Queue({
      ...shared,
      backPressure: this.backPressure,
      clock: this.clock,
      keep: (payload, type) => init.keep(payload, type),
      onWithdrawn: () => {
        if (!this.isPumping) this.rest();
      },
    });
    this.fleet = new Fleet({
      ...shared,
      broadcasts: this.broadcasts,
      events,
      onChange: () => this.pumpSoon(),
      onUnavailable: (error) => this.outcomes.refuseStranded(error),
    });
    this.outcomes = new Outcomes({
      ...shared,
      fleet: this.fleet,
      queue: this.queue,
      retries: this.retries,
      onFree: (member) => this.finished(member),
      onFreeSoon: (member) => this.finishedSoon(member),
      onWell: () => this.pump(),
      onRetry: () => this.pumpSoon(),
      onUnavailable: (cause) => this.watchers.fail(cause),
    });
  }

  /** Resolves when as many workers serve as the pool keeps. */
  async ready(): Promise<void> {
    this.pump();
    await this.settled(() => this.fleet.serving.length >= this.fleet.growth.minWorkers, true);
    this.fleet.isReady = true;
  }

  /** Whether its promise has to be one of the pool's own, as more than one worker may get it. */
  isRepeated(request: PoolRequest): boolean {
    if (this.settings.unresponsiveAfter !== Infinity) return true;
    return this.retries.attempts(request) > 1;
  }

  /** The short way of a request without options; `undefined`: `enter` it. */
  sendPlain(type: string, payload: unknown): Promise<unknown> | undefined {
    if (!this.isPlain || this.isPumping) return undefined;
    const member = this.scheduler.takeLeastBusy();
    if (member === undefined) return undefined;
    if (!member.worker.isActive) {
      member.inFlight--;
      return undefined;
    }
    const plain = new PlainRequest(this.outcomes, member, this.figures.begin(member, 0));
    const observed = member.worker.sendObserved(type, payload, plain);
    if (observed !== undefined) return observed;
    const sent = member.worker.send(type, payload);
    sent.then(
      () => plain.answered(),
      (error: unknown) => plain.failed(error),
    );
    return sent;
  }

  /** Once for all requests that have ended in this tick. */
  private finishedSoon(member: Member): void {
    if (member.hasFinished) return;
    member.hasFinished = true;
    void queueMicrotask(() => {
      member.hasFinished = false;
      this.finished(member);
    });
  }

  /** Takes a request in: a worker gets it now, or it waits. */
  enter(request: PoolRequest, operation: string): void {
    const { scheduler, init, fleet } = this;
    if (this.settings.whenFull === 'reject' && this.backPressure.isFull) {
      this.figures.failed++;
      throw queueFull(`${operation} "${request.type}"`, init.name, this.settings.maxQueue);
    }
    if (this.retries.attempts(request) > 1) {
      request.keep(init.keep(request.payload, request.type));
      request.remember();
    }
    scheduler.add(request);
    this.dispatch();
    if (request.place < 0) return;
    this.queue.wait(request);
    if (fleet.growth.mayGrow) return this.pump();
    this.alarm.hold(true);
    this.alarm.atLatest(this.queue.deadlines.first);
  }

  /** A notification goes at once where there is a worker for it. */
  post(request: Notification): void {
    const { scheduler } = this;
    const { key, type } = request;
    const serving = this.fleet.serving.filter(({ worker }) => worker.isActive);
    const member =
      key === undefined
        ? serving.length > 0 && this.choose(serving, request)
        : !scheduler.isKeyWaiting(key) && scheduler.seatOfKey(key);
    if (member !== false && member?.worker.isActive === true) {
      member.worker.post(type, request.payload, request.call.options);
      return;
    }
    if (this.backPressure.isFull) throw queueFull(`post "${type}"`, this.init.name, this.settings.maxQueue);
    this.enter(request, 'post');
    if (request.failure !== undefined) throw request.failure.error;
    request.isLate = true;
  }

  broadcast(type: string, payload: unknown, options: BroadcastOptions): Promise<unknown[]> {
    const members = [...this.fleet.members].filter(({ state }) => state === 'serving' || state === 'spare');
    return this.broadcasts.send(members, type, payload, options);
  }

  /** Gives requests to workers as long as there are both, and starts the workers that are wanted. */
  pump(): void {
    this.isPumpDue = false;
    if (this.isPumping) return;
    const { scheduler, fleet } = this;
    this.queue.deadlines.expire(now());
    do this.dispatch();
    while ((scheduler.queued > 0 || fleet.growth.isShort) && fleet.growth.grow());
    if (scheduler.queued > 0) this.outcomes.refuseIfUnavailable();
    this.rest();
  }

  /** Sets the alarm, and tells those who wait. */
  private rest(): void {
    const { scheduler, fleet } = this;
    this.alarm.atLatest(this.queue.deadlines.first);
    if (scheduler.queued > 0 || fleet.growth.isShort) this.alarm.atLatest(fleet.growth.nextStart);
    if (!this.isClosing) this.alarm.atLatest(fleet.shrink());
    this.backPressure.check();
    this.watchers.check();
    fleet.watchers.check();
    this.holdIfNeeded();
  }

  /** The pool keeps the process alive as long as anybody waits for it. */
  private holdIfNeeded(): void {
    this.alarm.hold(this.scheduler.queued > 0 || !this.watchers.isEmpty || this.fleet.isRestarting);
  }

  private pumpSoon(): void {
    if (this.isPumpDue) return;
    this.isPumpDue = true;
    void queueMicrotask(() => this.pump());
  }

  private dispatch(): void {
    if (this.isPumping) return;
    this.isPumping = true;
    try {
      for (let next = this.scheduler.next(); next !== undefined; next = this.scheduler.next()) {
        const { request, seat } = next;
        if (seat === undefined) this.queue.refuse(request, next.error);
        else this.begin(request, seat);
      }
    } finally {
      this.isPumping = false;
    }
  }

  private begin(request: PoolRequest, member: Member): void {
    const { scheduler } = this;
    if (!member.worker.isActive) {
      // It has ended, and its events are on their way.
      scheduler.finish(request, member);
      this.fleet.lost(member);
      scheduler.add(request);
      return;
    }
    this.queue.forget(request);
    if (request.isAnswered) {
      request.begunAt = this.figures.begin(member, request.attempt === 1 ? request.sentAt : undefined);
    }
    request.run(member);
  }

  /** A worker has a free place. */
  private finished(member: Member): void {
    if (member.state === 'serving' && member.limits.hasRunEnough(member.begun)) {
      this.fleet.replace(member).catch(() => {});
      this.pumpSoon();
    }
    if (member.state === 'draining' && member.inFlight === 0) this.fleet.close(member);
    if (this.scheduler.queued > 0) {
      this.dispatch();
      this.backPressure.check();
    }
    this.watchers.check();
    this.holdIfNeeded();
    if (member.inFlight === 0) this.alarm.atLatest(member.idleSince + this.settings.idleTimeout);
  }

  /** Ends the pool; the second time, `reject` rejects what is left. */
  close(options: CloseOptions): Promise<void> {
    this.isClosing = true;
    this.fleet.growth.isClosing = true;
    if (options.pending === 'reject') {
      this.fleet.isEnding = true;
      for (const request of this.scheduler.waiting()) {
        this.queue.withdraw(request, poolClosed(`send "${request.type}"`, this.init.name));
      }
      const ending = this.endAll(options);
      this.ending ??= ending;
    }
    return (this.ending ??= this.finishAndEnd(options));
  }

  private async finishAndEnd(options: CloseOptions): Promise<void> {
    await this.settled(() => this.fleet.isEnding || (this.scheduler.queued === 0 && this.figures.inFlight === 0));
    await this.endAll(options);
  }

  private async endAll(options: CloseOptions): Promise<void> {
    await this.fleet.endAll(options);
    this.alarm.stop();
  }

  private settled(isSettled: () => boolean, mayFail = false): Promise<void> {
    const settled = this.watchers.settled(isSettled, mayFail);
    this.holdIfNeeded();
    return settled;
  }
}
