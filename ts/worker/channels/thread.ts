import type { MessagePort } from 'node:worker_threads';

import { isMainThread } from '../../util/is-main-thread.js';
import {
  getEnvironmentData,
  parentPort,
  receiveMessageOnPort,
  setEnvironmentData,
  threadId,
} from '../../util/node-threads.js';

import { hostSilent } from '../../errors/worker-error.js';
import { watchExit } from '../../addon/exit-flush.js';
import type * as Addon from '../../addon/environment.js';
import type { RemoteErrorPayload } from '../../types/message.js';
import type { WorkerChannel } from '../worker-channel.js';
import type { ServeSetup } from '../../connection/serve-setup.js';
import { type Handshake, parseHandshake, readStartupData } from '../../value-connection/handshake.js';
import { PortWire } from '../../value-connection/wires/port-wire.js';
import { ValueServer } from '../../value-connection/server-connection.js';
import { PORT_LOST, Signal, THREAD_KEY, type ThreadData } from '../../value-connection/thread-data.js';
import { exit } from '../../util/primordials.js';
import { SERVER_CONNECT_TIMEOUT } from '../../protocol/generated.js';
import { loadRestSoon } from '../../util/load-rest.js';

/** From so many messages on it is worth to load the addon, to look for more. */
const MANY = 256;

/** The host's data for this thread. */
export interface ThreadInheritance {
  readonly data: ThreadData;
  /** `undefined`: other code listened to the thread's port before the package was loaded, and received it. */
  readonly port: MessagePort | undefined;
}

/** Takes the host's data for this thread; `undefined`: none, or meant for the thread that started this one. */
export function takeThread(): ThreadInheritance | undefined {
  if (isMainThread || parentPort === null) return undefined;
  const data = getEnvironmentData(THREAD_KEY) as unknown as ThreadData | undefined;
  if (data === undefined) return undefined;
  const { signals } = data;
  setEnvironmentData(THREAD_KEY);
  // The host writes it as soon as the thread exists.
  Atomics.wait(signals, Signal.ThreadId, 0, SERVER_CONNECT_TIMEOUT);
  // A nested thread inherits it from the thread that started it.
  if (Atomics.load(signals, Signal.ThreadId) !== threadId) return undefined;
  return { data, port: data.port ?? nextPort(parentPort) };
}

/** Requests another port from the host, and blocks until it arrives. */
function askForPort(signals: Int32Array): MessagePort {
  Atomics.store(signals, Signal.Handshake, 0);
  parentPort?.postMessage(PORT_LOST);
  Atomics.wait(signals, Signal.Handshake, 0, SERVER_CONNECT_TIMEOUT);
  const port = parentPort === null ? undefined : nextPort(parentPort);
  if (port === undefined) throw hostSilent(SERVER_CONNECT_TIMEOUT);
  return port;
}

function nextPort(from: MessagePort): MessagePort | undefined {
  return receiveMessageOnPort(from)?.message as MessagePort | undefined;
}

/** The connection of this thread, for the copy of the package that requests it first. */
export function openThreadChannel(inheritance: ThreadInheritance): WorkerChannel {
  const { data } = inheritance;
  const { signals } = data;
  const port = inheritance.port ?? askForPort(signals);
  const wake = () => {
    Atomics.add(signals, Signal.Posted, 1);
    Atomics.notify(signals, Signal.Posted);
  };
  // A blocked host hears of the end only here: not from Node, if the thread ended before its first check.
  process.once('exit', () => {
    Atomics.store(signals, Signal.Ending, 1);
    wake();
  });
  let received = 0;
  let onNews: (() => void) | undefined;
  // The host is blocked until its posts before its end were handled.
  const onLeaving = async () => {
    await channel.settled();
    Atomics.store(signals, Signal.Left, 1);
    Atomics.notify(signals, Signal.Left);
  };
  watchExit();
  const channel = new PortWorkerChannel('worker_threads', port, {
    wait: (timeout) => void Atomics.wait(signals, Signal.Handshake, 0, timeout),
    exit,
    onReceived: () => {
      if (Atomics.load(signals, Signal.Leaving) !== 0) void onLeaving();
      if (!channel.maySpin) return;
      if (++received === MANY) onNews = (require('./streams.cjs') as typeof Addon).findNative()?.onNews;
      onNews?.();
    },
    onPosted: () => {
      if (Atomics.load(signals, Signal.Waiting) !== 0) wake();
    },
  });
  return channel;
}

interface ThreadHooks {
  /** Blocks until the host has posted its handshake. */
  wait(timeout: number): void;
  exit(): void;
  /** Wakes a blocked host. */
  onPosted?(): void;
  /** A message has arrived, and was handled. */
  onReceived?(): void;
  /** Runs the host's messages in the scope of this worker, if others share the thread. */
  enter?(act: () => void): void;
}

/** The worker's end of a `MessagePort`. */
export class PortWorkerChannel implements WorkerChannel {
  readonly connectTimeout = SERVER_CONNECT_TIMEOUT;
  readonly isAlone: boolean;
  private readonly wire: PortWire;
  private handshake: Handshake | undefined;
  private server: ValueServer | undefined;
  private setup: ServeSetup | undefined;
  private data: { readonly value: unknown } | undefined;

  constructor(
    readonly driver: string,
    port: MessagePort,
    private readonly hooks: ThreadHooks,
  ) {
    this.isAlone = hooks.enter === undefined;
    this.wire = new PortWire(port, driver, hooks);
  }

  startupData(): unknown {
    const handshake = this.awaitHandshake(this.connectTimeout);
    this.data ??= { value: readStartupData(handshake) };
    return this.data.value;
  }

  private awaitHandshake(timeout: number): Handshake {
    if (this.handshake === undefined) {
      this.hooks.wait(timeout);
      // It is alone in its batch: kind, type, transaction, payload.
      const batch = this.wire.receive();
      if (batch === undefined) throw hostSilent(timeout);
      this.handshake = parseHandshake(batch[3], 'host');
    }
    return this.handshake;
  }

  async serve(setup: ServeSetup): Promise<void> {
    loadRestSoon();
    this.setup = setup;
    const timeout = setup.options.serverConnectTimeout;
    const handshake = this.awaitHandshake(timeout === 0 ? Infinity : timeout);
    this.server = new ValueServer(this.wire, setup, handshake, this.isAlone);
    await this.server.connect();
  }

  /** The server is there, and its thread may spin before it blocks. */
  get maySpin(): boolean {
    return this.setup?.options.busyPoll === true;
  }

  /** The host is about to end: resolves when its earlier posts were handled. */
  async settled(): Promise<void> {
    // What waits for the next turn of the loop, too: the host does not wait for that.
    this.wire.drain();
    this.server?.abandon();
    await this.setup?.settled();
  }

  /** Handles arrived messages. */
  drain(): void {
    this.wire.drain();
  }

  reportFatal(error: RemoteErrorPayload): void {
    this.server?.reportFatal(error);
  }

  flush(): void {
    this.wire.flush();
  }

  setRef(referenced: boolean): void {
    // Where others share the thread, its event loop is not the worker's to hold.
    if (this.isAlone) this.wire.setRef(referenced);
  }

  close(): void {
    this.wire.close();
  }

  /** Ends it from outside the worker, which is notified. */
  abandon(): void {
    this.close();
    this.setup?.onHostGone();
  }

  exit(): void {
    this.hooks.exit();
  }
}
