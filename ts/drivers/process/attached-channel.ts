import { constants } from 'node:os';
import { delay } from '../../util/delay.js';

import type { ConnectedHost, ConnectionSetup } from '../../connection/connection.js';
import { fromNative } from '../../errors/from-native.js';
import { WorkerError } from '../../errors/worker-error.js';
import type { NativeAttachment, NativeLifeline } from '../../addon/binding.js';
import { getNative } from '../../addon/environment.js';
import { connectNative } from '../../byte-connection/host-connection.js';
import { type NamedSocket, removeSocketFiles } from '../../detached/socket-files.js';
import type { Ending, HostChannel } from '../host-channel.js';
import { GONE, type Pulse, SILENT } from '../pulse.js';
import { ProcessPulse } from './liveness.js';
import { PulseState } from '../../protocol/generated.js';

/** How often the host checks a killed worker, in milliseconds. */
const POLL_INTERVAL = 20;
/** The longest timer, in milliseconds. */
const LONGEST = 2 ** 31 - 1;

export type Purpose = 'messages' | 'take-over' | 'lifeline';

/** A detached worker that another host has started. */
export class AttachedChannel implements HostChannel {
  readonly isCore = true;
  readonly movesValues = false;
  readonly isDetached = true;
  readonly stdout = null;
  readonly stderr = null;
  readonly stderrTail = undefined;
  readonly pid: number;
  readonly socketPath: string;
  readonly exited: Promise<Ending>;
  private resolveExited!: (ending: Ending) => void;
  /** As long as it is connected: the worker has a thread for it. */
  private lifeline: Lifeline | undefined;
  private isOver = false;
  /** This host no longer needs it. */
  private isReleased = false;

  private constructor(
    private readonly socket: NamedSocket,
    private attachment: NativeAttachment,
    lifeline: Lifeline,
    private readonly patience: number,
  ) {
    this.pid = attachment.pid;
    this.socketPath = socket.path;
    this.lifeline = lifeline;
    this.exited = new Promise((resolve) => (this.resolveExited = resolve));
  }

  /** Connects to the worker that listens at the path. */
  static async open(socket: NamedSocket, takeOver: boolean, patience: number): Promise<AttachedChannel> {
    const lifeline = await openLifeline(socket, patience);
    try {
      const attachment = await connectWorker(socket, takeOver ? 'take-over' : 'messages', patience);
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
    this.isReleased = false;
    const lifeline = await openLifeline(this.socket, this.patience);
    try {
      const attachment = await connectWorker(this.socket, 'messages', this.patience);
      this.attachment.letGo();
      this.attachment = attachment;
      const connected = connectNative(attachment.pair(), setup);
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
    this.isReleased = true;
    this.attachment.letGo();
    this.lifeline?.close();
    this.lifeline = undefined;
  }

  async pulse(timeout: number, referenced = true): Promise<Pulse> {
    const pulse = this.isOver ? GONE : await this.ping(timeout, referenced);
    if (pulse.state === PulseState.Gone && !this.isOver) this.end();
    return pulse;
  }

  private async ping(timeout: number, referenced: boolean): Promise<Pulse> {
    if (this.lifeline !== undefined) return this.lifeline.pulse.ask(timeout, referenced);
    let lifeline: Lifeline;
    try {
      lifeline = await openLifeline(this.socket, timeout);
    } catch (error) {
      // If no process listens, or another one, the worker has ended.
      const { code } = error as WorkerError;
      return code === 'ERR_NO_SUCH_WORKER' || code === 'ERR_ATTACH_REFUSED' ? GONE : SILENT;
    }
    const pulse = await lifeline.pulse.ask(timeout, referenced);
    lifeline.close();
    return pulse;
  }

  /** Only its first host knows how it ended. */
  private end(): void {
    this.isOver = true;
    this.release();
    removeSocketFiles(this.socket);
    this.resolveExited({ reason: { type: 'close' } });
  }

  /** Other hosts may keep it: then it is released. */
  askToEnd(): void {
    void this.waitForEnd(() => this.isReleased);
  }

  kill(signal: 'SIGTERM' | 'SIGKILL'): void {
    void this.signal(signal);
  }

  /** If the system identifies processes only by number, the worker gets no signal before it has shown that it lives. */
  private async signal(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    if ((await this.pulse(POLL_INTERVAL)).state === PulseState.Gone) return;
    this.attachment.signal(constants.signals[signal]);
    await this.waitForEnd();
  }

  private async waitForEnd(isOver = () => false): Promise<void> {
    while (!isOver() && (await this.pulse(POLL_INTERVAL)).state !== PulseState.Gone) await delay(POLL_INTERVAL);
  }

  /** Only the connection keeps the host alive. */
  setRef(): void {}
}

interface Lifeline {
  readonly native: NativeLifeline;
  readonly pulse: ProcessPulse;
  close(): void;
}

async function openLifeline(socket: NamedSocket, patience: number): Promise<Lifeline> {
  const native = (await connectWorker(socket, 'lifeline', patience)).lifeline();
  return { native, pulse: new ProcessPulse(native), close: () => native.close() };
}

/**
 * Connects to the worker that listens at the path.
 *
 * @param patience - How long it may take to answer, in milliseconds; 0: no limit.
 */
export async function connectWorker(
  { path, token }: NamedSocket,
  purpose: Purpose,
  patience: number,
): Promise<NativeAttachment> {
  const { NativeAttachment } = getNative().addon;
  const attached = await NativeAttachment.connect(path, token, purpose, Math.min(patience, LONGEST));
  if (attached instanceof NativeAttachment) return attached;
  const cause = fromNative(attached);
  throw new WorkerError(cause.code, `cannot attach to the worker at ${path}: ${cause.message}`, { cause });
}
