import type { Readable, Writable } from 'node:stream';
import type { MessagePort, Worker } from 'node:worker_threads';

import { MessageChannel } from '../../util/node-threads.js';
import { delay } from '../../util/delay.js';

import type { ConnectedHost, ConnectionSetup } from '../../connection/connection.js';
import { flushAtExit } from '../../addon/exit-flush.js';
import { LastLines } from '../last-lines.js';
import { findNative } from '../../addon/environment.js';
import { ValueConnection } from '../../value-connection/host-connection.js';
import { PortWire } from '../../value-connection/wires/port-wire.js';
import { ThreadBlocker } from '../../value-connection/sync/thread-blocker.js';
import { PORT_LOST, Signal } from '../../value-connection/thread-data.js';
import { ALIVE, busyFor, GONE, type Pulse } from '../pulse.js';
import type { Ending, HostChannel } from '../host-channel.js';
import type { ProcessorUse } from '../host-channel.js';
import { now } from '../../util/primordials.js';

/** How long the host observes a thread to see whether it waits, in milliseconds. */
const POLL_INTERVAL = 5;

/** Bun and Deno do not report the loop of another thread. */
function hasPulse(): boolean {
  return process.versions['bun'] === undefined && process.versions['deno'] === undefined;
}

/** A running worker thread and the host's end of its connection. */
export class ThreadChannel implements HostChannel {
  readonly isCore = true;
  readonly movesValues = true;
  readonly pid = undefined;
  readonly title: string;
  readonly stdin: Writable | null;
  readonly stdout: Readable | null;
  readonly stderr: Readable | null;
  readonly exited: Promise<Ending>;
  private readonly lastLines: LastLines | undefined;
  private gone = false;
  private isKilled = false;
  /** Since when its loop has not waited, and its total idle time by then. */
  private busy: { readonly since: number; readonly idle: number } | undefined;

  constructor(
    private readonly thread: Worker,
    private readonly port: MessagePort,
    private readonly signals: Int32Array,
    piped: { readonly stdout: boolean; readonly stderr: boolean },
    private readonly use: (() => ProcessorUse | undefined) | undefined,
  ) {
    this.title = `thread ${thread.threadId}`;
    // Deno has none.
    this.stdin = thread.stdin ?? null;
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

  get stderrTail(): string[] | undefined {
    return this.lastLines?.get();
  }

  connect(setup: ConnectionSetup): ConnectedHost {
    const native = findNative();
    const spins = setup.options.busyPoll;
    const blocker = new ThreadBlocker(this.signals, () => this.isGone, spins ? native?.environment : undefined);
    const wire = new PortWire(this.port, 'worker_threads', { blocker, onReceived: spins ? native?.onNews : undefined });
    const connected = ValueConnection.connectBlocking(wire, setup);
    this.signalHandshake();
    this.thread.on('message', (message) => {
      if (message !== PORT_LOST || wire.hasHeard) return;
      const { port1, port2 } = new MessageChannel();
      this.thread.postMessage(port2, [port2]);
      wire.replace(port1);
      this.signalHandshake();
    });
    const settled = flushAtExit({ flush: () => this.leave(wire), settle: (millis) => this.waitForLeft(wire, millis) });
    void this.exited.then(settled);
    return connected;
  }

  private signalHandshake(): void {
    Atomics.store(this.signals, Signal.Handshake, 1);
    Atomics.notify(this.signals, Signal.Handshake);
  }

  /** This process is about to end, and the thread with it. */
  private leave(wire: PortWire): void {
    wire.flush();
    if (!wire.hasNotified || this.isGone) return;
    Atomics.store(this.signals, Signal.Leaving, 1);
    wire.wake();
  }

  /** Blocks until the thread has handled posted messages, for at most this many milliseconds. */
  private waitForLeft(wire: PortWire, millis: number): void {
    const deadline = now() + millis;
    while (wire.hasNotified && !this.isGone && now() < deadline) {
      if (Atomics.wait(this.signals, Signal.Left, 0, Math.min(POLL_INTERVAL, deadline - now())) === 'not-equal') return;
    }
  }

  /** Every thread can see whether its loop has waited lately, but not since when it has not. */
  async pulse(_timeout: number, referenced = true): Promise<Pulse> {
    if (this.gone) return GONE;
    if (!hasPulse()) return ALIVE;
    const before = { since: now(), idle: this.idle };
    await delay(POLL_INTERVAL, undefined, { ref: referenced });
    if (this.gone) return GONE;
    const { idle } = this;
    const last = this.busy?.idle === idle ? this.busy : before;
    this.busy = last.idle === idle ? last : undefined;
    return busyFor(this.busy === undefined ? 0 : now() - this.busy.since);
  }

  /** Whether it has ended, or is about to, as far as a blocked thread can know. */
  private get isGone(): boolean {
    return (
      this.gone || this.isKilled || Atomics.load(this.signals, Signal.Ending) === 1 || (hasPulse() && this.idle < 0)
    );
  }

  private get idle(): number {
    return this.thread.performance.eventLoopUtilization().idle;
  }

  used(): ProcessorUse | undefined {
    return this.gone ? undefined : this.use?.();
  }

  askToEnd(): void {}

  kill(): void {
    // Each call would add a listener.
    if (!this.gone && !this.isKilled) void this.thread.terminate();
    this.isKilled = true;
  }

  setRef(referenced: boolean): void {
    if (this.gone) return;
    if (referenced) this.thread.ref();
    else this.thread.unref();
  }
}
