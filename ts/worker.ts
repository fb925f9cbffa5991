import type { Readable } from 'node:stream';

import type { Ending, HostChannel } from './drivers/host-channel.js';
import {
  fromNative,
  invalidOption,
  notAvailable,
  startTimeout,
  unsupportedByDriver,
  WorkerCrashedError,
  workerClosed,
} from './errors.js';
import type { Log } from './logger.js';
import { Control } from './native/environment.js';
import { checkTimeout } from './native/connection-options.js';
import type { NativeOptions } from './native/binding.js';
import type { Requests } from './requests.js';
import type { PayloadCodec } from './payload-codec.js';
import type { DriverCapabilities } from './types/driver.js';
import type { TransferList } from './types/transfer-list.js';
import { within } from './within.js';
import type { CloseOptions, PostOptions, SendOptions } from './types/worker-client.js';

/** How long a worker may take to end after its connection did, in milliseconds. */
const EXIT_GRACE = 1000;
/** How long SIGTERM may take before SIGKILL, in milliseconds. */
const TERMINATE_GRACE = 1000;
const CLOSE_TIMEOUT = 5000;

export interface WorkerInit {
  readonly name: string;
  readonly driver: string;
  readonly capabilities: DriverCapabilities;
  readonly channel: HostChannel;
  readonly codec: PayloadCodec;
  readonly requests: Requests;
  readonly nativeOptions: NativeOptions;
  readonly startupData: string | undefined;
  readonly log: Log;
}

/** A worker, from the spawn to its end. What users have of it is `WorkerClient`. */
export class Worker {
  readonly name: string;
  readonly capabilities: DriverCapabilities;
  /** Resolves when the worker serves; rejects when it ends before. */
  readonly ready: Promise<void>;
  private readonly driver: string;
  private readonly channel: HostChannel;
  private readonly requests: Requests;
  private readonly log: Log;
  private readonly startupTimeout: number;
  private settleReady!: { resolve(): void; reject(error: Error): void };
  private wasReady = false;
  private connected = false;
  private connectionEnded = false;
  private ended = false;
  /** Makes the error for what can no longer succeed, once the worker is lost. */
  private failure: ((messageType?: string) => Error) | undefined;
  private hold: -1 | 0 | 1 = 0;
  private closing: Promise<void> | undefined;
  private readonly flush: () => void;
  private readonly gone: Promise<void>;

  constructor(init: WorkerInit) {
    this.name = init.name;
    this.capabilities = init.capabilities;
    this.driver = init.driver;
    this.channel = init.channel;
    this.requests = init.requests;
    this.log = init.log;
    this.startupTimeout = init.nativeOptions.startupTimeout;
    this.ready = new Promise((resolve, reject) => (this.settleReady = { resolve, reject }));
    // Who does not wait for it learns of a failure from the requests.
    this.ready.catch(() => {});
    const { channel, requests } = init;
    const connected = channel.connect({
      options: init.nativeOptions,
      codec: init.codec,
      startupData: init.startupData,
      outcomes: requests,
      onControl: this.onControl,
      onTrouble: (text) => this.log('warn', text),
    });
    requests.attach(connected);
    this.flush = connected.flush;
    this.gone = channel.exited.then((ending) => this.onExit(ending));
    this.log('debug', `started as ${channel.title}`);
  }

  get pid(): number | undefined {
    return this.channel.pid;
  }

  get stdout(): Readable | null {
    return this.channel.stdout;
  }

  get stderr(): Readable | null {
    return this.channel.stderr;
  }

  get isActive(): boolean {
    return !this.ended && !this.connectionEnded && this.closing === undefined && this.failure === undefined;
  }

  get isConnected(): boolean {
    return this.connected;
  }

  /** Not an async function: that would cost each request another promise. */
  send(type: string, payload?: unknown, options?: SendOptions): Promise<unknown> {
    try {
      const timeout = options?.timeout;
      if (timeout !== undefined) checkTimeout('timeout', timeout);
      if (typeof type !== 'string') throw invalidOption('the message type', 'a string', type);
      const transfer = this.checkTransfer(options);
      if (!this.isActive) return this.refuse(type);
      return this.requests.send(type, payload, timeout, transfer);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  post(type: string, payload?: unknown, options?: PostOptions): void {
    if (typeof type !== 'string') throw invalidOption('the message type', 'a string', type);
    const transfer = this.checkTransfer(options);
    if (!this.isActive) throw this.inactive('post', type);
    this.requests.post(type, payload, transfer);
  }

  private checkTransfer(options: PostOptions | undefined): TransferList | undefined {
    const transfer = options?.transfer;
    if (transfer === undefined) return undefined;
    if (!Array.isArray(transfer)) throw invalidOption('transfer', 'an array', transfer);
    if (transfer.length === 0) return undefined;
    if (!this.capabilities.sharedMemory) {
      throw unsupportedByDriver(this.driver, '`transfer`', 'worker_threads');
    }
    return transfer as TransferList;
  }

  /** Between the end of the connection and that of the process, the reason is still to come. */
  private async refuse(type: string): Promise<never> {
    if (this.connectionEnded && this.closing === undefined) await this.gone;
    throw this.inactive('send', type);
  }

  private inactive(operation: string, type: string): Error {
    return this.failure?.(type) ?? workerClosed(`${operation} "${type}"`, this.name);
  }

  ref(): this {
    return this.setHold(1);
  }

  unref(): this {
    return this.setHold(-1);
  }

  private setHold(hold: -1 | 0 | 1): this {
    this.hold = hold;
    if (!this.ended && this.closing === undefined) {
      this.requests.connection.setHold(hold);
      this.channel.setRef(hold === 1);
    }
    return this;
  }

  /** From here on the worker alone does not keep the host alive. */
  settle(): void {
    this.setHold(this.hold);
  }

  async close(options: CloseOptions = {}): Promise<void> {
    const timeout = checkTimeout('timeout', options.timeout ?? CLOSE_TIMEOUT);
    return (this.closing ??= this.shutDown(timeout));
  }

  async disconnect(): Promise<void> {
    throw this.cannotReconnect('disconnect()');
  }

  async reconnect(): Promise<void> {
    throw this.cannotReconnect('reconnect()');
  }

  private cannotReconnect(what: string): Error {
    if (!this.capabilities.reconnect) return unsupportedByDriver(this.driver, what, 'child_process');
    return notAvailable(what, 'Use close() and createWorker().');
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  private async shutDown(timeout: number): Promise<void> {
    if (this.ended) return this.gone;
    this.log('debug', 'closing');
    const { connection } = this.requests;
    const deadline = Date.now() + (timeout === 0 ? Infinity : timeout);
    this.channel.setRef(true);
    connection.setHold(1);
    await within(deadline, this.drained());
    connection.askToClose();
    this.flush();
    this.channel.askToEnd();
    if (!(await within(deadline, this.gone))) {
      this.log('warn', `did not stop within ${timeout} ms; terminating it`);
      this.channel.kill('SIGTERM');
      if (!(await within(Date.now() + TERMINATE_GRACE, this.gone))) this.channel.kill('SIGKILL');
    }
    return this.gone;
  }

  /** Resolves when all that was sent has been written, and no request is in flight. */
  private async drained(): Promise<void> {
    const { requests } = this;
    await requests.outgoingDrained();
    if (requests.connection.inFlight > 0) await new Promise<void>((resolve) => (requests.onIdle = resolve));
    await requests.incomingDrained();
  }

  private readonly onControl = (what: number, number: number, _payload: unknown, detail: string): void => {
    switch (what) {
      case Control.Ready:
        this.wasReady = this.connected = true;
        this.log('debug', 'ready');
        return this.settleReady.resolve();
      case Control.Mismatch:
        return this.giveUp(fromNative(detail));
      case Control.HandshakeTimedOut:
        return this.giveUp(startTimeout(this.name, this.startupTimeout));
      case Control.UnknownNotification:
        return this.log('warn', `a notification "${detail}" from the worker was dropped: a host has no handlers`);
      case Control.Dropped:
        return this.log('warn', `a message from the worker was dropped: ${detail}`);
      case Control.End:
        return this.onEnd(number !== 0);
    }
  };

  /** The worker is of no use: everything fails with `error`, and the process is ended. */
  private giveUp(error: Error): void {
    this.failure = () => error;
    this.settleReady.reject(error);
    this.requests.failAll(() => error);
    this.channel.kill('SIGKILL');
  }

  /** The connection has ended. The process is ending too, or must not stay without one. */
  private onEnd(midFrame: boolean): void {
    this.connected = false;
    this.connectionEnded = true;
    if (midFrame) this.log('warn', 'the connection ended in the middle of a message');
    this.channel.setRef(true);
    void within(Date.now() + EXIT_GRACE, this.gone).then((gone) => {
      if (!gone) this.channel.kill('SIGKILL');
    });
  }

  private onExit({ reason, cause }: Ending): void {
    const { connection } = this.requests;
    // What it sent before its end comes before the news of it.
    connection.drain();
    this.ended = true;
    this.connected = false;
    const { pid, lastWords: stderr } = this.channel;
    const phase = this.wasReady ? 'running' : 'startup';
    const closing = this.closing !== undefined;
    const lost = (messageType?: string) =>
      closing
        ? workerClosed(messageType === undefined ? 'start' : `finish "${messageType}"`, this.name)
        : new WorkerCrashedError(this.name, { pid, reason, phase, messageType, stderr, cause });
    if (!closing) this.failure ??= lost;
    const failure = this.failure ?? lost;
    this.settleReady.reject(failure());
    this.requests.failAll(failure);
    connection.close();
    this.log('debug', 'gone', reason);
  }
}
