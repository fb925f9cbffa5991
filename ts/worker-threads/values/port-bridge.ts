import type { MessagePort, TransferListItem } from 'node:worker_threads';

import type { Body, Frame } from '../frames.js';
import type { SharedMemory } from '../public.js';
import { original } from '../originals.js';
import { openBody, type Sender, sendSnapshot, sendValue } from './body.js';
import { listenTo } from './listen-to-port.js';
import { KEEP, replaceIn } from '../../util/replace-in.js';
import type { Snapshot } from './snapshot.js';

/**
 * The ports that were sent over one connection. Each has a number, and an end on both sides: what arrives at one is sent to the
 * other.
 */
export class PortBridge implements Sender {
  private readonly ports = new Map<number, MessagePort>();

  /**
   * @param post - Sends one frame; throws `ERR_NOT_SERIALIZABLE`.
   * @param next - The first number: 1 in the host, 2 in the worker.
   */
  constructor(
    readonly sharedMemory: SharedMemory,
    private readonly post: (frame: Frame) => void,
    private next: number,
  ) {}

  adopt(port: MessagePort): number {
    const id = this.next;
    this.next += 2;
    this.connect(id, port);
    return id;
  }

  /** Sends a value; `frame` makes the frame around it. */
  send(value: unknown, transfer: readonly TransferListItem[], frame: (body: Body) => Frame): void {
    sendValue(value, transfer, this, (body) => this.post(frame(body)));
  }

  sendSnapshot(taken: Snapshot, frame: (body: Body) => Frame): void {
    sendSnapshot(taken, this, (body) => this.post(frame(body)));
  }

  open(body: Body): Snapshot {
    return openBody(body, (id) => {
      const { port1, port2 } = new original.MessageChannel();
      this.connect(id, port1);
      return port2;
    });
  }

  /** A message that the other side's end of a port has received. */
  onMessage(id: number, body: Body): void {
    const { value, moved } = this.open(body);
    this.ports.get(id)?.postMessage(value, moved);
  }

  onClose(id: number): void {
    const port = this.ports.get(id);
    this.ports.delete(id);
    port?.close();
  }

  /** Sends what the ports have received and not reported yet: the event loop will not turn again. */
  drain(): void {
    for (const [id, port] of this.ports) {
      let received: { message: unknown } | undefined;
      while ((received = original.receiveMessageOnPort(port)) !== undefined) this.forward(id, received.message);
    }
  }

  closeAll(): void {
    for (const id of this.ports.keys()) this.onClose(id);
  }

  private connect(id: number, port: MessagePort): void {
    this.ports.set(id, port);
    listenTo(port, {
      message: (message) => this.forward(id, message),
      close: () => {
        if (this.ports.delete(id)) this.post({ kind: 'close', id });
      },
    });
  }

  /** The message was cloned when it was sent on the port: it belongs to this. */
  private forward(id: number, value: unknown): void {
    try {
      this.sendSnapshot({ value, moved: portsIn(value) }, (body) => ({ kind: 'port', id, body }));
    } catch (error) {
      process.emitWarning(`a message of a port was dropped: ${(error as Error).message}`, 'IsolatedWorkersWarning');
    }
  }
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
