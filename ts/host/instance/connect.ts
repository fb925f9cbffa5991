import type { ConnectedHost, ConnectionSetup } from '../../connection/connection.js';
import { placeError } from '../../errors/place-error.js';
import { notConnected } from '../../errors/host-errors.js';
import type { WorkerInstanceInit, InstanceParts } from './init.js';
import { settlesBy } from '../../util/with-timeout.js';
import { EXIT_GRACE } from './state.js';
import { finish } from './errors.js';
import { now, queueMicrotask } from '../../util/primordials.js';
import { PulseState, RefMode } from '../../protocol/generated.js';

/** How long to wait for a sign of life, in milliseconds; the worker's own thread gives it. */
const LOST_TIMEOUT = 1000;
/** How often the host checks whether a worker has ended whose connection has ended, in milliseconds. */
const POLL_INTERVAL = 20;

/** A worker's connection, which may end and be replaced while the worker lives. */
export class Attachment {
  /** Resolves when the worker serves; rejects when it ends before. */
  ready: Promise<void>;
  /** Settles when the host knows whether it has lost a detached worker, or only its connection. */
  losing: Promise<void> | undefined;
  private settleReady!: { resolve(): void; reject(error: Error): void };
  private connected!: ConnectedHost;
  private refMode = RefMode.Always;
  private isTakenOver = false;

  constructor(
    private readonly worker: InstanceParts,
    private readonly init: WorkerInstanceInit,
    private readonly setup: ConnectionSetup,
  ) {
    this.ready = this.expectReady();
  }

  private expectReady(): Promise<void> {
    const ready = new Promise<void>((resolve, reject) => (this.settleReady = { resolve, reject }));
    // A caller that does not await it learns of a failure from its requests.
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
    connected.connection.setRefMode(this.refMode);
  }

  /** Whether it keeps the host alive. */
  setRefMode(mode: RefMode): void {
    const { state } = this.worker;
    const { channel, requests } = this.init;
    this.refMode = mode;
    if (state.hasEnded || state.isClosing) return;
    requests.connection.setRefMode(mode);
    // A process without its connection is about to end, and requests must settle.
    if (!state.isLost || channel.isDetached === true) channel.setRef(mode === RefMode.Always);
  }

  /** The worker serves. */
  onReady(): void {
    const { state } = this.worker;
    // The host may have given it up meanwhile.
    if (!state.isAwaited) return;
    state.serve();
    this.init.log('debug', 'ready');
    this.settleReady.resolve();
    if (state.isDisconnected) void queueMicrotask(() => this.leave());
  }

  /** The worker will not serve. */
  fail(error: Error): void {
    const { name, channel } = this.init;
    this.settleReady.reject(placeError(error, { worker: name, pid: channel.pid }) as Error);
  }

  flush(): void {
    this.connected.flush();
  }

  close(): void | Promise<void> {
    return this.connected.close();
  }

  /** Ends only the connection: the worker keeps running. Requests in flight reject. */
  disconnect(): void | Promise<void> {
    const { state } = this.worker;
    if (!state.isActive) return;
    const { name, requests } = this.init;
    if (state.name !== 'starting') {
      this.flush();
      // Delivers arrived messages first, which would be lost.
      requests.connection.drain();
      if (!state.isActive) return;
    }
    return this.detach((what) => notConnected(what, name));
  }

  /** Closes the connection to a worker that was disconnected before it served. */
  private leave(): void {
    if (this.worker.state.connection === 'disconnected') {
      this.flush();
      this.leaveAlone();
    }
  }

  /** Ends the connection, and rejects requests in flight with the error of `reason`. */
  detach(reason: (what: string) => Error): void | Promise<void> {
    const { state } = this.worker;
    const { channel, requests } = this.init;
    // A starting worker still reads its start-up data, and earlier notifications.
    const isStarting = state.connection === 'starting';
    state.move(isStarting ? 'leaving' : 'disconnected');
    requests.failAll((type) => reason(finish(type)));
    if (isStarting) return;
    this.fail(reason('connect'));
    const closing = this.close();
    channel.release?.();
    return closing;
  }

  /** Ends a connection that is not in use. */
  leaveAlone(connected = this.connected): void {
    void connected.close()?.catch((error: Error) => this.init.log('warn', error.message));
  }

  /** There is another connection, over which the worker has not announced that it serves. */
  renew(connected: ConnectedHost): void {
    this.attach(connected);
    this.ready = this.expectReady();
    this.isTakenOver = false;
    this.worker.state.move('reconnecting');
    // A caller waits, so this keeps the host alive.
    connected.connection.setRefMode(RefMode.Always);
  }

  /** The caller no longer needs to wait. */
  restoreRefMode(): void {
    this.init.requests.connection.setRefMode(this.refMode);
  }

  /** The connection has ended by itself. */
  onEnd(): void {
    const { state } = this.worker;
    // The host has killed a worker that has failed.
    if (state.connection !== 'failed') state.move('lost');
  }

  /** The worker has reported that another host replaces this one. */
  onTakenOver(): void {
    this.isTakenOver = true;
  }

  /** The connection to a detached worker has ended: with the worker, or because another host took over. */
  onLost(): void {
    this.losing = this.lose();
  }

  private async lose(): Promise<void> {
    const { state, shutdown } = this.worker;
    const { channel, requests, name, onDisconnected } = this.init;
    this.onEnd();
    const { isTakenOver } = this;
    if (isTakenOver && state.name === 'closing' && !state.isForced) return shutdown.leaveToOther();
    const isOver = () => state.name !== 'lost';
    const deadline = now() + (isTakenOver ? 0 : EXIT_GRACE);
    do {
      const gone = (await channel.pulse(LOST_TIMEOUT)).state === PulseState.Gone;
      if (gone) channel.setRef(true);
      if (gone || isOver()) return void (await this.worker.gone);
    } while (!(await settlesBy(Math.min(deadline, now() + POLL_INTERVAL), this.worker.gone)) && now() < deadline);
    if (isOver()) return void (await this.worker.gone);
    state.move('disconnected');
    requests.failAll((type) => notConnected(finish(type), name));
    this.fail(notConnected('start', name));
    requests.connection.close();
    channel.release?.();
    onDisconnected();
  }
}
