import type { WorkerError } from '../errors/worker-error.js';
import { now } from '../util/primordials.js';
import type { Log } from '../logging/logger.js';
import type { ShutdownReason } from '../types/shutdown-reason.js';
import type { CloseOptions } from '../types/worker-client.js';
import { watchAging } from './aging.js';
import type { Broadcasts } from './broadcasts.js';
import type { Scheduler, Slot } from './core/scheduler.js';
import { Endings } from './endings.js';
import type { Events } from './events.js';
import { Growth } from './growth.js';
import { watchHealth } from './health.js';
import type { Member } from './member.js';
import type { PoolRequest } from './pool-request.js';
import { Replacements } from './replacements.js';
import type { Settings } from './settings.js';
import { Spares } from './spares.js';
import { Starter } from './starter.js';
import { Watchers } from './watchers.js';

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
  maxWorkers: number;
  /** `createPool` has resolved. Before, it tells what goes wrong. */
  isReady = false;
  /** No more workers at all. */
  isEnding = false;
  private restarts = 0;
  /** What workers that are gone had of places, and used of them, in milliseconds. */
  readonly past = { used: 0, there: 0 };
  readonly spares = new Spares();
  private readonly endings = new Endings();
  readonly growth: Growth;
  private readonly stopAging: (() => void) | undefined;

  constructor(private readonly init: FleetInit) {
    const { name, settings, broadcasts } = init;
    this.maxWorkers = settings.maxWorkers;
    this.starter = new Starter(name, settings, broadcasts, (error, hasOpened) => this.startFailed(error, hasOpened));
    this.growth = new Growth({
      settings,
      scheduler: init.scheduler,
      starter: this.starter,
      replacements: this.replacements,
      spares: this.spares,
      start: () => this.start(),
      settle: (member, slot) => this.settle(member, slot),
      end: (member) => this.end(member),
      onChange: () => init.onChange(),
    });
    this.stopAging = watchAging(
      settings.recycle,
      () => this.serving,
      (aged) => this.recycle(aged),
    );
  }

  get serving(): Member[] {
    return this.init.scheduler.seats;
  }

  get isRestarting(): boolean {
    return this.restarts > 0;
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
    member.backOff = this.growth.backOffOf(slot);
    const before = scheduler.seat(index, member);
    if (before !== undefined) {
      this.recycled++;
      this.end(before);
      this.replacements.done(before);
    }
    if (member.generation < this.starter.currentGeneration) void this.replace(member).catch(() => {});
  }

  /** These workers have served long enough. */
  private recycle(members: readonly Member[]): void {
    for (const member of members) this.replace(member).catch(() => {});
    if (this.replacements.size > 0) this.init.onChange();
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
    this.spares.remove(member);
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
    this.endings.follow(ending);
  }

  /** Ends a worker in good order: once it has finished what it runs. */
  end(member: Member): void {
    if (member.state === 'gone' || member.state === 'draining') return;
    member.state = 'draining';
    this.init.scheduler.unseat(member);
    this.spares.remove(member);
    this.endings.follow(new Promise<void>((resolve) => (member.onLeft = resolve)));
    if (member.inFlight === 0) this.close(member);
  }

  /** Closes a worker. While it runs requests, a crash would not be told as one. */
  close(member: Member, options?: CloseOptions): void {
    if (member.isClosing || member.state === 'gone') return;
    member.isClosing = true;
    this.endings.follow(member.worker.close(options).then((reason) => this.left(member, reason)));
  }

  /** Closes workers that had nothing to do for too long; gives when there will be more of them. */
  shrink(): number {
    const { scheduler, settings } = this.init;
    let next = Infinity;
    let count = this.serving.length;
    for (const member of this.serving.toReversed()) {
      if (member.inFlight > 0 || count <= this.growth.minWorkers) continue;
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
    this.growth.minWorkers = minWorkers;
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
    for (let spare = this.spares.first; spare !== undefined; spare = this.spares.first) this.end(spare);
    const old = () => this.serving.filter((member) => member.generation < generation);
    do {
      const replaced = old().map((member) => this.replace(member));
      this.init.onChange();
      await Promise.all(replaced);
      await this.watchers.settled(() => old().length > 0 || !this.starter.isStartingOlder(generation));
    } while (old().length > 0 && !this.isEnding);
    await this.endings.ended();
  }

  /** Ends all workers; resolves when they are gone. */
  async endAll(options: CloseOptions): Promise<void> {
    this.isEnding = true;
    this.stopAging?.();
    for (const member of this.members) {
      // One that is being closed already heeds no other options.
      if (member.isClosing && options.pending === 'reject') this.endings.follow(member.worker.terminate());
      else if (!member.isClosing) this.endNow(member, options);
    }
    await this.watchers.settled(() => this.starter.inProgress === 0);
    await this.endings.ended();
  }

  private endNow(member: Member, options: CloseOptions): void {
    member.state = 'draining';
    this.init.scheduler.unseat(member);
    this.close(member, options);
  }

  private startFailed(error: WorkerError, hasOpened: boolean): void {
    const { events, log } = this.init;
    if (!events.emit('error', error) && this.isReady) log('warn', 'a worker could not be started', error);
    if (hasOpened) this.init.onUnavailable(error);
  }
}
