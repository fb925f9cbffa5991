import { now } from '../util/primordials.js';
import { BackOff } from './back-off.js';
import type { Scheduler, Slot } from './core/scheduler.js';
import type { Member } from './member.js';
import type { PoolRequest } from './pool-request.js';
import type { Replacements } from './replacements.js';
import type { Settings } from './settings.js';
import type { Spares } from './spares.js';
import type { Starter } from './starter.js';

export interface GrowthInit {
  readonly settings: Settings;
  readonly scheduler: Scheduler<PoolRequest, Member>;
  readonly starter: Starter;
  readonly replacements: Replacements;
  readonly spares: Spares;
  /** Starts a worker; `undefined`: that has failed. */
  start(): Promise<Member | undefined>;
  /** Gives a worker its slot. */
  settle(member: Member, slot: Slot<Member>): void;
  end(member: Member): void;
  /** Workers have come or gone. */
  onChange(): void;
}

/** Starts the workers that a pool wants: for requests, in place of others, and ahead. */
export class Growth {
  /** No more workers than requests need. */
  isClosing = false;
  minWorkers: number;
  private readonly backOffs = new WeakMap<Slot<Member>, BackOff>();

  constructor(private readonly init: GrowthInit) {
    this.minWorkers = init.settings.minWorkers;
  }

  /** Whether the pool keeps fewer workers than it should. */
  get isShort(): boolean {
    if (this.isClosing) return false;
    return this.init.replacements.size > 0 || this.init.spares.coming < this.init.settings.spares || this.lacksWorkers;
  }

  private get lacksWorkers(): boolean {
    return this.init.scheduler.seats.length < this.minWorkers;
  }

  /** Whether there is a slot without a worker that serves or is being started. */
  get mayGrow(): boolean {
    return this.init.scheduler.slots.some(({ seat, isStarting }) => seat === undefined && !isStarting);
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
      const spare = this.init.spares.take();
      if (spare !== undefined) {
        this.init.settle(spare, slot);
        hasSettled = true;
      } else if (!this.init.starter.mayStart()) return hasSettled;
      else if (now() >= this.backOffOf(slot).notBefore) void this.startFor(slot);
    }
    if (this.isClosing) return hasSettled;
    for (const member of this.init.replacements.waiting) {
      if (this.init.spares.size === 0 && !this.init.starter.mayStart()) return hasSettled;
      this.init.replacements.begin(member);
      void this.startInPlaceOf(member);
    }
    while (this.init.spares.coming < settings.spares && this.init.starter.mayStart()) void this.startSpare();
    return hasSettled;
  }

  /** The next instant at which something may be started that may not now. */
  get nextStart(): number {
    const time = now();
    let next = this.init.starter.breaker.notBefore > time ? this.init.starter.breaker.notBefore : Infinity;
    for (const slot of this.init.scheduler.slots) {
      const { notBefore = -Infinity } = this.backOffs.get(slot) ?? {};
      if (notBefore > time && slot.seat === undefined) next = Math.min(next, notBefore);
    }
    return next;
  }

  private async startFor(slot: Slot<Member>): Promise<void> {
    slot.isStarting = true;
    const member = await this.init.start();
    slot.isStarting = false;
    if (member !== undefined) this.init.settle(member, slot);
    this.init.onChange();
  }

  private async startInPlaceOf(old: Member): Promise<void> {
    const { scheduler } = this.init;
    const slot = scheduler.slots[old.slot];
    if (slot?.seat !== old) return this.init.replacements.done(old);
    slot.isStarting = true;
    const member = this.init.spares.take() ?? (await this.init.start());
    slot.isStarting = false;
    if (member === undefined) this.init.replacements.failed(old, this.init.starter.breaker.cause);
    else this.init.settle(member, slot);
    this.init.onChange();
  }

  private async startSpare(): Promise<void> {
    const member = await this.init.spares.start(() => this.init.start());
    if (member?.state === 'spare') {
      if (this.isClosing || member.generation < this.init.starter.currentGeneration) this.init.end(member);
      else this.init.spares.add(member);
    }
    this.init.onChange();
  }

  backOffOf(slot: Slot<Member>): BackOff {
    let backOff = this.backOffs.get(slot);
    if (backOff === undefined) this.backOffs.set(slot, (backOff = new BackOff()));
    return backOff;
  }
}
