import type { Readable } from 'node:stream';

import type { ConnectedHost, ConnectionSetup } from '../../connection/connection.js';
import { driverFailed } from '../../errors/driver-errors.js';
import { WorkerError } from '../../errors/worker-error.js';
import { connectTimeout } from '../../errors/host-errors.js';
import { LastLines } from '../last-lines.js';
import type { Driver, DriverChannel } from '../../types/driver.js';
import type { ShutdownReason } from '../../types/shutdown-reason.js';
import { DriverWire } from '../../value-connection/wires/driver-wire.js';
import { ValueConnection } from '../../value-connection/host-connection.js';
import { settlesBy } from '../../util/with-timeout.js';
import { ALIVE, GONE, type Pulse } from '../pulse.js';
import type { Ending, HostChannel } from '../host-channel.js';
import { checkEnd } from '../to-driver.js';
import { clearTimeout, now, setTimeout } from '../../util/primordials.js';

/** How long a driver may take to report the end after it has killed the worker, in milliseconds. */
const KILL_GRACE = 500;
/** How long it may take to disconnect, in milliseconds. */
const DISCONNECT_TIMEOUT = 5000;

/** A worker that a custom driver has started. */
export class CustomChannel implements HostChannel {
  readonly isCore = true;
  readonly movesValues = true;
  readonly stdout: Readable | null;
  readonly stderr: Readable | null;
  readonly exited: Promise<Ending>;
  private resolveExited!: (ending: Ending) => void;
  private readonly lastLines: LastLines | undefined;
  private closing: Promise<void> | undefined;
  private killed: NodeJS.Timeout | undefined;
  private hasEnded = false;
  private isDisconnected = false;
  private isReferenced = false;
  /** The disconnects and reconnects of the driver, one at a time. */
  private turn: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly driver: Driver,
    private channel: DriverChannel,
    private readonly worker: string,
  ) {
    this.stdout = channel.stdout ?? null;
    this.stderr = channel.stderr ?? null;
    this.lastLines = this.stderr === null ? undefined : new LastLines(this.stderr);
    this.exited = new Promise((resolve) => (this.resolveExited = resolve));
  }

  get pid(): number | undefined {
    return this.channel.pid;
  }

  get title(): string {
    return this.pid === undefined ? `a worker of "${this.driver.name}"` : `process ${this.pid}`;
  }

  get stderrTail(): string[] | undefined {
    return this.lastLines?.get();
  }

  connect(setup: ConnectionSetup): ConnectedHost {
    return this.connectTo(this.channel, setup);
  }

  private connectTo(channel: DriverChannel, setup: ConnectionSetup): ConnectedHost {
    const { name, capabilities } = this.driver;
    // From here on the new channel keeps the host alive.
    if (this.channel !== channel) this.channel.unref?.();
    this.channel = channel;
    this.isDisconnected = false;
    const wire = new DriverWire(channel, name, capabilities.sharedMemory === true, (reason, error) => {
      // A newer channel reports the end.
      if (this.channel === channel) this.end(reason, error);
    });
    const connected = ValueConnection.connect(wire, setup);
    const close = () => {
      connected.close();
      if (this.isReferenced) channel.ref?.();
      return this.disconnect(channel);
    };
    return { ...connected, close };
  }

  private disconnect(channel: DriverChannel): Promise<void> | undefined {
    const { driver } = this;
    if (this.hasEnded || driver.disconnect === undefined) return undefined;
    this.isDisconnected = true;
    return this.inTimeToDisconnect(this.inTurn('could not disconnect', () => driver.disconnect?.(channel)));
  }

  /** Meanwhile it keeps the host alive too. */
  private async inTimeToDisconnect(ending: Promise<void>): Promise<void> {
    if (await settlesBy(now() + DISCONNECT_TIMEOUT, ending)) return;
    const cause = new Error(`it took more than ${DISCONNECT_TIMEOUT} ms`);
    throw driverFailed(this.driver.name, 'could not disconnect', cause);
  }

  /** Within the time that a start may take. */
  async reconnect(setup: ConnectionSetup): Promise<ConnectedHost> {
    const { driver, channel } = this;
    const { startupTimeout } = setup.options;
    const opening = this.inTurn('could not reconnect', async () => {
      const next = await driver.reconnect?.(channel);
      checkEnd(driver, 'reconnect', next);
      if (next === channel) throw new TypeError('its reconnect() must return a new channel');
      return next as DriverChannel;
    });
    const deadline = now() + (startupTimeout === 0 ? Infinity : startupTimeout);
    if (await settlesBy(deadline, opening)) return this.connectTo(await opening, setup);
    opening.then((late) => this.disconnect(late)).catch(() => {});
    throw connectTimeout(this.worker, startupTimeout);
  }

  private inTurn<T>(what: string, act: () => T | Promise<T>): Promise<T> {
    const done = this.turn.then(act).catch((error: unknown) => {
      throw error instanceof WorkerError ? error : driverFailed(this.driver.name, what, error);
    });
    this.turn = done.catch(() => {});
    return done;
  }

  private end(reason: ShutdownReason, cause?: Error): void {
    this.hasEnded = true;
    clearTimeout(this.killed);
    this.resolveExited({ reason, cause });
  }

  /** A driver reports no more than that. */
  async pulse(): Promise<Pulse> {
    return (this.channel.isConnected || this.isDisconnected) && !this.hasEnded ? ALIVE : GONE;
  }

  askToEnd(): void {
    this.closing ??= Promise.resolve()
      .then(() => this.channel.close())
      .then(
        () => this.end({ type: 'close' }),
        // The caller then kills it, in due time.
        () => {},
      );
  }

  kill(signal: 'SIGTERM' | 'SIGKILL'): void {
    const { channel } = this;
    if (this.hasEnded) return;
    if (channel.terminate === undefined) this.askToEnd();
    else void (async () => channel.terminate?.(signal))().catch(() => {});
    // A driver that does not report the end must not block the host.
    if (signal === 'SIGKILL') this.killed ??= setTimeout(() => this.end({ type: 'close' }), KILL_GRACE);
  }

  setRef(referenced: boolean): void {
    this.isReferenced = referenced;
    if (referenced) this.channel.ref?.();
    else this.channel.unref?.();
  }
}
