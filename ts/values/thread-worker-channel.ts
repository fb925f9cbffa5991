import {
  getEnvironmentData,
  isMainThread,
  type MessagePort,
  parentPort,
  receiveMessageOnPort,
  setEnvironmentData,
  threadId,
} from 'node:worker_threads';

import { hostSilent } from '../errors.js';
import { streamsPart } from '../parts.js';
import type { RemoteErrorPayload } from '../types/message.js';
import type { ServeSetup, WorkerChannel } from '../worker-channel.js';
import type { Hello } from './hello.js';
import { PortWire } from './port-wire.js';
import { ValueServer } from './server-connection.js';
import { Said, THREAD_KEY, type ThreadData } from './thread-data.js';

const DEFAULT_CONNECT_TIMEOUT = 30_000;
/** How long a thread that has nothing to answer serves before it keeps its code, in milliseconds. */
const SETTLED = 1000;
/** Its handshake, and its first answer. */
const FIRST_POSTS = 2;
/** From so many messages on it is worth to load the addon, to look for more. */
const MANY = 256;

/** The connection of a thread that was started as a worker; `undefined` in another. */
export function openThreadChannel(): WorkerChannel | undefined {
  if (isMainThread || parentPort === null) return undefined;
  const data = getEnvironmentData(THREAD_KEY) as unknown as ThreadData | undefined;
  if (data === undefined) return undefined;
  const { said } = data;
  setEnvironmentData(THREAD_KEY);
  // The host writes it as soon as the thread is there.
  Atomics.wait(said, Said.ThreadId, 0, DEFAULT_CONNECT_TIMEOUT);
  // Another's is inherited from the thread that started this one.
  if (Atomics.load(said, Said.ThreadId) !== threadId) return undefined;
  // Nothing was posted before it.
  const port = data.port ?? (receiveMessageOnPort(parentPort)?.message as MessagePort | undefined);
  if (port === undefined) return undefined;
  const wake = () => {
    Atomics.add(said, Said.Posted, 1);
    Atomics.notify(said, Said.Posted);
  };
  // A host that is blocked hears of the end from nobody else: not from Node, where the thread was quicker than its first look.
  process.once('exit', () => {
    Atomics.store(said, Said.Ending, 1);
    wake();
  });
  const keep = () => {
    data.keepCode?.();
    data.keepCode = undefined;
  };
  let posts = 0;
  let received = 0;
  let onNews: (() => void) | undefined;
  return new PortWorkerChannel('worker_threads', port, {
    wait: (timeout) => void Atomics.wait(said, Said.Handshake, 0, timeout),
    onServing: () => {
      if (data.keepCode !== undefined) setTimeout(keep, SETTLED).unref();
    },
    exit: () => {
      keep();
      process.exit();
    },
    onReceived: () => {
      if (++received === MANY) ({ onNews } = streamsPart().getNative());
      onNews?.();
    },
    onPosted: () => {
      if (Atomics.load(said, Said.Waiting) !== 0) wake();
      // Most of what a thread needs was called by then. Later V8 may have made more of it than it keeps.
      if (data.keepCode !== undefined && ++posts === FIRST_POSTS) setImmediate(keep);
    },
  });
}

interface Surroundings {
  /** Blocks until the host has posted its handshake. */
  wait(timeout: number): void;
  /** The host is connected. */
  onServing?(): void;
  exit(): void;
  /** Wakes a host that is blocked. */
  onPosted?(): void;
  /** Something has come, and was handled. */
  onReceived?(): void;
  /** Runs what comes from the host, where others run in the same thread. */
  enter?(act: () => void): void;
}

/** The worker's end of a `MessagePort`. */
export class PortWorkerChannel implements WorkerChannel {
  readonly connectTimeout = DEFAULT_CONNECT_TIMEOUT;
  readonly isAlone: boolean;
  private readonly wire: PortWire;
  private hello: Hello | undefined;
  private server: ValueServer | undefined;
  private onHostGone: (() => void) | undefined;
  private data: { readonly value: unknown } | undefined;

  constructor(
    readonly driver: string,
    port: MessagePort,
    private readonly surroundings: Surroundings,
  ) {
    this.isAlone = surroundings.enter === undefined;
    this.wire = new PortWire(port, driver, surroundings);
  }

  startupData(): unknown {
    const { startupData } = this.readHello(this.connectTimeout);
    this.data ??= { value: startupData === undefined ? undefined : (JSON.parse(startupData) as unknown) };
    return this.data.value;
  }

  private readHello(timeout: number): Hello {
    if (this.hello === undefined) {
      this.surroundings.wait(timeout);
      // It is alone in its batch: kind, type, transaction, payload.
      const batch = this.wire.receive();
      if (batch === undefined) throw hostSilent(timeout);
      this.hello = batch[3] as Hello;
    }
    return this.hello;
  }

  async serve(setup: ServeSetup): Promise<void> {
    this.onHostGone = setup.onHostGone;
    const timeout = setup.options.serverConnectTimeout;
    const hello = this.readHello(timeout === 0 ? Infinity : timeout);
    this.server = new ValueServer(this.wire, setup, hello, this.isAlone);
    await this.server.connect();
    this.surroundings.onServing?.();
  }

  tellFatal(error: RemoteErrorPayload): void {
    this.server?.tellFatal(error);
  }

  flush(): void {
    this.wire.flush();
  }

  close(): void {
    this.wire.close();
  }

  /** Ends it from outside of the worker, which is told. */
  abandon(): void {
    this.close();
    this.onHostGone?.();
  }

  exit(): void {
    this.surroundings.exit();
  }
}
