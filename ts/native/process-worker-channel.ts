import { watchInspector } from '../debugging.js';
import { fromNative } from '../errors.js';
import type { RemoteErrorPayload } from '../types/message.js';
import type { ServeSetup, WorkerChannel } from '../worker-channel.js';
import { KeptResults } from '../kept-results.js';
import { type NamedSocket, removeSocketFiles } from '../socket-files.js';
import type { GuardOptions, NativeConnection, NativeDebugger, NativeDoor } from './binding.js';
import { getNative, hasUv } from './environment.js';
import { NativeServer } from './server-connection.js';
import {
  CHANNEL_VARIABLE,
  CONNECT_TIMEOUT_VARIABLE,
  LIFELINE_VARIABLE,
  LIMITS_VARIABLE,
  SERIALIZER_VARIABLE,
  SOCKET_VARIABLE,
} from './variables.js';

const DEFAULT_CONNECT_TIMEOUT = 30_000;

/** How long a process that exits may take to write its last answers, in milliseconds. */
const FLUSH_TIMEOUT = 1000;

/** The connection of a process that was started as a worker; `undefined` in another. For the main thread alone. */
export function openProcessChannel(): WorkerChannel | undefined {
  const descriptor = /^fd:(\d+)$/.exec(process.env[CHANNEL_VARIABLE] ?? '')?.[1];
  if (descriptor === undefined) return undefined;
  const lifeline = /^fd:(\d+)(,group)?$/.exec(process.env[LIFELINE_VARIABLE] ?? '');
  const socket = process.env[SOCKET_VARIABLE];
  const limits = process.env[LIMITS_VARIABLE];
  const serializer = process.env[SERIALIZER_VARIABLE];
  const timeout = Number(process.env[CONNECT_TIMEOUT_VARIABLE] ?? DEFAULT_CONNECT_TIMEOUT);
  // Processes that this worker starts are not workers of the same host.
  delete process.env[CHANNEL_VARIABLE];
  delete process.env[LIFELINE_VARIABLE];
  delete process.env[SOCKET_VARIABLE];
  delete process.env[LIMITS_VARIABLE];
  delete process.env[CONNECT_TIMEOUT_VARIABLE];
  delete process.env[SERIALIZER_VARIABLE];
  const channel = new ProcessWorkerChannel(Number(descriptor), timeout, serializer);
  if (socket !== undefined) channel.listen(JSON.parse(socket) as DetachedSocket);
  if (lifeline !== null) {
    const own = limits === undefined ? {} : (JSON.parse(limits) as Partial<GuardOptions>);
    const detached = socket !== undefined;
    channel.guard(Number(lifeline[1]), { killGroup: lifeline[2] !== undefined, uv: hasUv(), detached, ...own });
  }
  return channel;
}

interface DetachedSocket extends NamedSocket {
  readonly fd: number;
  readonly keepResults: number;
}

/** How long a host whose place is taken may take to read what was written for it, in milliseconds. */
const FAREWELL_TIMEOUT = 100;

class ProcessWorkerChannel implements WorkerChannel {
  readonly driver = 'child_process';
  readonly isAlone = true;
  private readonly native = getNative();
  private connection: NativeConnection;
  private setup: ServeSetup | undefined;
  private server: NativeServer | undefined;
  private data: { readonly value: unknown } | undefined;
  private readonly debuggers = this.watchInspector();
  private hasLifeline = false;
  private door: NativeDoor | undefined;
  private kept: KeptResults | undefined;
  /** A host is connected, or was and is not known to have left. */
  private isOccupied = true;
  private isServed: (() => void) | undefined;
  /** Keeps a worker alive that waits for its host to connect again. */
  private waiting: NodeJS.Timeout | undefined;

  constructor(
    descriptor: number,
    readonly connectTimeout: number,
    readonly hostSerializer: string | undefined,
  ) {
    this.connection = this.connect(descriptor);
  }

  private connect(descriptor: number): NativeConnection {
    const { addon, environment } = this.native;
    return addon.NativeConnection.worker(environment, descriptor);
  }

  /** All hosts are told of a debugger, whatever this thread does then. */
  private watchInspector(): NativeDebugger {
    const debuggers = new this.native.addon.NativeDebugger();
    // Elsewhere nothing tells when it opens.
    if (hasUv()) watchInspector((isThere) => debuggers.set(isThere));
    return debuggers;
  }

  /** Watches the lifeline, on a thread that no JavaScript can block. */
  guard(descriptor: number, options: GuardOptions): void {
    this.native.addon.NativeLifeline.guard(descriptor, options, this.debuggers, (stream) => {
      if (stream >= 0) return this.reconnect(stream);
      // The last of what happens at the exit.
      if (options.killGroup) process.once('exit', () => process.kill(-process.pid, 'SIGKILL'));
      if (this.setup === undefined) process.exit();
      else this.setup.onHostGone();
    });
    this.hasLifeline = true;
  }

  /** Lets other hosts in, on a thread of its own. */
  listen({ path, token, fd, keepResults }: DetachedSocket): void {
    this.kept = new KeptResults(keepResults);
    this.door = new this.native.addon.NativeDoor(fd, token, hasUv(), this.debuggers, (stream) =>
      this.reconnect(stream),
    );
    process.once('exit', () => removeSocketFiles({ path, token }));
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

  serve(setup: ServeSetup): Promise<void> {
    this.setup = setup;
    return new Promise((resolve, reject) => {
      this.isServed = resolve;
      this.start(setup).then(resolve, reject);
    });
  }

  private start(setup: ServeSetup): Promise<void> {
    const { connection, kept } = this;
    const server = (this.server = new NativeServer(connection, setup, kept, () => this.server?.deliver()));
    return server.serve(() => {
      // Another may have come meanwhile.
      if (this.server === server) this.onEnd(setup);
    });
  }

  /** The connection has ended. Whether the host is gone, too, the lifeline will tell. */
  private onEnd(setup: ServeSetup): void {
    if (!this.hasLifeline && this.door === undefined) return setup.onHostGone();
    setup.onDisconnected();
    this.vacate();
    this.waiting ??= setInterval(() => {}, 2 ** 30);
  }

  /** Once for each host. */
  private vacate(): void {
    if (this.isOccupied) this.door?.leave();
    this.isOccupied = false;
  }

  /** The host connects again. What was asked over the connection before has lost its asker. */
  private reconnect(descriptor: number): void {
    // The first host alone has told them.
    this.rememberStartupData();
    // What came over it before it ended counts.
    if (this.setup !== undefined) this.connection.drain();
    if (this.isOccupied) this.server?.tellTakenOver();
    this.connection.flushBlocking(FAREWELL_TIMEOUT);
    this.server?.leave();
    this.connection.close();
    this.vacate();
    this.connection = this.connect(descriptor);
    this.isOccupied = true;
    const { setup } = this;
    // A script that does not serve yet will, over this one.
    if (setup === undefined) return;
    const { connection } = this;
    this.start(setup).then(
      () => {
        if (this.connection !== connection) return;
        this.isServed?.();
        // It may have left again in the same read.
        if (!this.isOccupied) return;
        clearInterval(this.waiting);
        this.waiting = undefined;
      },
      (error: unknown) => {
        setup.log('error', 'the host cannot be connected to again', error);
        if (this.connection !== connection) return;
        connection.close();
        this.onEnd(setup);
      },
    );
  }

  private rememberStartupData(): void {
    try {
      this.startupData();
    } catch {
      // Who asks for them learns of it.
    }
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
