import { watchInspector } from '../../util/debugger.js';
import { fromNative } from '../../errors/from-native.js';
import { reasonOf } from '../../util/safely.js';
import type { RemoteErrorPayload } from '../../types/message.js';
import type { WorkerChannel } from '../worker-channel.js';
import type { ServeSetup } from '../../connection/serve-setup.js';
import { KeptResults } from '../../detached/kept-results.js';
import type { SharedState } from '../shared-state.js';
import { removeSocketFiles } from '../../detached/socket-files.js';
import type { NativeConnection } from '../../addon/binding.js';
import { getNative, hasUv } from '../../addon/environment.js';
import { guard } from '../../util/guard.js';
import { type Inheritance, takeInheritance } from './inheritance.js';
import { NativeServer } from '../../byte-connection/server-connection.js';
import { encodeError } from '../../errors/encode-remote-error.js';
import { clearInterval, exit, setInterval, setTimeout } from '../../util/primordials.js';
import { RefMode } from '../../protocol/generated.js';

/** How long an exiting process may take to write its last answers, in milliseconds. */
const FLUSH_TIMEOUT = 1000;
/** The longest text of an error, in characters. */
const SHORT = 10_000;
/** How long it may take, after the host's end, to read all that the host has sent, in milliseconds. */
const ARRIVAL_TIMEOUT = 400;

/** A line in place of a handshake must not be longer than one. */
function shortened({ name, message, stack, code, ...others }: RemoteErrorPayload): RemoteErrorPayload {
  const short = { name, message: message.slice(0, SHORT), stack: stack?.slice(0, SHORT), code };
  const whole = { ...short, ...others };
  return JSON.stringify(whole).length > 3 * SHORT ? short : whole;
}

/** The host acts on signals of the terminal: it may need this worker until it ends. */
function leaveSignalsToHost(): void {
  for (const signal of ['SIGINT', 'SIGHUP'] as const) process.on(signal, () => {});
}

/** Takes the host's data for this process, and starts its guards. For the main thread alone. */
export function inheritProcess(shared: SharedState): void {
  const inheritance = takeInheritance();
  if (inheritance === undefined || shared.process !== undefined) return;
  shared.process = inheritance;
  getNative().addon.NativePair.keepFromChildren(inheritance.channel);
  if (!inheritance.takesSignals) leaveSignalsToHost();
  const open = () => (shared.channel ??= openProcessChannel(inheritance));
  watchLifeline(inheritance, open);
  inheritance.onServed = reportEarlyFatal(open);
}

/** Sends the host the error that ends this worker before it serves. Returns a function that stops this. */
function reportEarlyFatal(open: () => WorkerChannel): () => void {
  const onFatal = (error: unknown): void => {
    if (process.listenerCount('uncaughtException') > 0 || process.hasUncaughtExceptionCaptureCallback?.()) return;
    open().reportFatal(shortened(encodeError(error)));
  };
  process.on('uncaughtExceptionMonitor', onFatal);
  return () => void process.off('uncaughtExceptionMonitor', onFatal);
}

/** The connection of this process, for the copy of the package that requests it first. */
export function openProcessChannel(inheritance: Inheritance): WorkerChannel {
  return new ProcessWorkerChannel(inheritance);
}

/** Watches the lifeline and the listener, on threads that JavaScript cannot block. */
function watchLifeline(inheritance: Inheritance, open: () => void): void {
  const { lifeline, limits, socket } = inheritance;
  if (lifeline === undefined) return;
  const { addon } = getNative();
  const debuggers = new addon.NativeDebugger();
  // Reports a debugger to all hosts, whatever this thread does then. Elsewhere no event reports that it opens.
  if (hasUv()) watchInspector((isThere) => debuggers.set(isThere));
  const { fd, killGroup } = lifeline;
  const detached = socket !== undefined;
  const report = (error: unknown) => inheritance.onWarning?.(error);
  const onStream = guard((stream: number | null) => {
    if (stream === null) return;
    if (inheritance.onStream === undefined) open();
    inheritance.onStream?.(stream);
  }, report);
  const onNews = guard((stream: number | null) => {
    if (stream !== null) return onStream(stream);
    // The last step of the exit.
    if (killGroup && process.platform !== 'win32') process.once('exit', () => process.kill(-process.pid, 'SIGKILL'));
    // A script that does not serve yet may still do so.
    if (inheritance.onHostGone === undefined) setTimeout(exit, ARRIVAL_TIMEOUT);
    else inheritance.onHostGone();
  }, report);
  const token = addon.NativeLifeline.guard(fd, { killGroup, uv: hasUv(), detached, ...limits }, debuggers, onNews);
  if (socket === undefined || token === null) return;
  const { path, fd: listening = addon.NativeSocket.open(path, token) } = socket;
  inheritance.door = new addon.NativeDoor(listening, token, hasUv(), debuggers, onStream);
  process.once('exit', () => removeSocketFiles({ path, token }));
}

/** How long a replaced host may take to read its remaining output, in milliseconds. */
const FAREWELL_TIMEOUT = 100;

class ProcessWorkerChannel implements WorkerChannel {
  readonly driver = 'child_process';
  readonly isAlone = true;
  readonly connectTimeout: number;
  readonly hostSerializer: string | undefined;
  private readonly native = getNative();
  private connection: NativeConnection;
  private setup: ServeSetup | undefined;
  private server: NativeServer | undefined;
  private data: { readonly value: unknown } | undefined;
  private readonly kept: KeptResults | undefined;
  /** The host has ended. */
  private isOrphan = false;
  /** A host is connected, or was and may still be. */
  private isOccupied = true;
  private isServed: (() => void) | undefined;
  /** The connection alone keeps the event loop alive. */
  private isReferenced = true;
  /** Keeps a worker alive that waits for its host to connect again. */
  private waiting: NodeJS.Timeout | undefined;

  constructor(private readonly inheritance: Inheritance) {
    this.connectTimeout = inheritance.connectTimeout;
    this.hostSerializer = inheritance.serializer;
    this.kept = this.door === undefined ? undefined : new KeptResults(inheritance.socket?.keepResults ?? 0);
    this.connection = this.connect(inheritance.channel);
    inheritance.onStream = (fd) => this.reconnect(fd);
    inheritance.onWarning = this.report;
    inheritance.onHostGone = () => this.onHostGone();
  }

  private get door(): Inheritance['door'] {
    return this.inheritance.door;
  }

  private readonly report = (error: unknown): void => {
    this.setup?.log('error', `an event of the host's connection failed: ${reasonOf(error)}`);
  };

  private connect(descriptor: number): NativeConnection {
    const { addon, environment } = this.native;
    return addon.NativeConnection.worker(environment, descriptor);
  }

  /** Reads the host's messages before its end. */
  private onHostGone(): void {
    this.isOrphan = true;
    const { setup } = this;
    // A script that does not serve yet may still do so.
    if (setup === undefined) return void setTimeout(exit, ARRIVAL_TIMEOUT);
    if (this.isOccupied) this.connection.drain();
    if (this.isOccupied) setTimeout(() => setup.onHostGone(), ARRIVAL_TIMEOUT);
    else setup.onHostGone();
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
    this.inheritance.onServed?.();
    return new Promise((resolve, reject) => {
      this.isServed = resolve;
      this.start(setup).then(resolve, reject);
    });
  }

  private start(setup: ServeSetup): Promise<void> {
    const { connection, kept } = this;
    const server = (this.server = new NativeServer(connection, setup, kept, () => this.server?.deliver()));
    const serving = server.serve(() => {
      // Another may have come meanwhile.
      if (this.server === server) this.onEnd(setup);
    });
    this.setRef(this.isReferenced);
    return serving;
  }

  setRef(referenced: boolean): void {
    this.isReferenced = referenced;
    // What this worker asks its host keeps it alive in any case.
    this.connection.setRefMode(referenced ? RefMode.Always : RefMode.InFlight);
    if (referenced) this.waiting?.ref();
    else this.waiting?.unref();
  }

  /** The connection has ended. The lifeline shows whether the host has ended too. */
  private onEnd(setup: ServeSetup): void {
    if (this.inheritance.lifeline === undefined && this.door === undefined) return setup.onHostGone();
    setup.onDisconnected();
    this.vacate();
    this.waiting ??= setInterval(() => {}, 2 ** 30);
    if (!this.isReferenced) this.waiting.unref();
    if (this.isOrphan) setup.onHostGone();
  }

  /** Once for each host. */
  private vacate(): void {
    if (this.isOccupied) this.door?.leave();
    this.isOccupied = false;
  }

  /** The host connects again. Requests of the earlier connection have lost their requester. */
  private reconnect(descriptor: number): void {
    // Only the first host has them.
    this.rememberStartupData();
    // Messages of the earlier connection count.
    if (this.setup !== undefined) this.connection.drain();
    if (this.isOccupied) this.server?.tellTakenOver();
    this.connection.flushBlocking(FAREWELL_TIMEOUT);
    this.server?.leave();
    this.connection.close();
    this.vacate();
    this.connection = this.connect(descriptor);
    this.isOccupied = true;
    const { setup } = this;
    // A script that does not serve yet will use this one.
    if (setup === undefined) return;
    const { connection } = this;
    this.start(setup).then(
      () => {
        if (this.connection !== connection) return;
        this.isServed?.();
        // It may have left again in this read.
        if (!this.isOccupied) return;
        clearInterval(this.waiting);
        this.waiting = undefined;
      },
      (error: unknown) => {
        setup.log('error', 'cannot connect to the host again', error);
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
      // A caller that reads them learns of it.
    }
  }

  reportFatal(error: RemoteErrorPayload): void {
    this.connection.tellFatal(JSON.stringify(error));
    this.flush();
  }

  flush(): void {
    this.connection.flushBlocking(FLUSH_TIMEOUT);
  }

  close(): void {
    this.connection.close();
  }

  exit(): void {
    exit();
  }
}
