import type { Readable } from 'node:stream';

import type { ConnectedHost, ConnectionSetup } from '../connection.js';
import { LastLines } from '../last-lines.js';
import type { DriverChannel } from '../types/driver.js';
import type { ShutdownReason } from '../types/shutdown-reason.js';
import { DriverWire } from '../values/driver-wire.js';
import { ValueConnection } from '../values/host-connection.js';
import type { Ending, HostChannel } from './host-channel.js';

/** How long a driver may take to tell the end after it has killed the worker, in milliseconds. */
const KILL_GRACE = 1000;

/** A worker that a user's driver has started. */
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

  constructor(
    private readonly driver: string,
    private readonly channel: DriverChannel,
    private readonly movesMemory: boolean,
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
    return this.pid === undefined ? `a worker of "${this.driver}"` : `process ${this.pid}`;
  }

  get lastWords(): string[] | undefined {
    return this.lastLines?.get();
  }

  connect(setup: ConnectionSetup): ConnectedHost {
    const wire = new DriverWire(this.channel, this.driver, this.movesMemory, (reason, error) =>
      this.end(reason, error),
    );
    return ValueConnection.connect(wire, setup);
  }

  private end(reason: ShutdownReason, cause?: Error): void {
    this.hasEnded = true;
    clearTimeout(this.killed);
    this.resolveExited({ reason, cause });
  }

  /** A driver tells no more than that. */
  async pulse(): Promise<number> {
    return this.channel.isConnected && !this.hasEnded ? -1 : -3;
  }

  askToEnd(): void {
    this.closing ??= Promise.resolve()
      .then(() => this.channel.close())
      .then(
        () => this.end({ type: 'close' }),
        // Then it is killed, in its time.
        () => {},
      );
  }

  kill(signal: 'SIGTERM' | 'SIGKILL'): void {
    const { channel } = this;
    if (this.hasEnded) return;
    if (channel.terminate === undefined) this.askToEnd();
    else void (async () => channel.terminate?.(signal))().catch(() => {});
    // A driver that does not tell the end must not keep the host waiting.
    if (signal === 'SIGKILL') this.killed ??= setTimeout(() => this.end({ type: 'close' }), KILL_GRACE);
  }

  setRef(referenced: boolean): void {
    if (referenced) this.channel.ref?.();
    else this.channel.unref?.();
  }
}
