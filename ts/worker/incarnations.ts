import { tellLife } from '../diagnostics.js';
import { HealthWatch } from '../health-watch.js';
import { workerClosed } from '../host-errors.js';
import type { Incarnation } from '../incarnation.js';
import { Restarts } from '../restarts.js';
import type { ShutdownReason } from '../types/shutdown-reason.js';
import { HEALTH_TIMEOUT } from './health.js';
import type { WorkerInit } from './init.js';

/** The processes or threads that are a worker, one after the other. */
export class Incarnations {
  current: Incarnation;
  /** The worker is to end; resolves when it has. */
  closing: Promise<ShutdownReason> | undefined;
  private readonly restarts: Restarts;
  private readonly watch: HealthWatch | undefined;
  private hold: -1 | 0 | 1 = 0;

  constructor(private readonly init: WorkerInit) {
    const { name, first, policy, unresponsiveAfter, events } = init;
    this.current = first;
    this.follow(first);
    this.restarts = new Restarts({
      attempts: policy?.most ?? 1,
      start: () => this.startNext(),
      onSpawned: (next) => this.adopt(next),
      onServing: (next, count) => events.emit('restart', { pid: next.channel.pid, count }),
      overAs: () => workerClosed('start', name),
    });
    if (unresponsiveAfter !== undefined && unresponsiveAfter > 0 && unresponsiveAfter < Infinity) {
      this.watch = new HealthWatch(
        unresponsiveAfter,
        async () => (this.current.condition.isConnected ? this.current.channel.pulse(HEALTH_TIMEOUT, false) : 0),
        (blockedFor) => events.emit('unresponsive', { blockedFor }),
      );
    }
  }

  /** The worker is lost, whether its process has ended yet or not. */
  get isLost(): boolean {
    return this.closing === undefined && this.current.condition.isLost;
  }

  /** Requests are taken, by a worker that is there or by the one after it. */
  get isActive(): boolean {
    if (this.closing !== undefined) return false;
    return this.current.isActive || (this.init.policy !== undefined && this.isLost && !this.restarts.haveFailed);
  }

  /** Resolves when a worker serves, a new one if need be. */
  ensureRunning(): Promise<void> {
    return this.isLost || this.restarts.isRestarting ? this.restarts.restart() : this.current.ready;
  }

  /** Never two at a time. */
  private async startNext(): Promise<Incarnation> {
    await this.current.gone;
    return this.init.start();
  }

  private adopt(next: Incarnation): void {
    this.current = next;
    this.follow(next);
    const { attachment } = next;
    if (this.closing !== undefined) void next.shutdown.kill();
    else if (this.hold < 0) attachment.setHold(this.hold);
    // Until it serves, what waits for it keeps the host alive.
    else void next.ready.then(() => attachment.setHold(this.hold)).catch(() => {});
  }

  private follow(incarnation: Incarnation): void {
    const { pid } = incarnation.channel;
    const { name: worker, driver, policy, events } = this.init;
    incarnation.ready.then(() => tellLife('start', { worker, pid, driver })).catch(() => {});
    void incarnation.gone.then(({ reason }) => {
      const { crash } = incarnation;
      if (crash !== undefined) tellLife('crash', { worker, pid, driver, error: crash });
      if (crash !== undefined) events.emit('crash', crash);
      events.emit('exit', { pid, reason });
      tellLife('close', { worker, pid, driver, reason });
      if (policy === undefined || this.closing !== undefined) this.watch?.stop();
    });
  }

  /** Whether the worker keeps the host alive: -1 never, 0 while requests are in flight, 1 always. */
  setHold(hold: -1 | 0 | 1): void {
    this.hold = hold;
    if (this.closing === undefined) this.current.attachment.setHold(hold);
  }

  /** From here on the worker alone does not keep the host alive. */
  settle(): void {
    this.setHold(this.hold);
  }

  /** @param now - Also when the worker is being closed already. */
  shutDown(end: () => Promise<{ reason: ShutdownReason }>, now = false): Promise<ShutdownReason> {
    if (this.closing === undefined || now) {
      const closing = this.finish(end);
      this.closing ??= closing;
    }
    return this.closing;
  }

  private async finish(end: () => Promise<{ reason: ShutdownReason }>): Promise<ShutdownReason> {
    // A worker that is just being started in place of another ends, too.
    const restarted = this.restarts.stop();
    const ending = await end();
    await restarted;
    const { condition, gone } = this.current;
    const { reason } = condition.hasLeft ? ending : await gone;
    this.watch?.stop();
    if (this.current.condition.hasLeft) this.init.events.emit('disconnect');
    return reason;
  }
}
