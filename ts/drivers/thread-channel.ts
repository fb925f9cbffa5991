import type { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import type { MessagePort, Worker } from 'node:worker_threads';

import type { ConnectedHost, ConnectionSetup } from '../connection.js';
import { LastLines } from '../last-lines.js';
import { getNative } from '../native/environment.js';
import { ValueConnection } from '../values/host-connection.js';
import { PortWire } from '../values/port-wire.js';
import { ThreadBlocker } from '../values/thread-blocker.js';
import { Said } from '../values/thread-data.js';
import type { Ending, HostChannel } from './host-channel.js';

const UNKNOWN = -1;
const GONE = -3;
/** How long a thread is watched to see whether it waits, in milliseconds. */
const LOOK = 5;

/** Bun and Deno do not tell of the loop of another thread. */
function hasPulse(): boolean {
  return process.versions['bun'] === undefined && process.versions['deno'] === undefined;
}

/** A running worker thread and the host's end of its connection. */
export class ThreadChannel implements HostChannel {
  readonly isCore = true;
  readonly movesValues = true;
  readonly pid = undefined;
  readonly title: string;
  readonly stdout: Readable | null;
  readonly stderr: Readable | null;
  readonly exited: Promise<Ending>;
  private readonly lastLines: LastLines | undefined;
  private gone = false;
  private isKilled = false;
  /** Since when its loop has not waited, and how long it had waited in its life by then. */
  private busy: { readonly since: number; readonly idle: number } | undefined;

  constructor(
    private readonly thread: Worker,
    private readonly port: MessagePort,
    private readonly said: Int32Array,
    piped: { readonly stdout: boolean; readonly stderr: boolean },
  ) {
    this.title = `thread ${thread.threadId}`;
    this.stdout = piped.stdout ? thread.stdout : null;
    this.stderr = piped.stderr ? thread.stderr : null;
    this.lastLines = this.stderr === null ? undefined : new LastLines(this.stderr);
    this.exited = new Promise((resolve) => {
      let cause: Error | undefined;
      thread.on('error', (error: Error) => (cause ??= error));
      thread.once('exit', (code) => {
        this.gone = true;
        resolve({ reason: { type: 'exit', code, signal: null }, cause });
      });
    });
  }

  get lastWords(): string[] | undefined {
    return this.lastLines?.get();
  }

  connect(setup: ConnectionSetup): ConnectedHost {
    const { environment, onNews } = getNative();
    const blocker = new ThreadBlocker(this.said, () => this.isGone, environment);
    const wire = new PortWire(this.port, 'worker_threads', { blocker, onReceived: onNews });
    const connected = ValueConnection.connectBlocking(wire, setup);
    Atomics.store(this.said, Said.Handshake, 1);
    Atomics.notify(this.said, Said.Handshake);
    return connected;
  }

  /** Whether its loop has waited lately is known to every thread; since when it has not, is not. */
  async pulse(_timeout: number, referenced = true): Promise<number> {
    if (this.gone) return GONE;
    if (!hasPulse()) return UNKNOWN;
    const before = { since: performance.now(), idle: this.idle };
    await delay(LOOK, undefined, { ref: referenced });
    if (this.gone) return GONE;
    const { idle } = this;
    const last = this.busy?.idle === idle ? this.busy : before;
    this.busy = last.idle === idle ? last : undefined;
    return this.busy === undefined ? 0 : performance.now() - this.busy.since;
  }

  /** Whether it has ended, or is about to, as far as that is known to a thread that is blocked. */
  private get isGone(): boolean {
    return this.gone || this.isKilled || Atomics.load(this.said, Said.Ending) === 1 || (hasPulse() && this.idle < 0);
  }

  private get idle(): number {
    return this.thread.performance.eventLoopUtilization().idle;
  }

  askToEnd(): void {}

  kill(): void {
    this.isKilled = true;
    if (!this.gone) void this.thread.terminate();
  }

  setRef(referenced: boolean): void {
    if (this.gone) return;
    if (referenced) this.thread.ref();
    else this.thread.unref();
  }
}
