import type { Ending, HostChannel } from './drivers/host-channel.js';
import { unsupportedByDriver } from './driver-errors.js';
import { fromNative, WorkerCrashedError, WorkerError } from './errors.js';
import { connectTimeout, notConnected, startTimeout, workerClosed } from './host-errors.js';
import type { ConnectedHost, ConnectionSetup, HostConnection } from './connection.js';
import { KEPT_RESULT, type KeptOutcome, TAKEN_OVER } from './kept-results.js';
import type { Log } from './logger.js';
import { Control } from './native/records.js';
import { decodeError } from './rebuilt-error.js';
import { Undecodable } from './payload-codec.js';
import type { Requests } from './requests.js';
import type { KeptResult } from './types/worker-events.js';
import { within } from './within.js';

/** How long a worker may take to end after its connection did, in milliseconds. */
const EXIT_GRACE = 1000;
/** How long to wait for a sign of life, in milliseconds; the worker's own thread gives it. */
const LOST_TIMEOUT = 1000;
const GONE = -3;
/** How often it is looked whether a worker is gone whose connection has ended, in milliseconds. */
const LOOK = 20;
/** How long SIGTERM may take before SIGKILL, in milliseconds. */
const TERMINATE_GRACE = 1000;

export interface IncarnationInit {
  /** The worker's name. */
  readonly name: string;
  readonly driver: string;
  readonly channel: HostChannel;
  readonly requests: Requests<HostConnection>;
  readonly setup: Omit<ConnectionSetup, 'outcomes' | 'onControl' | 'onTrouble'>;
  readonly log: Log;
  /** The connection to a detached worker was lost, not the worker. */
  onDisconnected(): void;
  onKept(kept: KeptResult): void;
}

/** One process or thread that is the worker, from its spawn to its end. */
export class Incarnation {
  readonly channel: HostChannel;
  readonly requests: Requests<HostConnection>;
  /** Resolves when it serves; rejects when it ends before. */
  ready: Promise<void>;
  /** Resolves when it is gone, and its requests are settled. */
  readonly gone: Promise<Ending>;
  isConnected = false;
  /** How it ended, if nobody had asked for that. */
  crash: WorkerCrashedError | undefined;
  private settleReady!: { resolve(): void; reject(error: Error): void };
  private connected!: ConnectedHost;
  private wasReady = false;
  private isDisconnected = false;
  private connectionEnded = false;
  /** The worker has said that another host takes this one's place. */
  private isTakenOver = false;
  /** A connection that takes its time to come. */
  private attaching: Promise<ConnectedHost> | undefined;
  /** A `reconnect()` on its way: what is sent meanwhile waits for it. */
  reconnecting: Promise<void> | undefined;
  /** It was left to another host instead of being closed. */
  hasLeft = false;
  private resolveLeft!: (ending: Ending) => void;
  private readonly left = new Promise<Ending>((resolve) => (this.resolveLeft = resolve));
  /** It is to end whoever uses it. */
  private isForced = false;
  /** Settles when it is known whether a detached worker was lost, or its connection alone. */
  private losing: Promise<void> | undefined;
  private hasEnded = false;
  private isClosing = false;
  /** Makes the error for what can no longer succeed, once the worker is lost. */
  private failure: ((messageType?: string) => Error) | undefined;
  private hold: -1 | 0 | 1 = 1;
  /** The error that ends it, as it has told. */
  private fatal: unknown;

  constructor(private readonly init: IncarnationInit) {
    const { channel, requests } = init;
    this.channel = channel;
    this.requests = requests;
    this.ready = this.expectReady();
    this.attach(channel.connect(this.setup()));
    this.gone = channel.exited.then((ending) => this.onExit(ending));
    init.log('debug', `started as ${channel.title}`);
  }

  /** Whether requests are taken. */
  get isActive(): boolean {
    return (
      !this.hasEnded && !this.connectionEnded && !this.isClosing && !this.isDisconnected && this.failure === undefined
    );
  }

  /** It has ended without being closed, or is about to. */
  get isLost(): boolean {
    return !this.isClosing && (this.hasEnded || this.connectionEnded || this.failure !== undefined);
  }

  private expectReady(): Promise<void> {
    const ready = new Promise<void>((resolve, reject) => (this.settleReady = { resolve, reject }));
    // Who does not wait for it learns of a failure from the requests.
    ready.catch(() => {});
    return ready;
  }

  private setup(): ConnectionSetup {
    const { init } = this;
    return {
      ...init.setup,
      outcomes: init.requests,
      onControl: this.onControl,
      onTrouble: (text) => init.log('warn', text),
    };
  }

  private attach(connected: ConnectedHost): void {
    this.connected = connected;
    this.requests.attach(connected);
    connected.connection.setHold(this.hold);
  }

  /** Whether the worker keeps the host alive: -1 never, 0 while requests are in flight, 1 always. */
  setHold(hold: -1 | 0 | 1): void {
    this.hold = hold;
    if (this.hasEnded || this.isClosing) return;
    this.requests.connection.setHold(hold);
    this.channel.setRef(hold === 1);
  }

  /** The error for what is asked of a worker that is not active; known when the reason is. */
  async refusal(operation: string, type: string): Promise<Error> {
    // Between the end of the connection and that of the process, the reason is still to come.
    if (this.connectionEnded && !this.isClosing) await (this.losing ?? this.gone);
    return this.refusalNow(operation, type);
  }

  refusalNow(operation: string, type: string): Error {
    const { name } = this.init;
    if (this.isDisconnected && !this.isClosing && !this.hasEnded) return notConnected(`${operation} "${type}"`, name);
    return this.failure?.(type) ?? workerClosed(`${operation} "${type}"`, name);
  }

  /** Ends the connection alone: the worker keeps running. What is in flight rejects. */
  disconnect(): void | Promise<void> {
    if (!this.isActive) return;
    const { name } = this.init;
    if (this.wasReady) {
      this.connected.flush();
      // What has arrived is delivered first: it would be lost.
      this.requests.connection.drain();
      if (!this.isActive) return;
    }
    return this.detach((what) => notConnected(what, name));
  }

  /** Closes the connection to a worker that was disconnected before it served. */
  private leave(): void {
    if (this.isDisconnected && !this.hasEnded) {
      this.connected.flush();
      this.leaveAlone();
    }
  }

  private detach(reason: (what: string) => Error): void | Promise<void> {
    this.isDisconnected = true;
    this.isConnected = false;
    this.requests.failAll((type) => reason(finish(type)));
    // One that is starting still has to read its start-up data, and what was posted.
    if (!this.wasReady) return;
    this.settleReady.reject(reason('connect'));
    const closing = this.connected.close();
    this.channel.release?.();
    return closing;
  }

  /** Ends a connection that nobody waits for. */
  private leaveAlone(connected = this.connected): void {
    void connected.close()?.catch((error: Error) => this.init.log('warn', error.message));
  }

  /** Connects to the same worker again; resolves when it is, with whether it was not before. */
  async reconnect(): Promise<boolean> {
    // Another call is about to.
    if (this.attaching !== undefined) {
      await this.attaching;
      await this.ready;
      return false;
    }
    if (this.losing !== undefined) await this.whileReconnecting(this.losing);
    if (this.hasEnded || this.isClosing || this.failure !== undefined) throw this.loss();
    const wasDisconnected = this.isDisconnected;
    if (wasDisconnected) {
      try {
        await this.whileReconnecting(this.attachAgain());
      } catch (error) {
        // It may be ending.
        throw (await within(Date.now() + EXIT_GRACE, this.gone)) ? this.loss() : error;
      }
    }
    await this.ready;
    this.requests.connection.setHold(this.hold);
    return wasDisconnected;
  }

  private async whileReconnecting(step: Promise<void>): Promise<void> {
    this.reconnecting = step;
    try {
      await step;
    } finally {
      if (this.reconnecting === step) this.reconnecting = undefined;
    }
  }

  private loss(): Error {
    return this.failure?.() ?? workerClosed('reconnect', this.init.name);
  }

  private async attachAgain(): Promise<void> {
    const { channel, init } = this;
    if (!this.wasReady) {
      this.isDisconnected = false;
      return;
    }
    if (channel.reconnect === undefined) throw unsupportedByDriver(init.driver, 'reconnect()', 'child_process');
    // Where it can be at once, requests of this tick go out over it.
    const connecting = channel.reconnect({ ...this.setup(), startupData: undefined });
    const connected = 'then' in connecting ? await this.waitFor(connecting) : connecting;
    if (this.hasEnded) {
      this.leaveAlone(connected);
      throw this.loss();
    }
    this.attach(connected);
    this.ready = this.expectReady();
    this.isTakenOver = false;
    this.isDisconnected = false;
    // Who waits for it is kept alive.
    this.requests.connection.setHold(1);
  }

  private async waitFor(connecting: Promise<ConnectedHost>): Promise<ConnectedHost> {
    this.attaching = connecting;
    try {
      return await connecting;
    } finally {
      this.attaching = undefined;
    }
  }

  /** Lets requests end, or rejects them, then asks the worker to stop, then makes it. */
  async close(timeout: number, pending: 'finish' | 'reject'): Promise<Ending> {
    if (this.hasEnded) return this.gone;
    const { channel, init } = this;
    const deadline = Date.now() + (timeout === 0 ? Infinity : timeout);
    this.isClosing = true;
    init.log('debug', 'closing');
    channel.setRef(true);
    if (await this.canAsk(deadline)) {
      const { connection } = this.requests;
      connection.setHold(1);
      if (pending === 'reject') this.requests.failAll((type) => workerClosed(finish(type), init.name));
      await within(deadline, Promise.race([this.drained(), this.left]));
      if (this.hasLeft) return this.left;
      connection.askToClose();
      this.connected.flush();
      channel.askToEnd();
    } else if (!this.hasLeft) {
      channel.kill('SIGTERM');
    }
    if (!(await within(deadline, Promise.race([this.gone, this.left])))) {
      init.log('warn', `did not stop within ${timeout} ms; terminating it`);
      await this.terminate();
    }
    return this.hasLeft ? this.left : this.gone;
  }

  /** Connects again where need be: the worker is to end in good order. It does not where another host has it. */
  private async canAsk(deadline: number): Promise<boolean> {
    if (!this.isDisconnected) return true;
    try {
      return await within(deadline, this.reconnecting ?? this.attachAgain());
    } catch (error) {
      if ((error as WorkerError).code === 'ERR_WORKER_OCCUPIED' && !this.isForced) this.leaveToOther();
      return false;
    }
  }

  /** A detached worker that another host uses is that one's to end. */
  private leaveToOther(): void {
    const { channel, init } = this;
    init.log('debug', 'left to another host');
    this.hasLeft = true;
    this.isConnected = false;
    this.requests.failAll((type) => workerClosed(finish(type), init.name));
    this.connected.close();
    channel.release?.();
    channel.setRef(false);
    this.resolveLeft({ reason: { type: 'close' } });
  }

  /** Ends the worker at once. */
  async terminate(): Promise<Ending> {
    this.isClosing = this.isForced = true;
    if (!this.hasEnded) {
      this.channel.setRef(true);
      this.channel.kill('SIGTERM');
      if (!(await within(Date.now() + TERMINATE_GRACE, this.gone))) this.channel.kill('SIGKILL');
    }
    return this.gone;
  }

  /** The same without asking first. */
  kill(): Promise<Ending> {
    this.isClosing = this.isForced = true;
    if (!this.hasEnded) {
      this.channel.setRef(true);
      this.channel.kill('SIGKILL');
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

  private readonly onControl = (what: number, number: number, payload: unknown, detail: string): void => {
    const { log, name, setup } = this.init;
    switch (what) {
      case Control.Ready:
        this.wasReady = true;
        log('debug', 'ready');
        this.settleReady.resolve();
        if (this.isDisconnected) queueMicrotask(() => this.leave());
        else this.isConnected = true;
        return;
      case Control.Mismatch:
        return this.giveUp(fromNative(detail));
      case Control.HandshakeTimedOut:
        // One that has served before is only busy.
        if (this.wasReady) {
          const closing = this.detach(() => connectTimeout(name, setup.options.startupTimeout));
          return void closing?.catch((error: Error) => log('warn', error.message));
        }
        return this.giveUp(startTimeout(name, setup.options.startupTimeout));
      case Control.UnknownNotification:
        if (detail === KEPT_RESULT) return this.onKept(payload);
        if (detail === TAKEN_OVER) return void (this.isTakenOver = true);
        return log('warn', `a notification "${detail}" from the worker was dropped: a host has no handlers`);
      case Control.Dropped:
        return log('warn', `a message from the worker was dropped: ${detail}`);
      case Control.Fatal:
        if (payload !== undefined) this.fatal = thrownOf(decodeError(payload));
        return;
      case Control.End:
        return this.onEnd(number !== 0);
    }
  };

  /**
   * The worker is of no use: everything fails with `error`, and the process is ended. A detached worker that has served a
   * host before lives on: it is of use to others.
   */
  private giveUp(error: Error): void {
    const { channel } = this;
    if (channel.isDetached === true && (this.wasReady || channel.release !== undefined)) {
      this.isDisconnected = true;
      this.settleReady.reject(error);
      this.requests.failAll(() => error);
      this.leaveAlone();
      channel.release?.();
      return;
    }
    this.failure = () => error;
    this.settleReady.reject(error);
    this.requests.failAll(() => error);
    this.channel.kill('SIGKILL');
  }

  /** The connection has ended. The process is ending too, or must not stay without one. */
  private onEnd(midFrame: boolean): void {
    if (this.channel.isDetached === true) {
      this.losing = this.onLost();
      return;
    }
    this.isConnected = false;
    this.connectionEnded = true;
    if (midFrame) this.init.log('warn', 'the connection ended in the middle of a message');
    this.channel.setRef(true);
    void within(Date.now() + EXIT_GRACE, this.gone).then((gone) => {
      if (!gone) this.channel.kill('SIGKILL');
    });
  }

  /** The connection to a detached worker has ended: with the worker, or because another host took over. */
  private async onLost(): Promise<void> {
    const { channel, init } = this;
    this.isConnected = false;
    this.connectionEnded = true;
    if (this.isTakenOver && this.isClosing && !this.isForced) return this.leaveToOther();
    const deadline = Date.now() + (this.isTakenOver ? 0 : EXIT_GRACE);
    do {
      const gone = (await channel.pulse(LOST_TIMEOUT)) === GONE;
      if (gone) channel.setRef(true);
      if (gone || this.hasEnded || this.isClosing) return void (await this.gone);
    } while (!(await within(Math.min(deadline, Date.now() + LOOK), this.gone)) && Date.now() < deadline);
    if (this.hasEnded || this.isClosing) return void (await this.gone);
    this.connectionEnded = false;
    this.isDisconnected = true;
    this.requests.failAll((type) => notConnected(finish(type), init.name));
    this.settleReady.reject(notConnected('start', init.name));
    this.requests.connection.close();
    channel.release?.();
    init.onDisconnected();
  }

  /** What an earlier host's request has come to. */
  private onKept(payload: unknown): void {
    const { setup, onKept } = this.init;
    const outcome = setup.codec.decode(payload);
    if (outcome instanceof Undecodable) return;
    const { type, tx, result, error } = outcome as KeptOutcome;
    onKept(error === undefined ? { type, tx, result } : { type, tx, error: decodeError(error) });
  }

  /** It has ended while this thread was blocked, which is told of that later. */
  lostWhileBlocked(messageType: string, told: unknown): Error {
    const { channel, init } = this;
    const { pid, lastWords: stderr } = channel;
    if (this.failure !== undefined) return this.failure(messageType);
    const reason = channel.peekEnd?.(EXIT_GRACE) ?? { type: 'close' };
    const cause = told === undefined ? this.fatal : thrownOf(decodeError(told));
    const phase = this.wasReady ? 'running' : 'startup';
    return new WorkerCrashedError(init.name, { pid, reason, phase, messageType, stderr, cause });
  }

  /** It has not become ready in time while this thread was blocked. */
  unreadyWhileBlocked(): Error {
    const { name, setup } = this.init;
    return startTimeout(name, setup.options.startupTimeout);
  }

  private onExit(ending: Ending): Ending {
    const { connection } = this.requests;
    const { name, log } = this.init;
    const { reason } = ending;
    // What it sent before its end comes before the news of it.
    if (!this.isDisconnected) connection.drain();
    this.hasEnded = true;
    this.isConnected = false;
    const cause = this.fatal ?? ending.cause;
    const { pid, lastWords: stderr } = this.channel;
    const phase = this.wasReady ? 'running' : 'startup';
    const crashed = (messageType?: string) =>
      new WorkerCrashedError(name, { pid, reason, phase, messageType, stderr, cause });
    const closed = (messageType?: string) =>
      workerClosed(messageType === undefined ? 'start' : `finish "${messageType}"`, name);
    if (!this.isClosing) {
      this.crash = crashed();
      this.failure ??= crashed;
    }
    const failure = this.failure ?? closed;
    this.settleReady.reject(failure());
    this.requests.failAll(failure);
    connection.close();
    log('debug', 'gone', reason);
    return ending;
  }
}

function finish(type: string | undefined): string {
  return type === undefined ? 'drain' : `finish "${type}"`;
}

/** What was thrown need be no error. */
function thrownOf(error: Error): unknown {
  return error instanceof WorkerError && error.code === 'ERR_THROWN_VALUE' ? error.cause : error;
}
