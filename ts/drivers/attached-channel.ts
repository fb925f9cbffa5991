import { setTimeout as delay } from 'node:timers/promises';

import type { ConnectedHost, ConnectionSetup } from '../connection.js';
import { fromNative, WorkerError } from '../errors.js';
import type { NativeAttachment, NativeLifeline } from '../native/binding.js';
import { getNative } from '../native/environment.js';
import { connectNative } from '../native/host-connection.js';
import type { NamedSocket } from '../named-sockets.js';
import type { Ending, HostChannel } from './host-channel.js';
import { ProcessPulse } from './process-pulse.js';

const GONE = -3;
/** How often a worker that was killed is looked at, in milliseconds. */
const LOOK = 20;

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
  private readonly lifeline: NativeLifeline;
  private readonly life: ProcessPulse;
  private isOver = false;

  constructor(
    private readonly socket: NamedSocket,
    private readonly attachment: NativeAttachment,
  ) {
    this.pid = attachment.pid;
    this.socketPath = socket.path;
    this.lifeline = attachment.lifeline();
    this.life = new ProcessPulse(this.lifeline);
    this.exited = new Promise((resolve) => (this.resolveExited = resolve));
  }

  get title(): string {
    return `process ${this.pid}`;
  }

  connect(setup: ConnectionSetup): ConnectedHost {
    return connectNative(this.attachment.pair(), setup);
  }

  async reconnect(setup: ConnectionSetup): Promise<ConnectedHost> {
    const attachment = await knock(this.socket, false);
    return connectNative(attachment.pair(), setup);
  }

  async pulse(timeout: number, referenced = true): Promise<number> {
    const pulse = this.isOver ? GONE : await this.life.ask(timeout, referenced);
    if (pulse === GONE) this.end();
    return pulse;
  }

  /** How it ended is known to its first host alone. */
  private end(): void {
    this.isOver = true;
    this.lifeline.close();
    this.resolveExited({ reason: { type: 'close' } });
  }

  askToEnd(): void {
    void this.waitForEnd();
  }

  kill(signal: 'SIGTERM' | 'SIGKILL'): void {
    if (this.isOver) return;
    try {
      process.kill(this.pid, signal);
    } catch {
      // It is gone already.
    }
    void this.waitForEnd();
  }

  private async waitForEnd(): Promise<void> {
    while ((await this.pulse(LOOK)) !== GONE) await delay(LOOK);
  }

  /** The connection alone keeps the host alive. */
  setRef(): void {}
}

/** Connects to the worker that listens there. */
export async function knock({ path, token }: NamedSocket, takeOver: boolean): Promise<NativeAttachment> {
  try {
    return await getNative().addon.NativeAttachment.knock(path, token, takeOver);
  } catch (error) {
    const { code, message } = fromNative((error as Error).message);
    throw new WorkerError(code, `cannot attach to the worker at ${path}: ${message}`, { cause: error });
  }
}
