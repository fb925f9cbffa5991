import type { MessagePort, TransferListItem } from 'node:worker_threads';

import type { Body, Frame } from '../frames.js';
import { original } from '../originals.js';
import type { PortBridge } from '../values/port-bridge.js';
import { lead } from '../values/links.js';
import { listenTo } from '../values/listen-to-port.js';
import { transferList } from '../values/snapshot.js';

/** The `parentPort` of a process: a port of Node's, whose other end this connects with the host. */
export class ParentPort {
  readonly port: MessagePort;
  private readonly inner: MessagePort;
  private isOpen = true;

  constructor(private readonly bridge: PortBridge) {
    const { port1, port2 } = new original.MessageChannel();
    this.port = port1;
    lead(port1, bridge);
    this.inner = port2;
    (port1 as unknown as EventTarget).addEventListener('close', () => (this.isOpen = false));
    const close = () => {
      this.isOpen = false;
      original.MessagePort.prototype.close.call(port1);
    };
    Object.defineProperty(port1, 'close', { value: close, writable: true, configurable: true });
    // At once, and with the errors of Node: a message on its way through two ports would wait for the event loop.
    const postMessage = (value: unknown, transfer?: readonly TransferListItem[]) => this.send(value, transfer);
    Object.defineProperty(port1, 'postMessage', { value: postMessage, writable: true, configurable: true });
    // Of a port that was moved to another context, or to a thread.
    listenTo(port2, { message: (value) => this.send(value) });
  }

  /** Gives the program a message of its host. */
  deliver(body: Body): void {
    try {
      this.bridge.passOn(this.inner, body);
    } catch (error) {
      this.port.emit('messageerror', error);
    }
  }

  private send(value: unknown, transfer?: readonly TransferListItem[]): void {
    const list = transferList(transfer);
    if (!this.isOpen) return;
    this.bridge.post(value, list, (body): Frame => ({ kind: 'message', body }));
  }
}
