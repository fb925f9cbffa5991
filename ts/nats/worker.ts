// Is loaded before the script of a worker that `serve` has started: leaves a driver for `startWorkerServer`, which connects by it.
import { Socket } from 'node:net';

import type { Driver, DriverMessage, DriverServerChannel, ShutdownReason } from '../index.js';
import { exit, nextTick } from '../util/primordials.js';
import { backPressure, canWait, MOST_WAITING } from './back-pressure.js';
import { type Inherited, VARIABLE } from './inherited.js';
import { decodeMessage, encodeMessage } from './message-bytes.js';
import { Pipe } from './wire/pipe.js';

const text = process.env[VARIABLE];
// Programs that this worker starts must not connect.
delete process.env[VARIABLE];
if (text !== undefined) {
  const { descriptor, maxMessageSize } = JSON.parse(text) as Inherited;
  const driver: Driver = {
    name: 'nats',
    capabilities: { reconnect: false, detach: false, sharedMemory: false },
    spawn: () => Promise.reject(new Error('this is the driver of a worker')),
    createServer: () => new WorkerEnd(descriptor, maxMessageSize).opened,
  };
  Object.defineProperty(globalThis, Symbol.for('isolated-workers.driver'), { value: driver });
}

/** The worker's end: a pipe to the serving process. */
class WorkerEnd implements DriverServerChannel {
  /** Resolves when a host has taken this worker. */
  readonly opened: Promise<this>;
  #isOpen = false;
  #open!: () => void;
  readonly #pipe: Pipe;
  readonly #socket: Socket;
  /** Messages from before the library listens: they may come in one piece with the news of the host. */
  #early: DriverMessage[] | undefined = [];
  #onMessage: (message: DriverMessage) => void = () => {};
  #onError: (error: Error) => void = () => {};
  #onClose: (reason: ShutdownReason) => void = () => exit();

  constructor(
    descriptor: number,
    private readonly limit: number,
  ) {
    this.#socket = new Socket({ fd: descriptor, readable: true, writable: true });
    this.opened = new Promise((resolve) => (this.#open = () => resolve(this)));
    this.#pipe = new Pipe(this.#socket, limit, (bytes) => this.#receive(bytes));
    this.#socket.once('close', () => this.#onClose({ type: 'close' }));
    // `startWorkerServer` was called.
    this.#pipe.write(Buffer.alloc(0));
  }

  get isConnected(): boolean {
    return !this.#socket.destroyed && this.#socket.writable;
  }

  send(message: DriverMessage): void {
    const bytes = encodeMessage(message, this.limit);
    if (!this.isConnected) return;
    const { waiting } = this.#pipe;
    if (waiting > 0 && waiting + bytes.length > MOST_WAITING && canWait(message)) {
      throw backPressure(message.type, 'the serving process', waiting);
    }
    this.#pipe.write(bytes);
  }

  onMessage(listener: (message: DriverMessage) => void): void {
    this.#onMessage = listener;
    nextTick(() => {
      const early = this.#early ?? [];
      this.#early = undefined;
      for (const message of early) listener(message);
    });
  }

  onError(listener: (error: Error) => void): void {
    this.#onError = listener;
  }

  onClose(listener: (reason: ShutdownReason) => void): void {
    this.#onClose = listener;
  }

  async close(): Promise<void> {
    if (this.#socket.destroyed) return;
    await new Promise<void>((resolve) => void this.#socket.end(() => resolve()));
  }

  ref(): void {
    this.#socket.ref();
  }

  unref(): void {
    this.#socket.unref();
  }

  #receive(bytes: Buffer): void {
    if (bytes.length === 0) {
      if (!this.#isOpen) this.#open();
      this.#isOpen = true;
      return;
    }
    let message: DriverMessage;
    try {
      message = decodeMessage(bytes);
    } catch (error) {
      this.#onError(error as Error);
      this.#socket.destroy();
      return;
    }
    if (this.#early === undefined) this.#onMessage(message);
    else this.#early.push(message);
  }
}
