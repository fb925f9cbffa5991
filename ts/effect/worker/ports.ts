import type { WorkerError } from 'effect/workers/WorkerError';

import { envelopeOf, type HostFrame, MESSAGE, type Opening, type WorkerFrame } from '../frames.js';
import { type Poster, postWith } from '../post.js';
import { unreadable } from './errors.js';

/** What a runner does with what comes. */
export interface PortsListener {
  onMessage(portId: number, payload: unknown): void;
  /** The host has closed this port, or has left. */
  onDisconnect(portId: number): void;
  /** The host has closed the last port. */
  onClose(): void;
  /** Something came that is no frame, or that could not be read. */
  onUnreadable(error: WorkerError): void;
}

/** A port that a host has opened. */
interface Port {
  readonly id: number;
  /** Its number among those of its host. */
  readonly number: number;
  readonly movesMemory: boolean;
  isReady: boolean;
}

/** The ports of a worker. A detached worker may have one host after the other, and each port has an id of its own. */
export class Ports {
  private readonly listeners = new Set<PortsListener>();
  private readonly byNumber = new Map<number, Port>();
  private readonly byId = new Map<number, Port>();
  /** What was sent to ports that are not open yet. */
  private early: (() => void)[] = [];
  private session: string | undefined;
  /** What has ended the connection: a listener that comes later is told, too. */
  private ending: ((listener: PortsListener) => void) | undefined;
  private nextId = 0;

  constructor(private readonly host: () => Poster) {}

  /** Hosts are told that the worker is ready. */
  add(listener: PortsListener): void {
    this.listeners.add(listener);
    for (const port of this.byId.values()) this.welcome(port);
    this.ending?.(listener);
  }

  remove(listener: PortsListener): void {
    this.listeners.delete(listener);
  }

  send(id: number, payload: unknown, transfers: readonly unknown[] | undefined): void {
    const port = this.byId.get(id);
    if (port !== undefined) this.post(port, [1, payload], transfers);
    else if (id >= this.nextId) this.early.push(() => this.send(id, payload, transfers));
  }

  receive(message: unknown): void {
    const envelope = envelopeOf<HostFrame>(message, 2);
    if (envelope === undefined) return this.fail(unreadable());
    const [number, frame] = envelope;
    if (frame[0] === 2) return this.open(number, frame[1]);
    const port = this.byNumber.get(number);
    if (port === undefined) return;
    if (frame[0] === 1) return this.close(port);
    for (const listener of this.listeners) listener.onMessage(port.id, frame[1]);
  }

  private open(number: number, { session, movesMemory }: Opening): void {
    // A worker has one host at a time: those of another belong to one that has left.
    if (session !== this.session) for (const port of this.byId.values()) this.forget(port);
    this.session = session;
    const port: Port = { id: this.nextId++, number, movesMemory, isReady: false };
    this.byNumber.set(number, port);
    this.byId.set(port.id, port);
    if (this.listeners.size > 0) this.welcome(port);
    for (const send of this.early.splice(0)) send();
  }

  private welcome(port: Port): void {
    if (!port.isReady) this.post(port, [0]);
    port.isReady = true;
  }

  private close(port: Port): void {
    this.forget(port);
    if (this.byId.size === 0) this.emit((listener) => listener.onClose());
  }

  private forget(port: Port): void {
    this.byId.delete(port.id);
    if (this.byNumber.get(port.number) === port) this.byNumber.delete(port.number);
    this.emit((listener) => listener.onDisconnect(port.id));
  }

  /** The host closes the worker: there will be no more ports. */
  closeAll(): void {
    for (const port of this.byId.values()) this.forget(port);
    this.end((listener) => listener.onClose());
  }

  /** What was sent is lost. */
  fail(error: WorkerError): void {
    this.end((listener) => listener.onUnreadable(error));
  }

  private end(emit: (listener: PortsListener) => void): void {
    this.ending ??= emit;
    this.emit(emit);
  }

  private emit(act: (listener: PortsListener) => void): void {
    for (const listener of this.listeners) act(listener);
  }

  private post(port: Port, frame: WorkerFrame, transfers?: readonly unknown[]): void {
    postWith(this.host(), MESSAGE, [port.number, frame], transfers, port.movesMemory);
  }
}
