import type { Readable } from 'node:stream';

import { unsupportedByDriver } from './driver-errors.js';
import { invalidOption } from './errors.js';
import { workerClosed } from './host-errors.js';
import type { DebuggerCheck } from './debugging.js';
import { tellLife, tellOutcome, tellOutcomeNow, tellSend } from './diagnostics.js';
import { HealthWatch } from './health-watch.js';
import type { Events } from './events.js';
import type { Incarnation } from './incarnation.js';
import type { Log } from './logger.js';
import { checkTimeout } from './native/connection-options.js';
import { Restarts } from './restarts.js';
import { Retries, type Retryable, type RetryPolicy } from './retries.js';
import { type RequestTerms, termsOf, unlessAborted } from './request-terms.js';
import { sendSync } from './send-sync.js';
import { sendWhenConnected } from './send-when-connected.js';
import { StreamAnswer } from './stream-answer.js';
import type { Carrier } from './types/context-carrier.js';
import type { DriverCapabilities } from './types/driver.js';
import type { ShutdownReason } from './types/shutdown-reason.js';
import type { SyncOptions } from './types/sync-sender.js';
import type { TransferList } from './types/transfer-list.js';
import type { PostOptions, SendOptions } from './types/request-sender.js';
import type { CloseOptions } from './types/worker-client.js';
import type { WorkerEvents } from './types/worker-events.js';
import type { HealthOptions, WorkerHealth } from './types/worker-health.js';
import type { WorkerStream } from './worker-stream.js';

const CLOSE_TIMEOUT = 5000;
const HEALTH_TIMEOUT = 1000;
const BLOCKED_AFTER = 100;

export interface WorkerInit {
  readonly name: string;
  readonly driver: string;
  readonly capabilities: DriverCapabilities;
  readonly first: Incarnation;
  /** Starts another worker like the first; resolves when it is spawned. */
  start(): Promise<Incarnation>;
  readonly policy: RetryPolicy | undefined;
  readonly keep: Retryable['keep'];
  readonly timeoutOf: Retryable['timeoutOf'];
  /** In milliseconds; `undefined`: nobody watches. */
  readonly unresponsiveAfter: number | undefined;
  /** What a message takes along. */
  readonly inject: (() => Carrier | undefined) | undefined;
  readonly events: Events;
  readonly isDebugged: DebuggerCheck;
  readonly log: Log;
}

/** A worker as its user has it, whichever process or thread it is at the moment. What the types show is `WorkerClient`. */
export class Worker {
  readonly name: string;
  readonly capabilities: DriverCapabilities;
  private current: Incarnation;
  private readonly driver: string;
  private readonly restarts: Restarts;
  private readonly retries: Retries | undefined;
  private readonly watch: HealthWatch | undefined;
  private hold: -1 | 0 | 1 = 0;
  private closing: Promise<ShutdownReason> | undefined;

  constructor(private readonly init: WorkerInit) {
    const { name, driver, capabilities, first, policy, unresponsiveAfter } = init;
    this.name = name;
    this.driver = driver;
    this.capabilities = capabilities;
    this.current = first;
    this.follow(first);
    this.restarts = new Restarts({
      attempts: policy?.most ?? 1,
      start: () => this.startNext(),
      onSpawned: (next) => this.adopt(next),
      onServing: (next, count) => this.init.events.emit('restart', { pid: next.channel.pid, count }),
      overAs: () => workerClosed('start', name),
    });
    if (policy !== undefined) this.retries = new Retries(policy, this.retryable());
    if (unresponsiveAfter !== undefined && unresponsiveAfter > 0 && unresponsiveAfter < Infinity) {
      this.watch = new HealthWatch(
        unresponsiveAfter,
        async () => (this.current.condition.isConnected ? this.current.channel.pulse(HEALTH_TIMEOUT, false) : 0),
        (blockedFor) => this.init.events.emit('unresponsive', { blockedFor }),
      );
    }
  }

  private retryable(): Retryable {
    const { name, keep, timeoutOf, isDebugged } = this.init;
    return {
      name,
      keep,
      timeoutOf,
      isDebugged: () => isDebugged(this.current.channel),
      sendOnce: (type, payload, timeout, transfer, terms) => this.sendOnce(type, payload, timeout, transfer, terms),
      isLost: () => this.isLost,
      ensureRunning: () => this.ensureRunning(),
    };
  }

  /** The worker is lost, whether its process has ended yet or not. */
  private get isLost(): boolean {
    return this.closing === undefined && this.current.condition.isLost;
  }

  private ensureRunning(): Promise<void> {
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
    if (this.closing !== undefined) void next.shutdown.kill();
    else if (this.hold < 0) next.attachment.setHold(this.hold);
    // Until it serves, what waits for it keeps the host alive.
    else void next.ready.then(() => next.attachment.setHold(this.hold)).catch(() => {});
  }

  private follow(incarnation: Incarnation): void {
    const { pid } = incarnation.channel;
    const { name: worker, driver } = this;
    incarnation.ready.then(() => tellLife('start', { worker, pid, driver })).catch(() => {});
    void incarnation.gone.then(({ reason }) => {
      if (incarnation.crash !== undefined) tellLife('crash', { worker, pid, driver, error: incarnation.crash });
      if (incarnation.crash !== undefined) this.init.events.emit('crash', incarnation.crash);
      this.init.events.emit('exit', { pid, reason });
      tellLife('close', { worker, pid, driver, reason });
      if (this.retries === undefined || this.closing !== undefined) this.watch?.stop();
    });
  }

  get pid(): number | undefined {
    return this.current.channel.pid;
  }

  get socketPath(): string | undefined {
    return this.current.channel.socketPath;
  }

  get stdout(): Readable | null {
    return this.current.channel.stdout;
  }

  get stderr(): Readable | null {
    return this.current.channel.stderr;
  }

  get isActive(): boolean {
    if (this.closing !== undefined) return false;
    return this.current.isActive || (this.retries !== undefined && this.isLost && !this.restarts.haveFailed);
  }

  get isConnected(): boolean {
    return this.current.condition.isConnected;
  }

  get pendingBytes(): number {
    return this.current.requests.pendingBytes;
  }

  async drained(): Promise<void> {
    if (this.closing !== undefined) throw workerClosed('drain', this.name);
    if (!this.current.isActive) throw await this.current.refusal('wait for', 'drained');
    return this.current.requests.drained();
  }

  /** Not an async function: that would cost each request another promise. */
  send(type: string, payload?: unknown, options?: SendOptions): Promise<unknown> {
    const told = tellSend('request', this.name, type, payload);
    const sent = this.sendUntold(type, payload, options);
    return told === undefined ? sent : tellOutcome(told, sent);
  }

  private sendUntold(type: string, payload?: unknown, options?: SendOptions): Promise<unknown> {
    try {
      const timeout = givenTimeout(options);
      if (typeof type !== 'string') throw invalidOption('the message type', 'a string', type);
      const transfer = this.checkTransfer(options);
      const terms = termsOf(options, this.init.inject?.());
      if (this.retries !== undefined && this.closing === undefined) {
        return this.retries.send(type, payload, timeout, transfer, terms);
      }
      return this.sendOnce(type, payload, timeout, transfer, terms);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /** It begins at once. What goes wrong is told by reading it, and by its result. */
  stream(type: string, payload?: unknown, options?: SendOptions): WorkerStream {
    const answer = new StreamAnswer(type);
    const told = tellSend('stream', this.name, type, payload);
    if (told !== undefined) tellOutcome(told, answer.stream.result).catch(() => {});
    try {
      const timeout = givenTimeout(options);
      if (typeof type !== 'string') throw invalidOption('the message type', 'a string', type);
      const transfer = this.checkTransfer(options);
      const terms = termsOf(options, this.init.inject?.());
      const { retries } = this;
      const { underWay: reconnecting } = this.current.reconnection;
      const begin = () => {
        const { current } = this;
        if (this.closing !== undefined) answer.reject(workerClosed(`stream "${type}"`, this.name));
        else if (!current.isActive) void current.refusal('stream', type).then(answer.reject);
        else current.requests.stream(type, payload, timeout, transfer, terms, answer);
      };
      const isHeld = retries?.isHeld === true && this.closing === undefined;
      if (isHeld) unlessAborted(terms?.signal, retries.whenClear(begin)).catch(answer.abort);
      else if (reconnecting === undefined) begin();
      else unlessAborted(terms?.signal, reconnecting.then(begin, begin)).catch(answer.abort);
    } catch (error) {
      answer.reject(error);
    }
    return answer.stream;
  }

  /** Blocks this thread until the outcome is there. */
  sendSync(type: string, payload?: unknown, options?: SyncOptions): unknown {
    const { current, name } = this;
    if (this.capabilities.sync !== true) throw unsupportedByDriver(this.driver, 'sendSync()', 'child_process');
    const timeout = givenTimeout(options);
    if (typeof type !== 'string') throw invalidOption('the message type', 'a string', type);
    if (this.closing !== undefined) throw workerClosed(`send "${type}"`, name);
    if (!current.isActive) throw current.refusalNow('send', type);
    const told = tellSend('request', name, type, payload);
    const losses = {
      lost: (fatal: unknown) => current.failures.lostWhileBlocked(type, fatal),
      unready: () => current.failures.unready(),
    };
    const ask = () => sendSync(current.requests, type, payload, timeout, this.init.inject?.(), losses);
    return told === undefined ? ask() : tellOutcomeNow(told, ask);
  }

  private sendOnce(
    type: string,
    payload: unknown,
    timeout: number | undefined,
    transfer: TransferList | undefined,
    terms: RequestTerms | undefined,
  ): Promise<unknown> {
    const { current } = this;
    if (this.closing !== undefined || !current.isActive) return this.refuse(type, payload, timeout, transfer, terms);
    return current.requests.send(type, payload, timeout, transfer, terms);
  }

  private async refuse(
    type: string,
    payload: unknown,
    timeout: number | undefined,
    transfer: TransferList | undefined,
    terms: RequestTerms | undefined,
  ): Promise<unknown> {
    if (this.closing !== undefined) throw workerClosed(`send "${type}"`, this.name);
    const { underWay: reconnecting } = this.current.reconnection;
    if (reconnecting === undefined) throw await this.current.refusal('send', type);
    const { name, keep, timeoutOf, isDebugged } = this.init;
    const sent = sendWhenConnected(reconnecting, {
      type,
      worker: name,
      copy: keep(payload, type),
      timeout: timeoutOf(type, timeout),
      isDebugged: () => isDebugged(this.current.channel),
      send: (copy, left) => this.sendOnce(type, copy, left, transfer, terms),
      refusal: () => this.current.refusal('send', type),
    });
    return unlessAborted(terms?.signal, sent);
  }

  post(type: string, payload?: unknown, options?: PostOptions): void {
    if (typeof type !== 'string') throw invalidOption('the message type', 'a string', type);
    const transfer = this.checkTransfer(options);
    tellSend('notification', this.name, type, payload);
    const carrier = this.init.inject?.();
    if (this.closing !== undefined) throw workerClosed(`post "${type}"`, this.name);
    if (this.retries?.isHeld === true) return this.postLater(this.retries, type, payload, transfer, carrier);
    if (!this.current.isActive) throw this.current.refusalNow('post', type);
    this.current.requests.post(type, payload, transfer, carrier);
  }

  /** Behind the requests that wait for a new worker. */
  private postLater(
    retries: Retries,
    type: string,
    payload: unknown,
    transfer: TransferList | undefined,
    carrier: Carrier | undefined,
  ): void {
    const copy = transfer === undefined ? this.init.keep(payload, type) : () => payload;
    retries
      .whenClear(() => this.current.requests.post(type, copy(), transfer, carrier))
      .catch((error: unknown) => this.init.log('error', `the message "${type}" was not sent`, error));
  }

  private checkTransfer(options: PostOptions | undefined): TransferList | undefined {
    const transfer = options?.transfer;
    if (transfer === undefined) return undefined;
    if (!Array.isArray(transfer)) throw invalidOption('transfer', 'an array', transfer);
    if (transfer.length === 0) return undefined;
    if (!this.capabilities.sharedMemory) throw unsupportedByDriver(this.driver, '`transfer`', 'worker_threads');
    return transfer as TransferList;
  }

  ref(): this {
    return this.setHold(1);
  }

  unref(): this {
    return this.setHold(-1);
  }

  private setHold(hold: -1 | 0 | 1): this {
    this.hold = hold;
    if (this.closing === undefined) this.current.attachment.setHold(hold);
    return this;
  }

  /** From here on the worker alone does not keep the host alive. */
  settle(): void {
    this.setHold(this.hold);
  }

  async close(options: CloseOptions = {}): Promise<ShutdownReason> {
    const { timeout = CLOSE_TIMEOUT, pending = 'finish' } = options;
    checkTimeout('timeout', timeout);
    if (pending !== 'finish' && pending !== 'reject') throw invalidOption('pending', '"finish" or "reject"', pending);
    return this.shutDown(() => this.current.shutdown.close(timeout, pending));
  }

  terminate(): Promise<ShutdownReason> {
    return this.shutDown(() => this.current.shutdown.terminate(), true);
  }

  kill(): Promise<ShutdownReason> {
    return this.shutDown(() => this.current.shutdown.kill(), true);
  }

  /** @param now - Also when the worker is being closed already. */
  private shutDown(end: () => Promise<{ reason: ShutdownReason }>, now = false): Promise<ShutdownReason> {
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
    const { reason } = this.current.condition.hasLeft ? ending : await this.current.gone;
    this.watch?.stop();
    if (this.current.condition.hasLeft) this.init.events.emit('disconnect');
    return reason;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close().then(() => {});
  }

  async disconnect(): Promise<void> {
    this.checkReconnectable('disconnect()');
    if (this.closing !== undefined) throw workerClosed('disconnect', this.name);
    const wasConnected = this.current.isActive;
    const ending = this.current.attachment.disconnect();
    try {
      if (ending !== undefined) await ending;
    } finally {
      if (wasConnected) this.init.events.emit('disconnect');
    }
  }

  async reconnect(): Promise<void> {
    this.checkReconnectable('reconnect()');
    if (this.closing !== undefined) throw workerClosed('reconnect', this.name);
    if (this.retries !== undefined && this.isLost) return this.ensureRunning();
    if (await this.current.reconnection.reconnect()) this.init.events.emit('reconnect');
  }

  private checkReconnectable(what: string): void {
    if (!this.capabilities.reconnect) throw unsupportedByDriver(this.driver, what, 'child_process');
  }

  async health(options: HealthOptions = {}): Promise<WorkerHealth> {
    const { timeout = HEALTH_TIMEOUT, blockedAfter = BLOCKED_AFTER } = options;
    checkTimeout('timeout', timeout);
    checkTimeout('blockedAfter', blockedAfter);
    const pulse = await this.current.channel.pulse(Math.min(timeout || Infinity, 2 ** 31));
    if (pulse === -2) return { state: 'silent' };
    if (pulse === -3) return { state: 'gone' };
    return pulse >= blockedAfter && pulse > 0
      ? { state: 'blocked', blockedFor: Math.round(pulse) }
      : { state: 'alive' };
  }

  on<E extends keyof WorkerEvents>(event: E, listener: (...details: WorkerEvents[E]) => void): this {
    this.init.events.on(event, listener);
    return this;
  }

  once<E extends keyof WorkerEvents>(event: E, listener: (...details: WorkerEvents[E]) => void): this {
    this.init.events.once(event, listener);
    return this;
  }

  off<E extends keyof WorkerEvents>(event: E, listener: (...details: WorkerEvents[E]) => void): this {
    this.init.events.off(event, listener);
    return this;
  }
}

function givenTimeout(options: SyncOptions | undefined): number | undefined {
  const timeout = options?.timeout;
  if (timeout !== undefined) checkTimeout('timeout', timeout);
  return timeout;
}
