import type { Readable, Writable } from 'node:stream';

import { unsupportedByDriver } from '../errors/driver-errors.js';
import { invalidOption } from '../errors/worker-error.js';
import { notOurs, workerClosed } from '../errors/host-errors.js';
import { checkTimeout } from '../connection/options.js';
import { closeOptions, healthOptions } from '../options/host-options.js';
import type { Known } from '../options/known.js';
import { checkKnown } from '../options/check-known.js';
import type { ShutdownReason } from '../types/shutdown-reason.js';
import type { CloseOptions } from '../types/worker-client.js';
import type { WorkerEvents } from '../types/worker-events.js';
import type { HealthOptions, WorkerHealth } from '../types/worker-health.js';
import { healthOf } from './worker-health.js';
import { addCaller, callerOf } from '../errors/caller.js';
import { RefMode } from '../protocol/generated.js';
import type { WorkerStream } from '../streams/worker-stream.js';
import type { DriverCapabilities } from '../types/driver.js';
import type { PostOptions, SendOptions } from '../types/request-sender.js';
import type { SyncOptions } from '../types/sync-sender.js';
import type { WorkerInstance } from './instance/instance.js';
import { IdleWatch } from './sending/idle.js';
import { NotificationSender } from './sending/notifications.js';
import type { RequestObserver } from '../requests/outgoing-request.js';
import { RequestSender } from './sending/requests.js';
import { Retries } from './sending/retry-queue.js';
import { StreamSender } from './sending/streams.js';
import { sendSync } from './sending/sync.js';
import { SendTarget } from './sending/target.js';
import type { Supervisor } from './supervisor.js';
import type { WorkerInit } from './worker-init.js';

/**
 * Together with the time for SIGTERM, SIGKILL and the rest of the output, less than the 5 seconds that test runners
 * give a hook.
 */
const CLOSE_TIMEOUT = 3000;

/** The user's handle of a worker, whichever process or thread serves it. Its public type is `WorkerClient`. */
export class Worker {
  readonly name: string;
  readonly capabilities: DriverCapabilities;
  private readonly supervisor: Supervisor;
  private readonly target: SendTarget;
  private readonly retries: Retries | undefined;
  private readonly requests: RequestSender;
  private readonly streams: StreamSender;
  private readonly notifications: NotificationSender;
  private readonly idle: IdleWatch;

  constructor(private readonly init: WorkerInit) {
    const { name, capabilities, policy, events } = init;
    this.name = name;
    this.capabilities = capabilities;
    this.idle = new IdleWatch(events, () => this.inFlight === 0 && !this.supervisor.isClosing);
    const target = new SendTarget(init, () => this.checkIdle());
    const retries = policy === undefined ? undefined : new Retries(policy, target);
    this.target = target;
    this.supervisor = target.supervisor;
    this.retries = retries;
    this.requests = new RequestSender(target, retries);
    this.streams = new StreamSender(target, retries);
    this.notifications = new NotificationSender(target, retries);
  }

  private get current(): WorkerInstance {
    return this.supervisor.current;
  }

  send(type: string, payload?: unknown, options?: SendOptions): Promise<unknown> {
    return this.requests.send(type, payload, options, this.init.callerStacks ? callerOf(this.send) : undefined);
  }

  /** Sends a plain request and reports its outcome to `observer`; see `RequestSender.sendObserved`. */
  sendObserved(type: string, payload: unknown, observer: RequestObserver): Promise<unknown> | undefined {
    return this.requests.sendObserved(type, payload, observer);
  }

  stream(type: string, payload?: unknown, options?: SendOptions): WorkerStream {
    return this.streams.stream(type, payload, options, this.init.callerStacks ? callerOf(this.stream) : undefined);
  }

  sendSync(type: string, payload?: unknown, options?: SyncOptions): unknown {
    try {
      return sendSync(this.target, type, payload, options);
    } catch (error) {
      // This thread is still where it was called: that costs only what fails.
      throw addCaller(this.target.placed(error, type), callerOf(this.sendSync));
    }
  }

  post(type: string, payload?: unknown, options?: PostOptions): void {
    this.notifications.post(type, payload, options);
  }

  /** Handles what the worker has sent by now, before it returns. For code that must not wait for the event loop. */
  receiveNow(): void {
    this.current.requests.connection.receiveNow?.();
  }

  /**
   * Writes what was sent, before the tick ends; blocks for at most this many milliseconds where the worker does not read. Returns
   * whether some is left.
   */
  sendNow(millis: number): boolean {
    if (!this.current.isActive) return false;
    const { connection } = this.current.requests;
    connection.sendNow?.(millis);
    return connection.pendingBytes > 0;
  }

  /** Whether the worker serves, also where the report of that waits for the event loop. */
  get isServing(): boolean {
    return this.current.requests.connection.isReady === true;
  }

  /** Resolves when the worker serves; rejects when it ends before. */
  get ready(): Promise<void> {
    return this.current.ready;
  }

  get inFlight(): number {
    return this.current.requests.inFlight + this.target.held + (this.retries?.held ?? 0);
  }

  /** The last request may have its outcome. */
  checkIdle(): void {
    this.idle.check();
  }

  get pid(): number | undefined {
    return this.current.channel.pid;
  }

  get socketPath(): string | undefined {
    return this.current.channel.socketPath;
  }

  get stdin(): Writable | null {
    return this.current.channel.stdin ?? null;
  }

  get stdout(): Readable | null {
    return this.current.channel.stdout;
  }

  get stderr(): Readable | null {
    return this.current.channel.stderr;
  }

  get isActive(): boolean {
    return this.supervisor.isActive;
  }

  get isConnected(): boolean {
    return this.current.state.isConnected;
  }

  get pendingBytes(): number {
    return this.current.requests.pendingBytes;
  }

  async drained(): Promise<void> {
    if (this.supervisor.isClosing) throw workerClosed('drain', this.name);
    if (!this.current.isActive) throw await this.current.refusal('wait for', 'drained');
    return this.current.requests.drained();
  }

  ref(): this {
    this.supervisor.setRefMode(RefMode.Always);
    return this;
  }

  unref(): this {
    this.supervisor.setRefMode(RefMode.Never);
    return this;
  }

  /** Something else has ended the worker. */
  startAgain(): void {
    this.supervisor.startAgain();
  }

  /** From here on the worker alone does not keep the host alive. */
  settle(): void {
    this.supervisor.settle();
  }

  async close(options: CloseOptions = {}): Promise<ShutdownReason> {
    checkEnd('close', options, closeOptions);
    const { timeout = CLOSE_TIMEOUT, pending = 'finish' } = options;
    checkTimeout('timeout', timeout);
    if (pending !== 'finish' && pending !== 'reject') throw invalidOption('pending', '"finish" or "reject"', pending);
    return this.supervisor.shutDown(() => this.current.shutdown.close(timeout, pending));
  }

  async terminate(options?: object): Promise<ShutdownReason> {
    checkEnd('terminate', options, {});
    return this.supervisor.shutDown(() => this.current.shutdown.terminate(), true);
  }

  async kill(options?: object): Promise<ShutdownReason> {
    checkEnd('kill', options, {});
    return this.supervisor.shutDown(() => this.current.shutdown.kill(), true);
  }

  async restart(options: CloseOptions = {}): Promise<void> {
    checkEnd('restart', options, closeOptions);
    const { timeout = CLOSE_TIMEOUT, pending = 'finish' } = options;
    checkTimeout('timeout', timeout);
    if (pending !== 'finish' && pending !== 'reject') throw invalidOption('pending', '"finish" or "reject"', pending);
    this.init.checkRepeatable();
    if (this.current.channel.release !== undefined) throw notOurs(this.name);
    return this.supervisor.renew(() => this.current.shutdown.close(timeout, pending));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close().then(() => {});
  }

  async disconnect(): Promise<void> {
    this.checkReconnectable('disconnect()');
    if (this.supervisor.isClosing) throw workerClosed('disconnect', this.name);
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
    if (this.supervisor.isClosing) throw workerClosed('reconnect', this.name);
    if (this.retries !== undefined && this.supervisor.isLost) return this.supervisor.ensureRunning();
    if (await this.current.reconnection.reconnect()) this.init.events.emit('reconnect');
  }

  private checkReconnectable(what: string): void {
    if (!this.capabilities.reconnect) throw unsupportedByDriver(this.init.driver, what, 'child_process');
  }

  async health(options: HealthOptions = {}): Promise<WorkerHealth> {
    checkKnown('health', options, healthOptions);
    return healthOf(this.current.channel, options);
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

/** The argument may be an event of any source: only a plain object counts as options. */
function checkEnd(operation: string, options: object | undefined, known: Known): void {
  if (isPlain(options)) checkKnown(operation, options, known);
}

/** Of any realm. */
function isPlain(value: unknown): value is object {
  if (typeof value !== 'object' || value === null) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}
