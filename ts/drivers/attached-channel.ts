import { setTimeout as delay } from 'node:timers/promises';

import type { ConnectedHost, ConnectionSetup } from '../connection.js';
import { fromNative, WorkerError } from '../errors.js';
import type { NativeAttachment, NativeLifeline } from '../native/binding.js';
import { getNative } from '../native/environment.js';
import { connectNative } from '../native/host-connection.js';
import { type NamedSocket, removeSocketFiles } from '../socket-files.js';
import type { Ending, HostChannel } from './host-channel.js';
import { ProcessPulse } from './process-pulse.js';

const SILENT = -2;
const GONE = -3;
/** How often a worker that was killed is looked at, in milliseconds. */
const LOOK = 20;
/** What a timer can have, in milliseconds. */
const LONGEST = 2 ** 31 - 1;

export type Purpose = 'messages' | 'take-over' | 'lifeline';

/** A detached worker that another host has started. */
export class AttachedChannel implements HostChannel {
  readonly isCore = true;
  readonly movesValues = false;
  readonly isDetached = true;
  readonly stdout = null;
  readonly stderr = null;
  readonly lastWords = undefined;
  readonly pid: number;
  readonly socketPath: string;
  readonly exited: Promise<Ending>;
  private resolveExited!: (ending: Ending) => void;
  /** As long as it is connected: the worker has a thread for it. */
  private lifeline: Lifeline | undefined;
  private isOver = false;

  private constructor(
    private readonly socket: NamedSocket,
    private readonly attachment: NativeAttachment,
    lifeline: Lifeline,
    private readonly patience: number,
  ) {
    this.pid = attachment.pid;
    this.socketPath = socket.path;
    this.lifeline = lifeline;
    this.exited = new Promise((resolve) => (this.resolveExited = resolve));
  }

  /** Connects to the worker that listens there. */
  static async open(socket: NamedSocket, takeOver: boolean, patience: number): Promise<AttachedChannel> {
    const lifeline = await openLifeline(socket, patience);
    try {
      const attachment = await knock(socket, takeOver ? 'take-over' : 'messages', patience);
      return new AttachedChannel(socket, attachment, lifeline, patience);
    } catch (error) {
      lifeline.close();
      throw error;
    }
  }

  get title(): string {
    return `process ${this.pid}`;
  }

  connect(setup: ConnectionSetup): ConnectedHost {
    const pair = this.attachment.pair();
    try {
      return connectNative(pair, setup);
    } catch (error) {
      pair.close();
      throw error;
    }
  }

  async reconnect(setup: ConnectionSetup): Promise<ConnectedHost> {
    const lifeline = await openLifeline(this.socket, this.patience);
    try {
      const connected = connectNative((await knock(this.socket, 'messages', this.patience)).pair(), setup);
      this.lifeline?.close();
      this.lifeline = lifeline;
      return connected;
    } catch (error) {
      lifeline.close();
      throw error;
    }
  }

  get isDebugged(): boolean {
    return this.lifeline?.native.isDebugged === true;
  }

  release(): void {
    this.lifeline?.close();
    this.lifeline = undefined;
  }

  async pulse(timeout: number, referenced = true): Promise<number> {
    const pulse = this.isOver ? GONE : await this.ping(timeout, referenced);
    if (pulse === GONE && !this.isOver) this.end();
    return pulse;
  }

  private async ping(timeout: number, referenced: boolean): Promise<number> {
    if (this.lifeline !== undefined) return this.lifeline.pulse.ask(timeout, referenced);
    let lifeline: Lifeline;
    try {
      lifeline = await openLifeline(this.socket, timeout);
    } catch (error) {
      // Where nobody listens, or somebody else, it is no more.
      const { code } = error as WorkerError;
      return code === 'ERR_NO_SUCH_WORKER' || code === 'ERR_ATTACH_REFUSED' ? GONE : SILENT;
    }
    const pulse = await lifeline.pulse.ask(timeout, referenced);
    lifeline.close();
    return pulse;
  }

  /** How it ended is known to its first host alone. */
  private end(): void {
    this.isOver = true;
    this.release();
    removeSocketFiles(this.socket);
    this.resolveExited({ reason: { type: 'close' } });
  }

  askToEnd(): void {
    void this.waitForEnd();
  }

  kill(signal: 'SIGTERM' | 'SIGKILL'): void {
    void this.signal(signal);
  }

  /** Its number may be another's by now: it gets no signal before it has shown that it lives. */
  private async signal(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    if ((await this.pulse(LOOK)) === GONE) return;
    try {
      process.kill(this.pid, signal);
    } catch {
      // It is gone already.
    }
    await this.waitForEnd();
  }

  private async waitForEnd(): Promise<void> {
    while ((await this.pulse(LOOK)) !== GONE) await delay(LOOK);
  }

  /** The connection alone keeps the host alive. */
  setRef(): void {}
}

interface Lifeline {
  readonly native: NativeLifeline;
  readonly pulse: ProcessPulse;
  close(): void;
}

async function openLifeline(socket: NamedSocket, patience: number): Promise<Lifeline> {
  const native = (await knock(socket, 'lifeline', patience)).lifeline();
  return { native, pulse: new ProcessPulse(native), close: () => native.close() };
}

/**
 * Makes a connection to the worker that listens there.
 *
 * @param patience - How long it may take to answer, in milliseconds; 0: for ever.
 */
export async function knock(
  { path, token }: NamedSocket,
  purpose: Purpose,
  patience: number,
): Promise<NativeAttachment> {
  try {
    return await getNative().addon.NativeAttachment.knock(path, token, purpose, Math.min(patience || LONGEST, LONGEST));
  } catch (error) {
    const { code, message } = fromNative((error as Error).message);
    throw new WorkerError(code, `cannot attach to the worker at ${path}: ${message}`, { cause: error });
  }
}
