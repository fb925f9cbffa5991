import type { Readable } from 'node:stream';

import { unsupportedByDriver } from './driver-errors.js';
import { invalidOption } from './errors.js';
import { workerClosed } from './host-errors.js';
import { checkTimeout } from './native/connection-options.js';
import type { ShutdownReason } from './types/shutdown-reason.js';
import type { CloseOptions } from './types/worker-client.js';
import type { WorkerEvents } from './types/worker-events.js';
import type { HealthOptions, WorkerHealth } from './types/worker-health.js';
import { healthOf } from './worker/health.js';
import { WorkerSender } from './worker/sender.js';

const CLOSE_TIMEOUT = 5000;

/** A worker as its user has it, whichever process or thread it is at the moment. What the types show is `WorkerClient`. */
export class Worker extends WorkerSender {
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
    return this.incarnations.isActive;
  }

  get isConnected(): boolean {
    return this.current.condition.isConnected;
  }

  get pendingBytes(): number {
    return this.current.requests.pendingBytes;
  }

  async drained(): Promise<void> {
    if (this.incarnations.closing !== undefined) throw workerClosed('drain', this.name);
    if (!this.current.isActive) throw await this.current.refusal('wait for', 'drained');
    return this.current.requests.drained();
  }

  ref(): this {
    this.incarnations.setHold(1);
    return this;
  }

  unref(): this {
    this.incarnations.setHold(-1);
    return this;
  }

  /** From here on the worker alone does not keep the host alive. */
  settle(): void {
    this.incarnations.settle();
  }

  async close(options: CloseOptions = {}): Promise<ShutdownReason> {
    const { timeout = CLOSE_TIMEOUT, pending = 'finish' } = options;
    checkTimeout('timeout', timeout);
    if (pending !== 'finish' && pending !== 'reject') throw invalidOption('pending', '"finish" or "reject"', pending);
    return this.incarnations.shutDown(() => this.current.shutdown.close(timeout, pending));
  }

  terminate(): Promise<ShutdownReason> {
    return this.incarnations.shutDown(() => this.current.shutdown.terminate(), true);
  }

  kill(): Promise<ShutdownReason> {
    return this.incarnations.shutDown(() => this.current.shutdown.kill(), true);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close().then(() => {});
  }

  async disconnect(): Promise<void> {
    this.checkReconnectable('disconnect()');
    if (this.incarnations.closing !== undefined) throw workerClosed('disconnect', this.name);
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
    if (this.incarnations.closing !== undefined) throw workerClosed('reconnect', this.name);
    if (this.retries !== undefined && this.incarnations.isLost) return this.incarnations.ensureRunning();
    if (await this.current.reconnection.reconnect()) this.init.events.emit('reconnect');
  }

  private checkReconnectable(what: string): void {
    if (!this.capabilities.reconnect) throw unsupportedByDriver(this.driver, what, 'child_process');
  }

  health(options: HealthOptions = {}): Promise<WorkerHealth> {
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
