import { getEnvironmentData, isMainThread, type MessagePort, setEnvironmentData } from 'node:worker_threads';

import { connectTimeout } from '../errors.js';
import type { ServeSetup, WorkerChannel } from '../worker-channel.js';
import type { Hello } from './hello.js';
import { PortWire } from './port-wire.js';
import { ValueServer } from './server-connection.js';

/** Under it a worker thread finds its end of the connection. */
export const THREAD_KEY = 'isolated-workers';
const DEFAULT_CONNECT_TIMEOUT = 30_000;

/** What a host hands to a thread as it starts it. */
export interface ThreadStart {
  readonly port: MessagePort;
  /** 1 when the handshake was posted. */
  readonly said: Int32Array;
}

/** The connection of a thread that was started as a worker; `undefined` in another. */
export function openThreadChannel(): WorkerChannel | undefined {
  if (isMainThread) return undefined;
  const start = getEnvironmentData(THREAD_KEY) as unknown as ThreadStart | undefined;
  if (start === undefined) return undefined;
  // Threads that this worker starts would inherit it.
  setEnvironmentData(THREAD_KEY);
  return new PortWorkerChannel('worker_threads', start.port, {
    wait: (timeout) => void Atomics.wait(start.said, 0, 0, timeout),
    exit: () => process.exit(),
  });
}

interface Surroundings {
  /** Blocks until the host has posted its handshake. */
  wait(timeout: number): void;
  exit(): void;
  /** Runs what comes from the host. */
  enter?(act: () => void): void;
}

/** The worker's end of a `MessagePort`. */
export class PortWorkerChannel implements WorkerChannel {
  readonly connectTimeout = DEFAULT_CONNECT_TIMEOUT;
  private readonly wire: PortWire;
  private hello: Hello | undefined;
  private onHostGone: (() => void) | undefined;
  private data: { readonly value: unknown } | undefined;

  constructor(
    readonly driver: string,
    port: MessagePort,
    private readonly surroundings: Surroundings,
  ) {
    this.wire = new PortWire(port, driver, surroundings.enter?.bind(surroundings));
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
      if (batch === undefined) throw connectTimeout(timeout);
      this.hello = batch[3] as Hello;
    }
    return this.hello;
  }

  async serve(setup: ServeSetup): Promise<void> {
    this.onHostGone = setup.onHostGone;
    const timeout = setup.options.serverConnectTimeout;
    const hello = this.readHello(timeout === 0 ? Infinity : timeout);
    await new ValueServer(this.wire, setup, hello).connect();
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
