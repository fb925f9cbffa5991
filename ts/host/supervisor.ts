import { busyTime } from '../drivers/pulse.js';
import { publishLifecycle } from '../logging/diagnostics.js';
import { HealthWatch } from './health-monitor.js';
import { illegalTransition } from './illegal-transition.js';
import { SupervisorState } from './supervisor-state.js';
import { abortReason, type Cancellable, unwatch, watch } from '../requests/cancellation.js';
import { occupied, workerClosed } from '../errors/host-errors.js';
import type { WorkerInstance } from './instance/instance.js';
import { Restarts } from './restart-policy.js';
import type { ShutdownReason } from '../types/shutdown-reason.js';
import { HEALTH_TIMEOUT } from './worker-health.js';
import type { WorkerInit } from './worker-init.js';
import { RefMode } from '../protocol/generated.js';

interface Waiting {
  go(): void;
  fail(error: unknown): void;
}

/** The processes or threads that are a worker, one after the other. */
export class Supervisor {
  current: WorkerInstance;
  private readonly state: SupervisorState;
  private restarts: Restarts;
  private watch: HealthWatch | undefined;
  /** Those that end with the same signal. */
  private watched: Cancellable[] | undefined;
  private readonly atAbort: Cancellable = {
    place: 0,
    onAbort: () => void this.shutDown(() => this.current.shutdown.terminate(), true),
  };
  private started = 0;
  /** What waits for the next worker, in order. */
  private readonly waiting: Waiting[] = [];
  private refMode = RefMode.InFlight;

  constructor(private readonly init: WorkerInit) {
    const { first, log } = init;
    this.state = new SupervisorState((from, to) => illegalTransition(log, from, to));
    this.current = first;
    this.follow(first);
    this.restarts = this.createRestarts();
    this.beginWatching();
  }

  private createRestarts(): Restarts {
    const { name, policy, events } = this.init;
    return new Restarts({
      attempts: policy?.most ?? 1,
      start: () => this.startNext(),
      onSpawned: (next) => this.adopt(next),
      onServing: (next) => events.emit('restart', { pid: next.channel.pid, count: ++this.started }),
      overAs: () => workerClosed('start', name),
    });
  }

  private beginWatching(): void {
    const { unresponsiveAfter, events, signal } = this.init;
    if (signal !== undefined) this.watched = watch(signal, this.atAbort);
    if (unresponsiveAfter !== undefined && unresponsiveAfter > 0 && unresponsiveAfter < Infinity) {
      this.watch = new HealthWatch(
        unresponsiveAfter,
        async () =>
          this.current.state.isConnected ? busyTime(await this.current.channel.pulse(HEALTH_TIMEOUT, false)) : 0,
        (blockedFor) => events.emit('unresponsive', { blockedFor }),
      );
    }
  }

  /** The program has ended the worker, or is ending it. */
  get isClosing(): boolean {
    return this.state.isClosing;
  }

  /** Another worker takes the place of one that is, or was, ended in good order: what is sent waits for it. */
  get isRenewing(): boolean {
    return this.state.isRenewing;
  }

  /** The worker is lost, whether its process has ended yet or not. */
  get isLost(): boolean {
    return !this.isClosing && this.current.state.isLost;
  }

  /** The current worker accepts requests, or its replacement will. */
  get isActive(): boolean {
    const { name } = this.state;
    if (name !== 'running') return name === 'replacing' || name === 'restarting';
    return this.current.isActive || (this.init.policy !== undefined && this.isLost && !this.restarts.haveFailed);
  }

  /** Resolves when a worker serves, a new one if needed. */
  ensureRunning(): Promise<void> {
    return this.isLost || this.restarts.isRestarting ? this.restarts.restart() : this.current.ready;
  }

  /** Never two at a time. */
  private async startNext(): Promise<WorkerInstance> {
    await this.current.gone;
    return this.init.start();
  }

  private adopt(next: WorkerInstance): void {
    this.current = next;
    this.follow(next);
    const { attachment } = next;
    if (this.isClosing) void next.shutdown.kill();
    else if (this.refMode === RefMode.Never) attachment.setRefMode(this.refMode);
    // Until it serves, waiting requests keep the host alive.
    else void next.ready.then(() => attachment.setRefMode(this.refMode)).catch(() => {});
  }

  private follow(instance: WorkerInstance): void {
    const { pid } = instance.channel;
    const { name: worker, driver, policy, events } = this.init;
    instance.ready.then(() => publishLifecycle('start', { worker, pid, driver })).catch(() => {});
    void instance.gone.then(({ reason }) => {
      const { crash } = instance;
      if (crash !== undefined) publishLifecycle('crash', { worker, pid, driver, error: crash });
      if (crash !== undefined) events.emit('crash', crash);
      // What was sent meanwhile may have begun to start another.
      if (instance.hasEndedByItself && this.state.name === 'running' && !this.restarts.isRestarting) {
        this.state.close(instance.gone.then((ending) => ending.reason));
      }
      events.emit('exit', { pid, reason });
      publishLifecycle('close', { worker, pid, driver, reason });
      if (policy === undefined || this.isClosing) this.stopWatching();
    });
  }

  private stopWatching(): void {
    this.watch?.stop();
    if (this.watched !== undefined) unwatch(this.watched, this.atAbort);
    this.watched = undefined;
  }

  /** Whether the worker keeps the host alive. */
  setRefMode(mode: RefMode): void {
    this.refMode = mode;
    if (!this.isClosing) this.current.attachment.setRefMode(mode);
  }

  /** From here on the worker alone does not keep the host alive. */
  settle(): void {
    this.setRefMode(this.refMode);
  }

  /**
   * Ends the worker by `end`, unless it has ended, and starts another in its place. Resolves when that one serves.
   */
  renew(end: () => Promise<{ reason: ShutdownReason }>): Promise<void> {
    const { state } = this;
    if (state.renewed !== undefined) return state.renewed;
    const ended = state.ended ?? this.finish(end);
    const renewed = this.startAnew(ended);
    state.replace(ended, renewed);
    renewed.then(
      () => this.letGo((each) => each.go()),
      (error: unknown) => this.letGo((each) => each.fail(error)),
    );
    return renewed;
  }

  /** Starts another worker in place of one that something else has ended. What is sent meanwhile waits for it. */
  startAgain(): void {
    const { gone } = this.current;
    if (this.state.name !== 'running') return;
    const started = this.init.policy === undefined ? this.renew(() => gone) : this.restarts.restart();
    started.catch((error: unknown) => this.init.log('error', 'the worker could not be started again', error));
  }

  /** In the order in which they came. */
  private letGo(act: (waiting: Waiting) => void): void {
    this.state.settle();
    for (const each of this.waiting.splice(0)) act(each);
  }

  /** Acts when the next worker serves, behind what was to act before. */
  whenRenewed<T>(act: () => T): Promise<T> {
    return new Promise((resolve, reject) => {
      const go = () => {
        try {
          resolve(act());
        } catch (error) {
          reject(error);
        }
      };
      this.waiting.push({ go, fail: reject });
    });
  }

  private async startAnew(ended: Promise<ShutdownReason>): Promise<void> {
    const { name, signal } = this.init;
    await ended;
    if (this.current.state.name === 'left') throw occupied(name);
    if (signal?.aborted === true) throw abortReason(signal);
    if (this.state.name === 'cancelling') throw workerClosed('restart', name);
    this.state.restart();
    this.restarts = this.createRestarts();
    this.beginWatching();
    await this.restarts.restart();
  }

  /** @param now - Also when the worker is being closed already. */
  shutDown(end: () => Promise<{ reason: ShutdownReason }>, now = false): Promise<ShutdownReason> {
    const known = this.state.ended;
    const ended = known === undefined || now ? this.finish(end) : known;
    const first = this.state.ended ?? ended;
    this.state.close(first);
    return first;
  }

  private async finish(end: () => Promise<{ reason: ShutdownReason }>): Promise<ShutdownReason> {
    // A starting replacement ends too.
    const restarted = this.restarts.stop();
    const ending = await end();
    await restarted;
    const { state, gone } = this.current;
    const { reason } = state.name === 'left' ? ending : await gone;
    this.stopWatching();
    if (this.current.state.name === 'left') this.init.events.emit('disconnect');
    return reason;
  }
}
