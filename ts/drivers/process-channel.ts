import type { ChildProcess } from 'node:child_process';
import type { Socket } from 'node:net';
import type { Readable } from 'node:stream';

import type { ConnectedHost, ConnectionSetup } from '../connection.js';
import { LastLines } from '../last-lines.js';
import { fromNative } from '../errors.js';
import type { NativeLifeline, NativePair } from '../native/binding.js';
import { type NamedSocket, removeSocketFiles } from '../socket-files.js';
import { getNative } from '../native/environment.js';
import { connectNative } from '../native/host-connection.js';
import { peekEnd } from '../native/peek-end.js';
import type { ShutdownReason } from '../types/shutdown-reason.js';
import type { ProcessResourceLimits } from '../types/process-options.js';
import { knock } from './attached-channel.js';
import type { Ending, HostChannel } from './host-channel.js';
import { ProcessPulse } from './process-pulse.js';
import { limitThatEnded } from './resource-limits.js';
import type { Terminal } from './terminal.js';

/** How long the rest of a dead worker's output may take to arrive, in milliseconds. A grandchild may hold it open. */
const OUTPUT_GRACE = 500;

/** A running child process and the host's end of its connection. */
export class ProcessChannel implements HostChannel {
  readonly isCore = true;
  readonly movesValues = false;
  readonly pid: number;
  readonly stdout: Readable | null;
  readonly stderr: Readable | null;
  /** Resolves when the process is gone and its output has been read. */
  readonly exited: Promise<Ending>;
  private readonly lastLines: LastLines | undefined;
  outputIsTold = false;
  private readonly life: ProcessPulse;
  private gone = false;

  constructor(
    private readonly child: ChildProcess,
    private readonly pair: NativePair,
    private readonly lifeline: NativeLifeline,
    private readonly options: {
      readonly limits: ProcessResourceLimits;
      readonly killTree: boolean;
      readonly terminal?: Terminal | undefined;
    },
    private readonly socket?: NamedSocket,
  ) {
    this.life = new ProcessPulse(lifeline);
    this.pid = child.pid as number;
    this.stdout = child.stdout;
    this.stderr = child.stderr;
    this.lastLines = child.stderr === null ? undefined : new LastLines(child.stderr);
    this.exited = new Promise((resolve) => {
      child.once('exit', (code, signal) => {
        this.gone = true;
        // What it has started must not hold its streams open.
        if (options.killTree) this.signalGroup('SIGKILL');
        const cause = limitThatEnded(options.limits, signal, lifeline.report());
        lifeline.close();
        if (code !== 0) options.terminal?.restore();
        // Where nobody has connected.
        pair.close();
        if (socket !== undefined) removeSocketFiles(socket);
        const done = () => resolve({ reason: { type: 'exit', code, signal }, cause });
        if (child.stderr === null && child.stdout === null) return done();
        const grace = setTimeout(done, OUTPUT_GRACE).unref();
        child.once('close', () => {
          clearTimeout(grace);
          done();
        });
      });
    });
  }

  get title(): string {
    return `process ${this.pid}`;
  }

  connect(setup: ConnectionSetup): ConnectedHost {
    try {
      return connectNative(this.pair, setup);
    } catch (error) {
      this.kill('SIGKILL');
      this.pair.close();
      throw error;
    }
  }

  get isDetached(): boolean {
    return this.socket !== undefined;
  }

  get socketPath(): string | undefined {
    return this.socket?.path;
  }

  /** Over a new pair, whose other end goes to the worker over the lifeline; by the door, where others may have come. */
  reconnect(setup: ConnectionSetup): ConnectedHost | Promise<ConnectedHost> {
    if (this.socket !== undefined) {
      const knocking = knock(this.socket, 'messages', setup.options.startupTimeout);
      return knocking.then((attachment) => connectNative(attachment.pair(), setup));
    }
    const pair = new (getNative().addon.NativePair)();
    try {
      this.lifeline.pass(pair);
      return connectNative(pair, setup);
    } catch (error) {
      pair.close();
      throw fromNative(error);
    }
  }

  pulse(timeout: number, referenced = true): Promise<number> {
    return this.life.ask(timeout, referenced);
  }

  get isDebugged(): boolean {
    return this.lifeline.isDebugged;
  }

  peekEnd(timeout: number): ShutdownReason | undefined {
    return peekEnd(this.pid, timeout);
  }

  askToEnd(): void {}

  /** The last lines of standard error, where it is piped. */
  get lastWords(): string[] | undefined {
    return this.lastLines?.get();
  }

  /** Sends a signal, unless the process is gone. */
  kill(signal: NodeJS.Signals): void {
    if (this.gone) return;
    if (!this.options.killTree || !this.signalGroup(signal)) this.child.kill(signal);
  }

  /** `false`: nobody is in it. */
  private signalGroup(signal: NodeJS.Signals): boolean {
    try {
      return process.kill(-this.pid, signal);
    } catch {
      return false;
    }
  }

  /** Whether the process keeps the host alive. */
  setRef(referenced: boolean): void {
    if (this.gone) return;
    try {
      if (referenced) this.child.ref();
      else this.child.unref();
      if (!this.outputIsTold) return;
      // Nobody waits for its end.
      for (const stream of [this.stdout, this.stderr] as (Partial<Socket> | null)[]) {
        if (referenced) stream?.ref?.();
        else stream?.unref?.();
      }
    } catch {
      // Deno throws for a process that has ended and has not been reported yet.
    }
  }
}
