import type { ConnectedHost, ConnectionSetup } from '../connection.js';
import { notConnected } from '../host-errors.js';
import type { Incarnation, IncarnationInit } from '../incarnation.js';
import { within } from '../within.js';
import { EXIT_GRACE } from './condition.js';
import { finish } from './failures.js';

/** How long to wait for a sign of life, in milliseconds; the worker's own thread gives it. */
const LOST_TIMEOUT = 1000;
const GONE = -3;
/** How often it is looked whether a worker is gone whose connection has ended, in milliseconds. */
const LOOK = 20;

/** A worker's connection, which may end and be made again while the worker lives. */
export class Attachment {
  /** Resolves when the worker serves; rejects when it ends before. */
  ready: Promise<void>;
  /** Settles when it is known whether a detached worker was lost, or its connection alone. */
  losing: Promise<void> | undefined;
  private settleReady!: { resolve(): void; reject(error: Error): void };
  private connected!: ConnectedHost;
  private hold: -1 | 0 | 1 = 1;

  constructor(
    private readonly worker: Incarnation,
    private readonly init: IncarnationInit,
    private readonly setup: ConnectionSetup,
  ) {
    this.ready = this.expectReady();
  }

  private expectReady(): Promise<void> {
    const ready = new Promise<void>((resolve, reject) => (this.settleReady = { resolve, reject }));
    // Who does not wait for it learns of a failure from the requests.
    ready.catch(() => {});
    return ready;
  }

  /** Called once, before any other. */
  connect(): void {
    this.attach(this.init.channel.connect(this.setup));
  }

  private attach(connected: ConnectedHost): void {
    this.connected = connected;
    this.init.requests.attach(connected);
    connected.connection.setHold(this.hold);
  }

  /** Whether it keeps the host alive: -1 never, 0 while requests are in flight, 1 always. */
  setHold(hold: -1 | 0 | 1): void {
    const { condition } = this.worker;
    const { channel, requests } = this.init;
    this.hold = hold;
    if (condition.hasEnded || condition.isClosing) return;
    requests.connection.setHold(hold);
    // A process without its connection is about to end, and what waits for that would not be told.
    if (!condition.connectionEnded || channel.isDetached === true) channel.setRef(hold === 1);
  }

  /** The worker serves. */
  onReady(): void {
    const { condition } = this.worker;
    condition.wasReady = true;
    this.init.log('debug', 'ready');
    this.settleReady.resolve();
    if (condition.isDisconnected) queueMicrotask(() => this.leave());
    else condition.isConnected = true;
  }

  /** The worker will not serve. */
  fail(error: Error): void {
    this.settleReady.reject(error);
  }

  flush(): void {
    this.connected.flush();
  }

  close(): void | Promise<void> {
    return this.connected.close();
  }

  /** Ends the connection alone: the worker keeps running. What is in flight rejects. */
  disconnect(): void | Promise<void> {
    const { condition } = this.worker;
    if (!condition.isActive) return;
    const { name, requests } = this.init;
    if (condition.wasReady) {
      this.flush();
      // What has arrived is delivered first: it would be lost.
      requests.connection.drain();
      if (!condition.isActive) return;
    }
    return this.detach((what) => notConnected(what, name));
  }

  /** Closes the connection to a worker that was disconnected before it served. */
  private leave(): void {
    const { condition } = this.worker;
    if (condition.isDisconnected && !condition.hasEnded) {
      this.flush();
      this.leaveAlone();
    }
  }

  /** Ends the connection, and what is in flight with the error that `reason` makes. */
  detach(reason: (what: string) => Error): void | Promise<void> {
    const { condition } = this.worker;
    const { channel, requests } = this.init;
    condition.isDisconnected = true;
    condition.isConnected = false;
    requests.failAll((type) => reason(finish(type)));
    // One that is starting still has to read its start-up data, and what was posted.
    if (!condition.wasReady) return;
    this.fail(reason('connect'));
    const closing = this.close();
    channel.release?.();
    return closing;
  }

  /** Ends a connection that nobody waits for. */
  leaveAlone(connected = this.connected): void {
    void connected.close()?.catch((error: Error) => this.init.log('warn', error.message));
  }

  /** There is another connection, over which the worker has not said that it serves. */
  renew(connected: ConnectedHost): void {
    const { condition } = this.worker;
    this.attach(connected);
    this.ready = this.expectReady();
    condition.isTakenOver = false;
    condition.isDisconnected = false;
    // Who waits for it is kept alive.
    connected.connection.setHold(1);
  }

  /** Who waited for it need not any more. */
  restoreHold(): void {
    this.init.requests.connection.setHold(this.hold);
  }

  /** The connection to a detached worker has ended: with the worker, or because another host took over. */
  onLost(): void {
    this.losing = this.lose();
  }

  private async lose(): Promise<void> {
    const { condition, shutdown } = this.worker;
    const { channel, requests, name, onDisconnected } = this.init;
    condition.isConnected = false;
    condition.connectionEnded = true;
    if (condition.isTakenOver && condition.isClosing && !condition.isForced) return shutdown.leaveToOther();
    const isOver = () => condition.hasEnded || condition.isClosing;
    const deadline = Date.now() + (condition.isTakenOver ? 0 : EXIT_GRACE);
    do {
      const gone = (await channel.pulse(LOST_TIMEOUT)) === GONE;
      if (gone) channel.setRef(true);
      if (gone || isOver()) return void (await this.worker.gone);
    } while (!(await within(Math.min(deadline, Date.now() + LOOK), this.worker.gone)) && Date.now() < deadline);
    if (isOver()) return void (await this.worker.gone);
    condition.connectionEnded = false;
    condition.isDisconnected = true;
    requests.failAll((type) => notConnected(finish(type), name));
    this.fail(notConnected('start', name));
    requests.connection.close();
    channel.release?.();
    onDisconnected();
  }
}
