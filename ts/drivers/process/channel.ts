import type { ChildProcess } from 'node:child_process';
import type { Socket } from 'node:net';
import { constants } from 'node:os';
import type { Readable, Writable } from 'node:stream';

import type { ConnectedHost, ConnectionSetup } from '../../connection/connection.js';
import { LastLines } from '../last-lines.js';
import { fromNative } from '../../errors/from-native.js';
import type { NativeLifeline, NativePair, NativeProcess, NativeSocket } from '../../addon/binding.js';
import { type NamedSocket, removeSocketFiles } from '../../detached/socket-files.js';
import { getNative } from '../../addon/environment.js';
import type { Pulse } from '../pulse.js';
import { connectNative } from '../../byte-connection/host-connection.js';
import { probeExit } from '../../addon/exit-probe.js';
import type { ProcessorUse } from '../host-channel.js';
import type { ShutdownReason } from '../../types/shutdown-reason.js';
import type { ProcessResourceLimits } from '../../types/process-options.js';
import { connectWorker } from './attached-channel.js';
import type { Ending, HostChannel } from '../host-channel.js';
import { ProcessPulse } from './liveness.js';
import { processorUse } from './processor-use.js';
import { limitThatEnded } from './resource-limits.js';
import type { Terminal } from './terminal.js';
import { clearTimeout, setTimeout } from '../../util/primordials.js';

const isWindows = process.platform === 'win32';
/** How long the rest of a dead worker's output may take to arrive, in milliseconds. A grandchild may hold its pipe open. */
const OUTPUT_GRACE = 500;

/** A running child process and the host's end of its connection. */
export class ProcessChannel implements HostChannel {
  readonly isCore = true;
  readonly movesValues = false;
  readonly pid: number;
  readonly stdin: Writable | null;
  readonly stdout: Readable | null;
  readonly stderr: Readable | null;
  /** Resolves when the process has ended and its output has been read. */
  readonly exited: Promise<Ending>;
  private readonly lastLines: LastLines | undefined;
  isOutputReported = false;
  private readonly life: ProcessPulse;
  private gone = false;
  private readonly process: NativeProcess;

  constructor(
    private readonly child: ChildProcess,
    private readonly pair: NativePair,
    private readonly lifeline: NativeLifeline,
    private readonly options: {
      readonly limits: ProcessResourceLimits;
      readonly killTree: boolean;
      readonly terminal?: Terminal | undefined;
      /** Keeps only the last lines of its standard error. */
      readonly keepsLines: boolean;
    },
    private readonly socket?: NamedSocket,
    claim?: NativeSocket,
  ) {
    this.life = new ProcessPulse(lifeline);
    this.pid = child.pid as number;
    // No code has reaped it yet: this number is the process, not a later one.
    const { NativeProcess } = getNative().addon;
    this.process = new NativeProcess(this.pid, options.killTree, socket !== undefined);
    this.stdin = child.stdin;
    // A worker may end, or close it, before it has read all: that is no error of the host.
    child.stdin?.on('error', () => {});
    this.stdout = child.stdout;
    this.stderr = options.keepsLines ? null : child.stderr;
    // No code waits for it.
    if (options.keepsLines) (child.stderr as Partial<Socket> | null)?.unref?.();
    this.lastLines = child.stderr === null ? undefined : new LastLines(child.stderr);
    this.exited = new Promise((resolve) => {
      child.once('exit', (code, signal) => {
        this.gone = true;
        // Its child processes must not hold its streams open.
        if (options.killTree) this.process.signalGroup(constants.signals.SIGKILL);
        this.process.close();
        const cause = limitThatEnded(options.limits, code, signal, lifeline.report());
        lifeline.close();
        if (code !== 0) options.terminal?.restore();
        // If no host has connected.
        pair.close();
        claim?.close();
        if (socket !== undefined) removeSocketFiles(socket);
        const done = () => resolve({ reason: { type: 'exit', code, signal }, cause });
        if (child.stderr === null && child.stdout === null) return done();
        const grace = setTimeout(() => {
          // A leftover child process may write to them for ever: the host does not wait for that.
          for (const stream of [child.stdout, child.stderr] as (Partial<Socket> | null)[]) stream?.unref?.();
          done();
        }, OUTPUT_GRACE).unref();
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

  /**
   * Connects with a new pair, whose other end goes to the worker over the lifeline; or by the listener, if other hosts
   * may have attached.
   */
  reconnect(setup: ConnectionSetup): ConnectedHost | Promise<ConnectedHost> {
    if (this.socket !== undefined) {
      const connecting = connectWorker(this.socket, 'messages', setup.options.startupTimeout);
      return connecting.then((attachment) => {
        const pair = attachment.pair();
        attachment.letGo();
        return connectNative(pair, setup);
      });
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

  pulse(timeout: number, referenced = true): Promise<Pulse> {
    return this.life.ask(timeout, referenced);
  }

  used(): ProcessorUse | undefined {
    return processorUse(this.pid);
  }

  get isDebugged(): boolean {
    return this.lifeline.isDebugged;
  }

  probeExit(timeout: number): ShutdownReason | undefined {
    return probeExit(this.pid, timeout);
  }

  askToEnd(): void {}

  /** The last lines of standard error, if it is piped. */
  get stderrTail(): string[] | undefined {
    return this.lastLines?.get();
  }

  /** Sends a signal, unless the process has ended. */
  kill(signal: NodeJS.Signals): void {
    if (this.gone) return;
    const number = constants.signals[signal];
    // This system has no signals: Node reports those alone that it has sent itself.
    if (isWindows) this.child.kill(signal);
    if (this.options.killTree && this.process.signalGroup(number)) return;
    if (!this.process.signal(number)) this.child.kill(signal);
  }

  /** Whether the process keeps the host alive. */
  setRef(referenced: boolean): void {
    if (this.gone) return;
    try {
      if (referenced) this.child.ref();
      else this.child.unref();
      if (!this.isOutputReported) return;
      // No code waits for its end.
      for (const stream of [this.stdout, this.stderr] as (Partial<Socket> | null)[]) {
        if (referenced) stream?.ref?.();
        else stream?.unref?.();
      }
    } catch {
      // Deno throws for a process that has ended and has not been reported yet.
    }
  }
}
