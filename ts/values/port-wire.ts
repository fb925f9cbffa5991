import { type MessagePort, receiveMessageOnPort, type TransferListItem } from 'node:worker_threads';

import { notSerializable } from '../errors.js';
import type { Carrier } from '../types/context-carrier.js';
import type { TransferList } from '../types/transfer-list.js';
import { ALONE, snapshot } from './snapshot.js';
import type { ThreadBlocker } from './thread-blocker.js';
import { Kind, RECORD, type Tx, type Wire, type WireListener } from './wire.js';

/** How many values wait before they are sent without waiting for the end of the tick: the other side can begin. */
const FULL = 32 * RECORD;

/** What a port is used in. */
export interface PortSurroundings {
  /** Runs what comes in the surroundings of its receiver. */
  enter?(act: () => void): void;
  /** The other side is in this thread: what it has to say comes when it gets its turn. */
  readonly sharesThread?: boolean;
  /** Something was posted. */
  onPosted?(): void;
  /** Something has come, and was handled. */
  onReceived?(): void;
  readonly blocker?: ThreadBlocker;
}

/** A `MessagePort`. The messages of a tick travel as one array, those that may share objects each alone. */
export class PortWire implements Wire {
  readonly needsIds = false;
  private batch: unknown[] = [];
  /** What came while this thread was blocked. */
  private kept: unknown[][] = [];
  private isScheduled = false;
  private isDelivering = false;
  private isReferenced = false;
  private isClosed = false;
  private listener: WireListener | undefined;

  constructor(
    private readonly port: MessagePort,
    readonly driver: string,
    private readonly surroundings: PortSurroundings = {},
  ) {}

  listen(listener: WireListener): void {
    this.listener = listener;
    listenTo(this.port, (batch) => {
      if (this.kept.length > 0) this.tellKept();
      this.tell(batch);
      this.surroundings.onReceived?.();
    });
    this.port.addEventListener('messageerror', () => listener.onDropped('it cannot be deserialised here'));
    this.port.addEventListener('close', () => {
      if (!this.isClosed) listener.onEnd();
    });
    // Listening made it keep the event loop alive.
    this.isReferenced = true;
    this.setRef(false);
  }

  send(kind: Kind, type: string, tx: Tx, payload: unknown, transfer?: TransferList, carrier?: Carrier): void {
    const copy = transfer === undefined || transfer.length === 0 ? snapshot(payload) : ALONE;
    if (copy === ALONE) this.sendAlone([kind, type, tx, payload], transfer, carrier);
    else this.push(kind, type, tx, copy, carrier);
  }

  queue(type: string, payload: unknown, carrier?: Carrier): boolean {
    const copy = snapshot(payload);
    if (copy === ALONE) return false;
    this.push(Kind.Request, type, undefined, copy, carrier);
    return true;
  }

  private push(kind: Kind, type: string, tx: Tx, copy: unknown, carrier: Carrier | undefined): void {
    if (carrier !== undefined) this.batch.push(Kind.Context, '', undefined, carrier);
    this.batch.push(kind, type, tx, copy);
    if (this.batch.length >= FULL) this.flush();
    else if (kind === Kind.Chunk || kind === Kind.Input) this.scheduleLater();
    else this.schedule();
  }

  private sendAlone(record: unknown[], transfer: TransferList | undefined, carrier: Carrier | undefined): void {
    this.flush();
    try {
      this.port.postMessage(
        carrier === undefined ? record : [Kind.Context, '', undefined, carrier, ...record],
        transfer as TransferListItem[] | undefined,
      );
      this.surroundings.onPosted?.();
    } catch (error) {
      const [kind, type] = record;
      throw notSerializable(kind === Kind.Result ? `the result of "${type}"` : `"${type}"`, 'structured clone', error);
    }
  }

  private schedule(): void {
    if (this.isScheduled || this.isDelivering) return;
    this.isScheduled = true;
    queueMicrotask(this.flush);
  }

  /** More of them may come in microtasks, and wait no longer than those take. */
  private scheduleLater(): void {
    if (this.isScheduled || this.isDelivering) return;
    this.isScheduled = true;
    process.nextTick(this.flush);
  }

  readonly flush = (): void => {
    this.isScheduled = false;
    if (this.batch.length === 0) return;
    const { batch } = this;
    this.batch = [];
    this.listener?.onFlush(batch);
    this.port.postMessage(batch);
    this.surroundings.onPosted?.();
  };

  private tell(batch: unknown[]): void {
    const { surroundings } = this;
    if (surroundings.enter === undefined) this.onBatch(batch);
    else surroundings.enter(() => this.onBatch(batch));
  }

  private tellKept(): void {
    for (const batch of this.kept.splice(0)) this.tell(batch);
  }

  /**
   * Blocks this thread until something has come, at most so many milliseconds; `undefined`: nothing has, or ever will.
   * What is not for who waits is to be given to `keep`.
   */
  await(millis: number): unknown[] | undefined {
    return this.surroundings.blocker?.receive(() => this.receive(), millis);
  }

  /** The other side has ended: nothing more will come. */
  get isGone(): boolean {
    return this.surroundings.blocker?.isGone() ?? false;
  }

  /** Tells it when the thread is no longer blocked. */
  keep(batch: unknown[]): void {
    if (this.kept.push(batch) === 1) queueMicrotask(() => this.drain());
  }

  private readonly onBatch = (batch: unknown[]): void => {
    // What handlers send meanwhile is sent right below, without a microtask for it.
    this.isDelivering = true;
    try {
      this.listener?.onBatch(batch);
    } finally {
      this.isDelivering = false;
      this.flush();
    }
  };

  drain(): boolean {
    this.tellKept();
    for (let next = this.receive(); next !== undefined; next = this.receive()) this.tell(next);
    return this.surroundings.sharesThread !== true;
  }

  /** The next batch, if it has arrived. */
  receive(): unknown[] | undefined {
    return this.isClosed ? undefined : (receiveMessageOnPort(this.port)?.message as unknown[] | undefined);
  }

  setRef(referenced: boolean): void {
    if (referenced === this.isReferenced || this.isClosed) return;
    this.isReferenced = referenced;
    if (referenced) this.port.ref?.();
    else this.port.unref?.();
  }

  close(): void {
    if (this.isClosed) return;
    this.flush();
    this.isClosed = true;
    this.port.close();
  }
}

/** Deno's threads have the web's kind of port, without the methods of an emitter. */
function listenTo(port: MessagePort, onBatch: (batch: unknown[]) => void): void {
  if (typeof port.on === 'function') {
    port.on('message', onBatch);
    return;
  }
  port.addEventListener('message', (event) => onBatch((event as { data?: unknown }).data as unknown[]));
  port.start();
}
