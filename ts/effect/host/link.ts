import { randomUUID } from 'node:crypto';

import type { WorkerError } from 'effect/workers/WorkerError';

import { envelopeOf, type HostFrame, MESSAGE, type Opening, type WorkerFrame } from '../frames.js';
import { postWith } from '../post.js';
import { crashed, disconnected, ended, lost, notStarted, unreadable } from './errors.js';
import type { AnyClient } from './spawned.js';

/** What the platform does with what comes on a port. */
export interface PortListener {
  onFrame(frame: WorkerFrame): void;
  /** Nothing more will come. */
  onFailure(error: WorkerError): void;
}

/** One Effect worker on a worker of this library. */
export class Port {
  private listener: PortListener | undefined;
  /** The worker has answered. Before, what ends it is told by the request that opens the port. */
  private isOpen = false;
  /** The worker has ended, or knows nothing of ports. */
  private isRefused = false;

  constructor(
    private readonly link: Link,
    private readonly number: number,
  ) {}

  /** The worker is silent on a port that nobody has opened: so the listener misses nothing. */
  open(listener: PortListener): void {
    this.listener = listener;
    this.link.open(this.number).then(
      () => (this.isOpen = true),
      (error: unknown) => {
        if (this.isOpen) return;
        this.isRefused = true;
        listener.onFailure(notStarted(error));
      },
    );
  }

  readonly postMessage = (frame: HostFrame, transfers?: readonly unknown[]): void => {
    this.link.post(this.number, frame, transfers);
  };

  receive(frame: WorkerFrame): void {
    this.isOpen = true;
    this.listener?.onFrame(frame);
  }

  fail(error: WorkerError): void {
    if (this.isOpen) this.listener?.onFailure(error);
  }

  close(timeout: number): Promise<void> {
    return this.link.close(this.number, !this.isRefused, timeout);
  }
}

/** What all ports of one worker share. The worker ends with the last of them. */
export class Link {
  private readonly session = randomUUID();
  private readonly ports = new Map<number, Port>();
  private nextNumber = 0;

  /** @param onClosed - It is used no more: called before the worker is closed. */
  constructor(
    private readonly client: AnyClient,
    private readonly onClosed: () => void,
  ) {
    client.ref();
    client.on('crash', (error) => this.fail(crashed(error)));
    client.on('exit', ({ reason }) => this.fail(ended(client.name, reason)));
    client.on('unreadable', (error) => this.fail(lost(error)));
    client.on('disconnect', () => this.fail(disconnected(client.name)));
  }

  createPort(): Port {
    const number = this.nextNumber++;
    const port = new Port(this, number);
    this.ports.set(number, port);
    return port;
  }

  /** A request, so that it tells why a worker does not start, or has no runner. */
  async open(port: number): Promise<void> {
    const opening: Opening = { session: this.session, movesMemory: this.client.capabilities.sharedMemory };
    await this.client.send(MESSAGE, [port, [2, opening]], { timeout: 0 });
  }

  post(port: number, frame: HostFrame, transfers?: readonly unknown[]): void {
    postWith(this.client, MESSAGE, [port, frame], transfers, this.client.capabilities.sharedMemory);
  }

  /** Takes what the worker has posted. */
  receive(message: unknown): void {
    const envelope = envelopeOf<WorkerFrame>(message, 1);
    if (envelope === undefined) return this.fail(unreadable(this.client.name));
    const [port, frame] = envelope;
    this.ports.get(port)?.receive(frame);
  }

  private fail(error: WorkerError): void {
    for (const port of this.ports.values()) port.fail(error);
  }

  /**
   * Closes a port, and with the last one the worker: it may run its finalisers for so many milliseconds.
   *
   * @param emit - The worker knows of the port.
   */
  async close(port: number, emit: boolean, timeout: number): Promise<void> {
    if (!this.ports.delete(port)) return;
    const isLast = this.ports.size === 0;
    if (isLast) this.onClosed();
    try {
      if (emit) this.post(port, [1]);
    } catch {
      // It has ended already.
    }
    if (isLast && !this.isLeft) await this.client.close({ timeout, pending: 'reject' });
  }

  /** A detached worker that this host was disconnected from lives on, for others. */
  private get isLeft(): boolean {
    return this.client.socketPath !== undefined && !this.client.isConnected;
  }
}
