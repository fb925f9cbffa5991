import { isMainThread } from 'node:worker_threads';

import { fromNative } from '../errors.js';
import type { RemoteErrorPayload } from '../types/message.js';
import type { ServeSetup, WorkerChannel } from '../worker-channel.js';
import type { GuardOptions, NativeConnection } from './binding.js';
import { getNative, hasUv } from './environment.js';
import { NativeServer } from './server-connection.js';

/** Names the connection to the host: `fd:` and the number of an inherited descriptor. */
export const CHANNEL_VARIABLE = 'ISOLATED_WORKERS_CHANNEL';

/** Names the lifeline in the same way; `,group` behind it: the host's death ends the whole process group. */
export const LIFELINE_VARIABLE = 'ISOLATED_WORKERS_LIFELINE';

/** What this process may use, as JSON. */
export const LIMITS_VARIABLE = 'ISOLATED_WORKERS_LIMITS';

/** What the host configured as `timeout.serverConnect`, in milliseconds: too late to be told over the connection. */
export const CONNECT_TIMEOUT_VARIABLE = 'ISOLATED_WORKERS_CONNECT_TIMEOUT';
const DEFAULT_CONNECT_TIMEOUT = 30_000;

/** How long a process that exits may take to write its last answers, in milliseconds. */
const FLUSH_TIMEOUT = 1000;

/** The connection of a process that was started as a worker; `undefined` in another. */
export function openProcessChannel(): WorkerChannel | undefined {
  const descriptor = /^fd:(\d+)$/.exec(process.env[CHANNEL_VARIABLE] ?? '')?.[1];
  if (descriptor === undefined || !isMainThread) return undefined;
  const lifeline = /^fd:(\d+)(,group)?$/.exec(process.env[LIFELINE_VARIABLE] ?? '');
  const limits = process.env[LIMITS_VARIABLE];
  const timeout = Number(process.env[CONNECT_TIMEOUT_VARIABLE] ?? DEFAULT_CONNECT_TIMEOUT);
  // Processes that this worker starts are not workers of the same host.
  delete process.env[CHANNEL_VARIABLE];
  delete process.env[LIFELINE_VARIABLE];
  delete process.env[LIMITS_VARIABLE];
  delete process.env[CONNECT_TIMEOUT_VARIABLE];
  const channel = new ProcessWorkerChannel(Number(descriptor), timeout);
  if (lifeline !== null) {
    const own = limits === undefined ? {} : (JSON.parse(limits) as Partial<GuardOptions>);
    channel.guard(Number(lifeline[1]), { killGroup: lifeline[2] !== undefined, uv: hasUv(), ...own });
  }
  return channel;
}

class ProcessWorkerChannel implements WorkerChannel {
  readonly driver = 'child_process';
  readonly isAlone = true;
  private readonly native = getNative();
  private connection: NativeConnection;
  private setup: ServeSetup | undefined;
  private server: NativeServer | undefined;
  private data: { readonly value: unknown } | undefined;
  private hasLifeline = false;
  /** Keeps a worker alive that waits for its host to connect again. */
  private waiting: NodeJS.Timeout | undefined;

  constructor(
    descriptor: number,
    readonly connectTimeout: number,
  ) {
    this.connection = this.connect(descriptor);
  }

  private connect(descriptor: number): NativeConnection {
    const { addon, environment } = this.native;
    return addon.NativeConnection.worker(environment, descriptor);
  }

  /** Watches the lifeline, on a thread that no JavaScript can block. */
  guard(descriptor: number, options: GuardOptions): void {
    this.native.addon.NativeLifeline.guard(descriptor, options, (stream) => {
      if (stream >= 0) return this.reconnect(stream);
      // The last of what happens at the exit.
      if (options.killGroup) process.once('exit', () => process.kill(-process.pid, 'SIGKILL'));
      if (this.setup === undefined) process.exit();
      else this.setup.onHostGone();
    });
    this.hasLifeline = true;
  }

  startupData(): unknown {
    this.data ??= { value: this.readStartupData() };
    return this.data.value;
  }

  private readStartupData(): unknown {
    try {
      const text = this.connection.readStartupData(this.connectTimeout);
      return text === null ? undefined : JSON.parse(text);
    } catch (error) {
      throw fromNative(error);
    }
  }

  async serve(setup: ServeSetup): Promise<void> {
    this.setup = setup;
    await this.start(setup);
  }

  private start(setup: ServeSetup): Promise<void> {
    this.server = new NativeServer(this.connection, setup);
    return this.server.serve(() => this.onEnd(setup));
  }

  /** The connection has ended. Whether the host is gone, too, the lifeline will tell. */
  private onEnd(setup: ServeSetup): void {
    if (!this.hasLifeline) return setup.onHostGone();
    setup.onDisconnected();
    this.waiting ??= setInterval(() => {}, 2 ** 30);
  }

  /** The host connects again. What was asked over the connection before has lost its asker. */
  private reconnect(descriptor: number): void {
    this.connection.close();
    this.connection = this.connect(descriptor);
    const { setup } = this;
    // A script that does not serve yet will, over this one.
    if (setup === undefined) return;
    clearInterval(this.waiting);
    this.waiting = undefined;
    this.start(setup).then(setup.onReconnected, (error: unknown) => {
      setup.log('error', 'the host cannot be connected to again', error);
    });
  }

  tellFatal(error: RemoteErrorPayload): void {
    this.server?.tellFatal(error);
    this.flush();
  }

  flush(): void {
    this.connection.flushBlocking(FLUSH_TIMEOUT);
  }

  close(): void {
    this.connection.close();
  }

  exit(): void {
    process.exit();
  }
}
