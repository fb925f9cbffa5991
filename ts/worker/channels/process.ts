import { fromNative } from '../../errors/from-native.js';
import { reasonOf } from '../../util/safely.js';
import type { RemoteErrorPayload } from '../../types/message.js';
import { decodeStartupData } from '../../codecs/startup-data.js';
import type { WorkerChannel } from '../worker-channel.js';
import type { ServeSetup } from '../../connection/serve-setup.js';
import { KeptResults } from '../../detached/kept-results.js';
import type { SharedState } from '../shared-state.js';
import { getNative } from '../../addon/environment.js';
import { type Inheritance, takeInheritance } from './inheritance.js';
import { HostSession } from './host-session.js';
import { IdleTimer } from './idle-timer.js';
import { ARRIVAL_TIMEOUT, watchLifeline } from './watch-lifeline.js';
import { encodeError } from '../../errors/encode-remote-error.js';
import { clearInterval, exit, queueMicrotask, setInterval, setTimeout } from '../../util/primordials.js';
import { RefMode } from '../../protocol/generated.js';
import { loadRestSoon } from '../../util/load-rest.js';

/** How long an exiting process may take to write its last answers, in milliseconds. */
const FLUSH_TIMEOUT = 1000;
/** The longest text of an error, in characters. */
const SHORT = 10_000;

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

class ProcessWorkerChannel implements WorkerChannel {
  readonly driver = 'child_process';
  readonly isAlone = true;
  readonly connectTimeout: number;
  readonly hostSerializer: string | undefined;
  /** The first host, which sends the start-up data. */
  private readonly first: HostSession;
  /** The connected hosts, first come first. */
  private sessions: HostSession[];
  private setup: ServeSetup | undefined;
  private data: { readonly value: unknown } | undefined;
  private readonly kept: KeptResults | undefined;
  private readonly idle: IdleTimer | undefined;
  /** The host has ended. */
  private isOrphan = false;
  private isServed: (() => void) | undefined;
  /** The connection alone keeps the event loop alive. */
  private isReferenced = true;
  /** Keeps a worker alive that waits for its host to connect again. */
  private waiting: NodeJS.Timeout | undefined;

  constructor(private readonly inheritance: Inheritance) {
    const { socket } = inheritance;
    this.connectTimeout = inheritance.connectTimeout;
    this.hostSerializer = inheritance.serializer;
    this.kept = this.listener === undefined ? undefined : new KeptResults(socket?.keepResults ?? 0);
    this.first = new HostSession(inheritance.channel);
    this.sessions = [this.first];
    if (socket?.idleTimeout !== undefined) this.idle = new IdleTimer(socket.idleTimeout, () => this.onIdle());
    inheritance.onStream = (fd) => this.arrive(fd);
    inheritance.onWarning = this.report;
    inheritance.onHostGone = () => this.onHostGone();
    inheritance.onReport = () => this.setup?.report() ?? '';
  }

  private get listener(): Inheritance['listener'] {
    return this.inheritance.listener;
  }

  private get maxHosts(): number {
    return this.inheritance.socket?.maxHosts ?? 1;
  }

  private readonly report = (error: unknown): void => {
    this.setup?.log('error', `an event of the host's connection failed: ${reasonOf(error)}`);
  };

  /** Reads the host's messages before its end. */
  private onHostGone(): void {
    this.isOrphan = true;
    const { setup } = this;
    // A script that does not serve yet may still do so.
    if (setup === undefined) return void setTimeout(exit, ARRIVAL_TIMEOUT);
    for (const { connection } of this.sessions) connection.drain();
    if (this.sessions.length > 0) setTimeout(() => setup.onHostGone(), ARRIVAL_TIMEOUT);
    else setup.onHostGone();
  }

  startupData(): unknown {
    this.data ??= { value: this.readStartupData() };
    return this.data.value;
  }

  private readStartupData(): unknown {
    try {
      return decodeStartupData(this.first.connection.readStartupData(this.connectTimeout));
    } catch (error) {
      throw fromNative(error);
    }
  }

  serve(setup: ServeSetup): Promise<void> {
    loadRestSoon();
    this.setup = setup;
    this.inheritance.onServed?.();
    if (this.idle !== undefined) setup.watchIdle(() => this.awaitIdle());
    const [first, ...later] = this.sessions as [HostSession];
    return new Promise((resolve, reject) => {
      this.isServed = resolve;
      this.start(first, setup).then(resolve, reject);
      for (const session of later) this.welcome(session, setup);
    });
  }

  private start(session: HostSession, setup: ServeSetup): Promise<void> {
    const isOneOfSeveral = this.maxHosts > 1;
    const own = isOneOfSeveral ? this.setupFor(session, setup) : setup;
    // Of several hosts, none that is there has asked for it: the next one that comes may be the one that has.
    const onKept = () => {
      if (!isOneOfSeveral) this.sessions[0]?.server?.deliver();
    };
    const serving = session.serve(own, this.kept, onKept, () => this.onEnd(session, own));
    this.setRef(this.isReferenced);
    return serving;
  }

  private setupFor(session: HostSession, setup: ServeSetup): ServeSetup {
    // After what the connection is delivering now.
    const onCloseAsked = () => void queueMicrotask(() => this.onCloseAsked(session, setup));
    return { ...setup.forHost(), onCloseAsked };
  }

  /** Of several hosts, the last one ends the worker. */
  private onCloseAsked(session: HostSession, setup: ServeSetup): void {
    if (!session.isPresent) return;
    if (this.sessions.length === 1) return setup.onCloseAsked();
    this.dismiss(session);
  }

  setRef(referenced: boolean): void {
    this.isReferenced = referenced;
    // What this worker asks its host keeps it alive in any case.
    for (const { connection } of this.sessions) connection.setRefMode(referenced ? RefMode.Always : RefMode.InFlight);
    if (referenced) this.waiting?.ref();
    else this.waiting?.unref();
  }

  /** The connection has ended. The lifeline shows whether the host has ended too. */
  private onEnd(session: HostSession, setup: ServeSetup): void {
    // Another has its place by now.
    if (!session.isPresent) return;
    if (this.inheritance.lifeline === undefined && this.listener === undefined) return setup.onHostGone();
    this.remove(session);
    session.connection.close();
    setup.onDisconnected();
    if (this.sessions.length > 0) return;
    this.waiting ??= setInterval(() => {}, 2 ** 30);
    if (!this.isReferenced) this.waiting.unref();
    if (this.isOrphan) setup.onHostGone();
    this.awaitIdle();
  }

  /** Once for each host. */
  private remove(session: HostSession): void {
    session.isPresent = false;
    this.sessions = this.sessions.filter((each) => each !== session);
    this.listener?.leave();
  }

  /** The worker goes on without this host. */
  private dismiss(session: HostSession): void {
    session.dismiss();
    this.remove(session);
    if (this.maxHosts > 1) session.setup?.onDisconnected();
  }

  /** A host has connected: again, in place of another, or besides others. */
  private arrive(descriptor: number): void {
    const { setup } = this;
    // Only the first host has them.
    this.rememberStartupData();
    // Messages of the earlier connections count, and so does their end.
    if (setup !== undefined) for (const { connection } of this.sessions) connection.drain();
    while (this.sessions.length >= this.maxHosts) this.dismiss(this.sessions[0] as HostSession);
    const session = new HostSession(descriptor);
    this.sessions.push(session);
    this.idle?.stop();
    // A script that does not serve yet will use this one.
    if (setup !== undefined) this.welcome(session, setup);
  }

  private welcome(session: HostSession, setup: ServeSetup): void {
    this.start(session, setup).then(
      () => {
        this.isServed?.();
        // It may have left again in this read.
        if (!session.isPresent) return;
        clearInterval(this.waiting);
        this.waiting = undefined;
      },
      (error: unknown) => {
        setup.log('error', 'cannot connect to the host again', error);
        if (!session.isPresent) return;
        session.connection.close();
        this.onEnd(session, session.setup ?? setup);
      },
    );
  }

  /** Without a host and a handler, the time runs. */
  private awaitIdle(): void {
    if (this.sessions.length === 0) this.idle?.start();
  }

  private onIdle(): void {
    const { setup, listener } = this;
    if (this.sessions.length > 0 || setup === undefined) return;
    if (setup.hasWork()) return this.awaitIdle();
    // A host that has just been let in is about to be reported.
    if (listener?.close() === true) setup.onCloseAsked();
  }

  private rememberStartupData(): void {
    try {
      this.startupData();
    } catch {
      // A caller that reads them learns of it.
    }
  }

  reportFatal(error: RemoteErrorPayload): void {
    for (const { connection } of this.sessions) connection.sendFatal(JSON.stringify(error));
    this.flush();
  }

  flush(): void {
    for (const { connection } of this.sessions) connection.flushBlocking(FLUSH_TIMEOUT);
  }

  receiveNow(): void {
    for (const { server } of this.sessions) server?.receiveNow();
  }

  sendNow(millis: number): boolean {
    for (const { connection } of this.sessions) connection.flushBlocking(millis);
    return this.sessions.some(({ connection }) => connection.pendingBytes > 0);
  }

  close(): void {
    for (const { connection } of this.sessions) connection.close();
  }

  exit(): void {
    exit();
  }
}
