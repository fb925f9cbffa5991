import type { WorkerError } from '../errors/worker-error.js';
import { clearInterval, now, setInterval } from '../util/primordials.js';
import type { Log } from '../logging/logger.js';
import type { ShutdownReason } from '../types/shutdown-reason.js';
import type { CloseOptions } from '../types/worker-client.js';
import { BackOff } from './back-off.js';
import type { Broadcasts } from './broadcasts.js';
import type { Scheduler, Slot } from './core/scheduler.js';
import type { Events } from './events.js';
import { watchHealth } from './health.js';
import type { Member } from './member.js';
import type { PoolRequest } from './pool-request.js';
import { Replacements } from './replacements.js';
import { rssOf } from './rss.js';
import type { Settings } from './settings.js';
import { Starter } from './starter.js';
import { Watchers } from './watchers.js';

/** How often workers are looked at that may become too old or too large, in milliseconds. */
const POLL_INTERVAL = 500;

export interface FleetInit {
  readonly name: string;
  readonly settings: Settings;
  readonly scheduler: Scheduler<PoolRequest, Member>;
  readonly broadcasts: Broadcasts;
  readonly events: Events;
  readonly log: Log;
  /** Workers have come or gone. */
  onChange(): void;
  /** No worker can be started. */
  onUnavailable(error: WorkerError): void;
}

/** The workers of a pool: starts them, replaces them, ends them. */
export class Fleet {
  readonly members = new Set<Member>();
  readonly starter: Starter;
  readonly replacements = new Replacements();
  readonly watchers = new Watchers();
  crashed = 0;
  recycled = 0;
  minWorkers: number;
  maxWorkers: number;
  /** `createPool` has resolved. Before, it tells what goes wrong. */
  isReady = false;
  /** No more workers than requests need. */
  isClosing = false;
  /** No more workers at all. */
  isEnding = false;
  private restarts = 0;
  /** What workers that are gone had of places, and used of them, in milliseconds. */
  readonly past = { used: 0, there: 0 };
  private readonly spares: Member[] = [];
  private startingSpares = 0;
  private readonly endings = new Set<Promise<unknown>>();
  private readonly backOffs = new WeakMap<Slot<Member>, BackOff>();
  private readonly look: NodeJS.Timeout | undefined;

  constructor(private readonly init: FleetInit) {
    const { name, settings, broadcasts } = init;
    this.minWorkers = settings.minWorkers;
    this.maxWorkers = settings.maxWorkers;
    this.starter = new Starter(name, settings, broadcasts, (error, hasOpened) => this.startFailed(error, hasOpened));
    const { maxAge, maxRss } = settings.recycle;
    if (maxAge !== Infinity || maxRss !== Infinity) {
      this.look = setInterval(() => this.lookAtAll(), Math.min(POLL_INTERVAL, Math.max(maxAge / 4, 10))).unref();
    }
  }

  get serving(): Member[] {
    return this.init.scheduler.seats;
  }

  get spareCount(): number {
    return this.spares.length;
  }

  /** Whether the pool keeps fewer workers than it should. */
  get isShort(): boolean {
    if (this.isClosing) return false;
    return (
      this.replacements.size > 0 ||
      this.spares.length + this.startingSpares < this.init.settings.spares ||
      this.lacksWorkers
    );
  }

  private get lacksWorkers(): boolean {
    return this.serving.length < this.minWorkers;
  }

  /** Whether there is a slot without a worker that serves or is being started. */
  get mayGrow(): boolean {
    return this.init.scheduler.slots.some(({ seat, isStarting }) => seat === undefined && !isStarting);
  }

  get isRestarting(): boolean {
    return this.restarts > 0;
  }

  /**
   * Starts the workers that are wanted, as far as they may be started now: for requests, then in place of others, then ahead.
   *
   * @returns Whether one that was started ahead serves from now on.
   */
  grow(): boolean {
    const { scheduler, settings } = this.init;
    let hasSettled = false;
    for (const index of scheduler.wanted(this.isClosing ? 0 : this.minWorkers)) {
      const slot = scheduler.slots[index] as Slot<Member>;
      const spare = this.takeSpare();
      if (spare !== undefined) {
        this.settle(spare, slot);
        hasSettled = true;
      } else if (!this.starter.mayStart()) return hasSettled;
      else if (now() >= this.backOffOf(slot).notBefore) void this.startFor(slot);
    }
    if (this.isClosing) return hasSettled;
    for (const member of this.replacements.waiting) {
      if (this.spares.length === 0 && !this.starter.mayStart()) return hasSettled;
      this.replacements.begin(member);
      void this.startInPlaceOf(member);
    }
    while (this.spares.length + this.startingSpares < settings.spares && this.starter.mayStart())
      void this.startSpare();
    return hasSettled;
  }

  /** The next instant at which something may be started that may not now. */
  get nextStart(): number {
    const time = now();
    let next = this.starter.breaker.notBefore > time ? this.starter.breaker.notBefore : Infinity;
    for (const slot of this.init.scheduler.slots) {
      const { notBefore = -Infinity } = this.backOffs.get(slot) ?? {};
      if (notBefore > time && slot.seat === undefined) next = Math.min(next, notBefore);
    }
    return next;
  }

  private async startFor(slot: Slot<Member>): Promise<void> {
    slot.isStarting = true;
    const member = await this.start();
    slot.isStarting = false;
    if (member !== undefined) this.settle(member, slot);
    this.init.onChange();
  }

  private async startInPlaceOf(old: Member): Promise<void> {
    const { scheduler } = this.init;
    const slot = scheduler.slots[old.slot];
    if (slot?.seat !== old) return this.replacements.done(old);
    slot.isStarting = true;
    const member = this.takeSpare() ?? (await this.start());
    slot.isStarting = false;
    if (member === undefined) this.replacements.failed(old, this.starter.breaker.cause);
    else this.settle(member, slot);
    this.init.onChange();
  }

  private async startSpare(): Promise<void> {
    this.startingSpares++;
    const member = await this.start();
    this.startingSpares--;
    if (member?.state === 'spare') {
      if (this.isClosing || member.generation < this.starter.currentGeneration) this.end(member);
      else this.spares.push(member);
    }
    this.init.onChange();
  }

  private takeSpare(): Member | undefined {
    const spare = this.spares.shift();
    return spare?.worker.isActive === false ? this.takeSpare() : spare;
  }

  private async start(): Promise<Member | undefined> {
    const member = await this.starter.start();
    if (member === undefined) return undefined;
    const { worker } = member;
    this.members.add(member);
    const { unresponsiveAfter } = this.init.settings;
    const stop =
      unresponsiveAfter === Infinity ? undefined : watchHealth(member, unresponsiveAfter, () => this.giveUp(member));
    worker.once('exit', ({ reason }) => {
      stop?.();
      this.left(member, reason);
    });
    this.init.events.emit('workerStart', member.view);
    // It may have ended before anybody listened.
    if (!worker.isActive) this.lost(member);
    return member;
  }

  /** Gives a worker its slot; what was there before finishes what it runs, and ends. */
  private settle(member: Member, slot: Slot<Member>): void {
    const { scheduler } = this.init;
    const index = scheduler.slots.indexOf(slot);
    if (member.state !== 'spare') return;
    if (index < 0 || this.isEnding) return this.end(member);
    member.state = 'serving';
    member.idleSince = now();
    member.backOff = this.backOffOf(slot);
    const before = scheduler.seat(index, member);
    if (before !== undefined) {
      this.recycled++;
      this.end(before);
      this.replacements.done(before);
    }
    if (member.generation < this.starter.currentGeneration) void this.replace(member).catch(() => {});
  }

  /** Another worker serves in place of this one as soon as it can. */
  replace(member: Member): Promise<void> {
    return this.replacements.add(member);
  }

  /** A worker has ended. */
  private left(member: Member, reason: ShutdownReason): void {
    this.lost(member);
    member.onLeft?.();
    if (member.hasLeft) return;
    member.hasLeft = true;
    this.init.events.emit('workerExit', member.view, reason);
  }

  /** A worker has ended, or is about to. */
  lost(member: Member): void {
    if (member.state === 'gone') return;
    const wasEnding = member.isClosing;
    const { slot } = member;
    member.state = 'gone';
    member.until = now();
    const { used, there } = member.use(member.until, this.init.settings.concurrency);
    this.past.used += used;
    this.past.there += there;
    this.members.delete(member);
    const spare = this.spares.indexOf(member);
    if (spare >= 0) this.spares.splice(spare, 1);
    if (!wasEnding) this.crashed++;
    if (slot >= 0) {
      if (!wasEnding) member.backOff.crashed(now());
      this.init.scheduler.unseat(member);
    }
    this.replacements.done(member);
    this.init.onChange();
  }

  /** A worker does not respond. */
  private giveUp(member: Member): void {
    if (member.state === 'gone') return;
    const { unresponsiveAfter } = this.init.settings;
    this.init.log(
      'warn',
      `"${member.worker.name}" did not respond for ${unresponsiveAfter} ms: it is killed and replaced`,
    );
    member.unresponsiveFor = unresponsiveAfter;
    const ending = member.worker.kill();
    this.lost(member);
    this.follow(ending);
  }

  /** Ends a worker in good order: once it has finished what it runs. */
  end(member: Member): void {
    if (member.state === 'gone' || member.state === 'draining') return;
    member.state = 'draining';
    this.init.scheduler.unseat(member);
    const spare = this.spares.indexOf(member);
    if (spare >= 0) this.spares.splice(spare, 1);
    this.follow(new Promise<void>((resolve) => (member.onLeft = resolve)));
    if (member.inFlight === 0) this.close(member);
  }

  /** Closes a worker. While it runs requests, a crash would not be told as one. */
  close(member: Member, options?: CloseOptions): void {
    if (member.isClosing || member.state === 'gone') return;
    member.isClosing = true;
    this.follow(member.worker.close(options).then((reason) => this.left(member, reason)));
  }

  /** Closes workers that had nothing to do for too long; gives when there will be more of them. */
  shrink(): number {
    const { scheduler, settings } = this.init;
    let next = Infinity;
    let count = this.serving.length;
    for (const member of this.serving.toReversed()) {
      if (member.inFlight > 0 || count <= this.minWorkers) continue;
      const slot = scheduler.slots[member.slot] as Slot<Member>;
      const at = member.idleSince + settings.idleTimeout;
      if (at > now() || slot.keys.size > 0 || slot.isStarting) {
        next = Math.min(next, Math.max(at, now() + 1));
        continue;
      }
      count--;
      this.end(member);
    }
    return next;
  }

  resize(minWorkers: number, maxWorkers: number): void {
    this.minWorkers = minWorkers;
    this.maxWorkers = maxWorkers;
    for (const member of this.init.scheduler.resize(maxWorkers)) {
      this.end(member);
      this.replacements.done(member);
    }
  }

  /** Replaces all workers that there are now. */
  async restart(): Promise<void> {
    this.restarts++;
    try {
      await this.replaceAll();
    } finally {
      this.restarts--;
      this.init.onChange();
    }
  }

  private async replaceAll(): Promise<void> {
    const generation = this.starter.nextGeneration();
    while (this.spares.length > 0) this.end(this.spares[0] as Member);
    const old = () => this.serving.filter((member) => member.generation < generation);
    do {
      const replaced = old().map((member) => this.replace(member));
      this.init.onChange();
      await Promise.all(replaced);
      await this.watchers.settled(() => old().length > 0 || !this.starter.isStartingOlder(generation));
    } while (old().length > 0 && !this.isEnding);
    await this.ended();
  }

  /** Ends all workers; resolves when they are gone. */
  async endAll(options: CloseOptions): Promise<void> {
    this.isEnding = true;
    clearInterval(this.look);
    for (const member of this.members) {
      // One that is being closed already heeds no other options.
      if (member.isClosing && options.pending === 'reject') this.follow(member.worker.terminate());
      else if (!member.isClosing) this.endNow(member, options);
    }
    await this.watchers.settled(() => this.starter.inProgress === 0);
    await this.ended();
  }

  private endNow(member: Member, options: CloseOptions): void {
    member.state = 'draining';
    this.init.scheduler.unseat(member);
    this.close(member, options);
  }

  private async ended(): Promise<void> {
    while (this.endings.size > 0) await Promise.allSettled(this.endings);
  }

  private follow(ending: Promise<unknown>): void {
    const ended: Promise<unknown> = ending.then(
      () => this.endings.delete(ended),
      () => this.endings.delete(ended),
    );
    this.endings.add(ended);
  }

  private startFailed(error: WorkerError, hasOpened: boolean): void {
    const { events, log } = this.init;
    if (!events.emit('error', error) && this.isReady) log('warn', 'a worker could not be started', error);
    if (hasOpened) this.init.onUnavailable(error);
  }

  private backOffOf(slot: Slot<Member>): BackOff {
    let backOff = this.backOffs.get(slot);
    if (backOff === undefined) this.backOffs.set(slot, (backOff = new BackOff()));
    return backOff;
  }

  private lookAtAll(): void {
    const time = now();
    const { maxRss } = this.init.settings.recycle;
    for (const member of this.serving) {
      const rss = maxRss === Infinity ? undefined : rssOf(member.worker.pid);
      if (!member.limits.isTooOld(time - member.since) && !member.limits.isTooLarge(rss)) continue;
      this.replace(member).catch(() => {});
    }
    if (this.replacements.size > 0) this.init.onChange();
  }
}
