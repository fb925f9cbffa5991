import { type MessagePort, receiveMessageOnPort, type TransferListItem } from 'node:worker_threads';

import { notSerializable, type WorkerError } from '../errors.js';
import type { TransferList } from '../types/transfer-list.js';
import { ALONE, snapshot } from './snapshot.js';
import { Kind, type Tx, type Wire, type WireListener } from './wire.js';

/** Members of a record: kind, type, transaction, payload. */
const RECORD = 4;
/** How many values wait before they are sent without waiting for the end of the tick: the other side can begin. */
const FULL = 64 * RECORD;

/** A `MessagePort`. The messages of a tick travel as one array, those that may share objects each alone. */
export class PortWire implements Wire {
  readonly needsIds = false;
  private batch: unknown[] = [];
  private isScheduled = false;
  private isDelivering = false;
  private isReferenced = false;
  private isClosed = false;
  private listener: WireListener | undefined;

  constructor(
    private readonly port: MessagePort,
    readonly driver: string,
    /** Runs what comes in the surroundings of its receiver. */
    private readonly enter?: (act: () => void) => void,
  ) {}

  listen(listener: WireListener): void {
    this.listener = listener;
    const { enter } = this;
    const onBatch = (batch: readonly unknown[]) => enter?.(() => this.onBatch(batch));
    this.port.on('message', enter === undefined ? this.onBatch : onBatch);
    this.port.on('messageerror', () => listener.onDropped('it cannot be deserialised here'));
    this.port.once('close', () => {
      if (!this.isClosed) listener.onEnd();
    });
    // Listening made it keep the event loop alive.
    this.isReferenced = true;
    this.setRef(false);
  }

  send(kind: Kind, type: string, tx: Tx, payload: unknown, transfer?: TransferList): void {
    let copy: unknown = ALONE;
    try {
      if (transfer === undefined || transfer.length === 0) copy = snapshot(payload);
    } catch (error) {
      // A getter has thrown.
      throw unclonable(kind, type, error);
    }
    if (copy === ALONE) return this.sendAlone([kind, type, tx, payload], transfer);
    this.batch.push(kind, type, tx, copy);
    if (this.batch.length >= FULL) this.flush();
    else this.schedule();
  }

  private sendAlone(record: unknown[], transfer: TransferList | undefined): void {
    this.flush();
    try {
      this.port.postMessage(record, transfer as TransferListItem[] | undefined);
    } catch (error) {
      throw unclonable(record[0] as Kind, record[1] as string, error);
    }
  }

  private schedule(): void {
    if (this.isScheduled || this.isDelivering) return;
    this.isScheduled = true;
    queueMicrotask(this.flush);
  }

  readonly flush = (): void => {
    this.isScheduled = false;
    if (this.batch.length === 0) return;
    const { batch } = this;
    this.batch = [];
    this.port.postMessage(batch);
  };

  private readonly onBatch = (batch: readonly unknown[]): void => {
    const listener = this.listener as WireListener;
    // What handlers send meanwhile is sent right below, without a microtask for it.
    this.isDelivering = true;
    try {
      for (let at = 0; at < batch.length; at += RECORD) {
        listener.onMessage(batch[at] as Kind, batch[at + 1] as string, batch[at + 2] as Tx, batch[at + 3]);
      }
      listener.onBatchEnd();
    } finally {
      this.isDelivering = false;
      this.flush();
    }
  };

  drain(): boolean {
    for (let next = this.receive(); next !== undefined; next = this.receive()) this.onBatch(next);
    return true;
  }

  /** The next batch, if it has arrived. */
  receive(): readonly unknown[] | undefined {
    return this.isClosed ? undefined : (receiveMessageOnPort(this.port)?.message as readonly unknown[] | undefined);
  }

  setRef(referenced: boolean): void {
    if (referenced === this.isReferenced || this.isClosed) return;
    this.isReferenced = referenced;
    if (referenced) this.port.ref();
    else this.port.unref();
  }

  close(): void {
    if (this.isClosed) return;
    this.flush();
    this.isClosed = true;
    this.port.close();
  }
}

function unclonable(kind: Kind, type: string, error: unknown): WorkerError {
  return notSerializable(kind === Kind.Result ? `the result of "${type}"` : `"${type}"`, 'structured clone', error);
}
