import type { MessagePort, TransferListItem } from 'node:worker_threads';

import type { Body, Frame } from '../frames.js';
import type { SharedMemory } from '../public.js';
import { original } from '../originals.js';
import { openBody, type Sender, sendSnapshot, sendValue } from './body.js';
import { listenTo } from './listen-to-port.js';
import { KEEP, replaceIn } from '../../util/replace-in.js';
import { type Link, close, lead, mark, open } from './links.js';
import { otherEnd } from './pairs.js';
import { type Snapshot, transferList } from './snapshot.js';

/** The connection under a bridge. */
export interface Wire {
  /** Sends one frame; throws `ERR_NOT_SERIALIZABLE`. */
  post(frame: Frame): void;
  /** Handles what has arrived by now, before it returns. */
  receive(): void;
  /** Writes the output, blocking for at most this many milliseconds; whether some is left. */
  send(millis: number): boolean;
}

/**
 * The ports that were sent over one connection. Each has a number, and an end on both sides: what arrives at one is sent to the
 * other.
 */
export class PortBridge implements Sender, Link {
  private readonly ports = new Map<number, MessagePort>();
  /** The numbers of ports whose other ends this does not know. */
  private readonly unknown = new Set<number>();
  /** The numbers of ports, by the ends that the program gets. */
  private readonly ends = new WeakMap<object, number>();
  /** The numbers of ports that may have received something before they were given to this. */
  private fresh: number[] = [];

  /** @param next - The first number: 1 in the host, 2 in the worker. */
  constructor(
    readonly sharedMemory: SharedMemory,
    private readonly wire: Wire,
    private next: number,
  ) {
    open(this);
  }

  adopt(port: MessagePort): number {
    const id = this.next;
    this.next += 2;
    this.connect(id, port);
    const other = otherEnd(port);
    if (other === undefined) this.unknown.add(id);
    else this.lead(other, id, port);
    this.fresh.push(id);
    return id;
  }

  /** Sends a value; `frame` makes the frame around it. */
  post(value: unknown, transfer: readonly TransferListItem[], frame: (body: Body) => Frame): void {
    sendValue(value, transfer, this, (body) => this.wire.post(frame(body)));
    this.sendNow();
  }

  postSnapshot(taken: Snapshot, frame: (body: Body) => Frame): void {
    sendSnapshot(taken, this, (body) => this.wire.post(frame(body)));
    this.sendNow();
  }

  receive(): void {
    this.wire.receive();
  }

  get mayLead(): boolean {
    return this.unknown.size > 0;
  }

  send(millis: number): void {
    for (const id of this.unknown) this.take(id);
    mark(this, this.wire.send(millis) || this.unknown.size > 0);
  }

  /** Before the program changes shared memory: the other process may then look for what it was sent. */
  private sendNow(): void {
    if (this.sharedMemory !== 'share') return;
    const { fresh } = this;
    this.fresh = [];
    for (const id of fresh) this.take(id);
    this.send(0);
  }

  /** What the program posts on this port, whose other end is `inner`, leaves at once; a message on its way through two ports would wait for the event loop. */
  private lead(port: MessagePort, id: number, inner: MessagePort): void {
    lead(port, this);
    if (this.sharedMemory !== 'share') return;
    let isOpen = true;
    const isDirect = (list: readonly TransferListItem[]) =>
      isOpen && this.ports.get(id) === inner && !list.includes(port);
    const { postMessage, close: closePort } = original.MessagePort.prototype;
    hide(port, 'postMessage', (value: unknown, transfer?: readonly TransferListItem[]) => {
      const list = transferList(transfer);
      if (!isDirect(list)) return postMessage.call(port, value, list);
      this.take(id);
      this.post(value, list, (body) => ({ kind: 'port', id, body }));
    });
    hide(port, 'close', () => {
      isOpen = false;
      closePort.call(port);
    });
  }

  open(body: Body): Snapshot {
    return openBody(body, (id) => {
      const { port1, port2 } = new original.MessageChannel();
      this.connect(id, port1);
      this.ends.set(port2, id);
      this.lead(port2, id, port1);
      return port2;
    });
  }

  /** Gives the program what was sent to it, by a port of Node's. */
  passOn(port: MessagePort, body: Body): void {
    const { value, moved } = this.open(body);
    port.postMessage(value, moved);
    // The program gets other objects for those ports.
    for (const item of moved) {
      const id = this.ends.get(item);
      if (id !== undefined) this.unknown.add(id);
    }
    if (moved.length > 0) mark(this, true);
  }

  /** A message that the other side's end of a port has received. */
  onMessage(id: number, body: Body): void {
    const port = this.ports.get(id);
    if (port !== undefined) this.passOn(port, body);
  }

  onClose(id: number): void {
    const port = this.ports.get(id);
    this.ports.delete(id);
    this.unknown.delete(id);
    port?.close();
  }

  /** Sends what the ports have received and not reported yet: the event loop will not turn again. */
  drain(): void {
    for (const id of this.ports.keys()) this.take(id);
  }

  closeAll(): void {
    for (const id of this.ports.keys()) this.onClose(id);
    close(this);
  }

  /** Sends what a port has received and not reported yet. */
  private take(id: number): void {
    const port = this.ports.get(id);
    if (port === undefined) return;
    let received: { message: unknown } | undefined;
    while ((received = original.receiveMessageOnPort(port)) !== undefined) this.forward(id, received.message);
  }

  private connect(id: number, port: MessagePort): void {
    this.ports.set(id, port);
    listenTo(port, {
      message: (message) => this.forward(id, message),
      close: () => {
        this.unknown.delete(id);
        if (this.ports.delete(id)) this.wire.post({ kind: 'close', id });
      },
    });
  }

  /** The message was cloned when it was sent on the port: it belongs to this. */
  private forward(id: number, value: unknown): void {
    try {
      this.postSnapshot({ value, moved: portsIn(value) }, (body) => ({ kind: 'port', id, body }));
    } catch (error) {
      process.emitWarning(`a message of a port was dropped: ${(error as Error).message}`, 'IsolatedWorkersWarning');
    }
  }
}

/** A member that no program sees among those of a port. */
function hide(port: MessagePort, name: string, value: unknown): void {
  Object.defineProperty(port, name, { value, writable: true, configurable: true });
}

/** The ports in a message: whoever sent it had to transfer them. */
function portsIn(value: unknown): MessagePort[] {
  const found = new Set<MessagePort>();
  replaceIn(value, (object) => {
    if (!(object instanceof original.MessagePort)) return KEEP;
    found.add(object);
    return object;
  });
  return [...found];
}
