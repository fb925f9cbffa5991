import type { MessagePort } from 'node:worker_threads';

import { receiveMessageOnPort } from '../../util/node-threads.js';

import { findUncloned } from '../../codecs/host-objects.js';
import { notSerializable, type WorkerError } from '../../errors/worker-error.js';
import { isExiting } from '../../addon/exit-flush.js';
import { inNextTurn, isTurnOver } from '../../util/loop-turn.js';
import { Slice } from '../../util/time-slice.js';
import type { Carrier } from '../../types/context-carrier.js';
import type { TransferList } from '../../types/transfer-list.js';
import { Posts } from '../posts.js';
import { EarlyPosts, isEarly } from './early-posts.js';
import { listenTo } from './listen-to-port.js';
import { ALONE, snapshot } from './snapshot.js';
import type { ThreadBlocker } from '../sync/thread-blocker.js';
import { isInTime, RECORD, type Tx, type Wire, type WireListener } from './wire.js';
import { nextTick, now, queueMicrotask } from '../../util/primordials.js';
import { Kind } from '../../protocol/generated.js';

/** How many values wait before an early post, so that the other side can begin. */
const FULL = 32 * RECORD;
/** How much may be read before it is delivered: the number of batches, and milliseconds. */
const MOST_AHEAD = 1000;
const AHEAD = 10;

/** So many notifications that came each in a post of its own are handled in one tick, as many as come together in one post. */
const MOST_ALONE = FULL / RECORD;

/** The environment of a port. */
export interface PortHooks {
  /** Runs incoming messages in the asynchronous scope of their receiver. */
  enter?(act: () => void): void;
  /** The other side is in this thread: its messages arrive when it runs. */
  readonly sharesThread?: boolean;
  /** A message was posted. */
  onPosted?(): void;
  /** A message has arrived, and was handled. */
  readonly onReceived?: (() => void) | undefined;
  readonly blocker?: ThreadBlocker;
}

/** A `MessagePort`. Messages of a tick travel as one array, those that may share objects each alone. */
export class PortWire implements Wire {
  readonly needsIds = false;
  private batch: unknown[] = [];
  /** Messages that wait for delivery, in order. */
  private kept: unknown[][] = [];
  /** The next turn of the loop delivers them. */
  private isResting = false;
  /** Reports the end of the other side, after those messages. */
  private hasEnded = false;
  private stopListening: (() => void) | undefined;
  /** Notifications were sent, whose handling is not acknowledged. */
  hasNotified = false;
  private isScheduled = false;
  private readonly early = new EarlyPosts();
  private isDelivering = false;
  private isReferenced = false;
  private isClosed = false;
  private listener: WireListener | undefined;
  private posts = this.createPosts();
  /** Posts before the first answer, for `replace`. */
  private posted: unknown[][] | undefined = [];

  constructor(
    private port: MessagePort,
    readonly driver: string,
    private readonly hooks: PortHooks = {},
  ) {}

  listen(listener: WireListener): void {
    this.listener = listener;
    this.listenToPort();
  }

  private listenToPort(): void {
    this.hear();
    this.hearOfEnd();
    // Listening made it keep the event loop alive.
    if (!this.isReferenced) this.port.unref?.();
  }

  private createPosts(): Posts {
    return new Posts((kind, tx, error) => this.listener?.onSendFailed(kind, tx, error));
  }

  private hearOfEnd(): void {
    const { port } = this;
    port.addEventListener('messageerror', (event) => {
      this.onUnreadable((event as { data?: unknown }).data);
      this.flush();
    });
    port.addEventListener('close', () => {
      if (port !== this.port) return;
      this.hasEnded = true;
      if (this.kept.length === 0) this.end();
    });
  }

  /** A message has arrived: the other side has its end. */
  get hasHeard(): boolean {
    return this.posted === undefined;
  }

  /** Continues over another port: the other side has lost its end of the first before it read anything. */
  replace(port: MessagePort): void {
    if (this.listener === undefined || this.isClosed) return;
    const { port: lost, posted } = this;
    this.port = port;
    lost.close();
    this.posts = this.createPosts();
    this.listenToPort();
    for (const batch of posted ?? []) {
      port.postMessage(batch);
      this.posts.onBatch();
    }
  }

  /** All earlier messages were delivered. */
  private end(): void {
    this.hasEnded = false;
    if (!this.isClosed) this.listener?.onEnd();
  }

  private hear(): void {
    this.stopListening = listenTo(this.port, this.onArrival);
  }

  private readonly onArrival = (message: unknown): void => {
    this.onPost();
    const batch = this.asBatch(message);
    if (batch !== undefined && (this.kept.length > 0 || isTurnOver())) {
      this.kept.push(batch);
      this.rest();
    } else if (batch !== undefined) {
      this.deliver(batch);
    }
    this.hooks.onReceived?.();
  };

  /**
   * Handles further posts of one notification that have arrived: what the handlers send leaves in one post, and Node gives none of them a
   * tick of its own.
   */
  private handleMore(): void {
    let slice: Slice | undefined;
    for (let count = 1; count < MOST_ALONE && this.canReadMore; count++) {
      const batch = this.receive();
      if (batch === undefined) return;
      slice ??= new Slice(this.flush);
      this.handle(batch);
      if (!isNotification(batch) || slice.isOver()) return;
    }
  }

  /** What is read now comes behind nothing that waits. */
  private get canReadMore(): boolean {
    return this.stopListening !== undefined && this.kept.length === 0 && !this.isClosed;
  }

  /** Delivers kept messages in the next turn of the loop, and later ones behind them. */
  private rest(): void {
    if (this.isResting || this.isClosed) return;
    this.isResting = true;
    this.stopListening?.();
    inNextTurn(this.goOn);
  }

  private readonly goOn = (): void => {
    this.isResting = false;
    if (this.isClosed) return;
    const next = this.kept.shift();
    if (next !== undefined) this.deliver(next);
    if (this.kept.length > 0) return this.rest();
    if (this.hasEnded) return this.end();
    if (this.stopListening === undefined || this.isClosed) return;
    this.hear();
    // That has made it keep the loop alive.
    if (!this.isReferenced) this.port.unref?.();
  };

  send(kind: Kind, type: string, tx: Tx, payload: unknown, transfer?: TransferList, carrier?: Carrier): void {
    if (kind === Kind.Notification) this.hasNotified = true;
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
    if (isEarly(kind) && this.early.take()) this.post();
  }

  private sendAlone(record: unknown[], transfer: TransferList | undefined, carrier: Carrier | undefined): void {
    const [kind, type, tx, payload] = record as [Kind, string, Tx, unknown];
    const lost = carriesValue(kind) ? findUncloned(payload) : undefined;
    if (lost !== undefined) throw failure(kind, type, lost);
    this.flush();
    try {
      this.port.postMessage(
        carrier === undefined ? record : [Kind.Context, '', undefined, carrier, ...record],
        transfer as TransferList[number][] | undefined,
      );
    } catch (error) {
      throw failure(kind, type, error);
    }
    this.posts.onAlone(kind, type, tx);
    this.hooks.onPosted?.();
  }

  private onPost(): void {
    this.posted = undefined;
    const record = this.posts.onReceived();
    if (record !== undefined) this.pushOwn(record);
  }

  private onUnreadable(error: unknown): void {
    this.listener?.onUnreadable(error);
    this.pushOwn(this.posts.onUnreadable());
  }

  private pushOwn(record: unknown[]): void {
    if (this.isClosed) return;
    this.batch.push(...record);
    this.schedule();
  }

  /** The messages of a post, without those between the wires alone; `undefined`: there are none. */
  private asBatch(message: unknown): unknown[] | undefined {
    if (!Array.isArray(message)) {
      this.listener?.onDropped('it is not a batch of messages');
      return undefined;
    }
    const batch = message as unknown[];
    for (let at = batch.length - RECORD; at >= 0; at -= RECORD) {
      const kind = batch[at] as Kind | undefined;
      if (kind === undefined || kind < Kind.Unreadable) continue;
      this.posts.onReport(kind, batch[at + 3]);
      batch.splice(at, RECORD);
    }
    return batch.length === 0 ? undefined : batch;
  }

  private schedule(): void {
    if (this.isScheduled || this.isDelivering) return;
    if (isExiting()) return this.flush();
    this.isScheduled = true;
    void queueMicrotask(this.flush);
  }

  /** More may follow in microtasks, and wait only for those. */
  private scheduleLater(): void {
    if (this.isScheduled || this.isDelivering) return;
    if (isExiting()) return this.flush();
    this.isScheduled = true;
    nextTick(this.flush);
  }

  readonly flush = (): void => {
    this.isScheduled = false;
    this.early.endTick();
    this.post();
  };

  private post(): void {
    if (this.batch.length === 0) return;
    const { batch } = this;
    this.batch = [];
    this.listener?.onFlush(batch);
    this.posted?.push(batch);
    this.port.postMessage(batch);
    this.posts.onBatch();
    this.hooks.onPosted?.();
  }

  /** Wakes the other side through the shared memory. */
  wake(): void {
    if (!this.isClosed) this.port.postMessage([]);
  }

  private deliver(batch: unknown[]): void {
    const { hooks } = this;
    if (hooks.enter === undefined) this.onBatch(batch);
    else hooks.enter(() => this.onBatch(batch));
  }

  private deliverKept(): void {
    for (let next = this.kept.shift(); next !== undefined; next = this.kept.shift()) this.deliver(next);
  }

  /**
   * Blocks this thread until a message has arrived, at most this many milliseconds; `undefined`: there is none, or
   * never will be. Pass messages for others to `keep`.
   */
  await(millis: number): unknown[] | undefined {
    return this.hooks.blocker?.receive(() => this.receive(), millis);
  }

  /** The other side has ended: no message follows. */
  get isGone(): boolean {
    return this.hooks.blocker?.isGone() ?? false;
  }

  /** Delivers it when the thread is no longer blocked. */
  keep(batch: unknown[]): void {
    this.kept.push(batch);
    this.rest();
  }

  /** Messages that arrived and were not delivered. */
  takeKept(): unknown[][] {
    return this.kept.splice(0);
  }

  private readonly onBatch = (batch: unknown[]): void => {
    // Messages that handlers send meanwhile are posted right below, without a microtask.
    this.isDelivering = true;
    try {
      this.handle(batch);
      if (isNotification(batch)) this.handleMore();
    } finally {
      this.isDelivering = false;
      this.flush();
    }
  };

  /** What of a batch is not handled now waits for the next turn of the loop. */
  private handle(batch: unknown[]): void {
    const handled = this.listener?.onBatch(batch) ?? batch.length;
    if (handled === batch.length) return;
    this.kept.unshift(batch.slice(handled));
    this.rest();
  }

  drain(): void {
    this.readFor(Infinity, Infinity);
    this.deliverKept();
  }

  drainSome(): boolean {
    const isAll = this.readFor(AHEAD, MOST_AHEAD);
    const next = this.kept.shift();
    if (next !== undefined) this.deliver(next);
    return isAll && this.kept.length === 0;
  }

  readAhead(): boolean {
    this.readFor(AHEAD, MOST_AHEAD);
    if (this.kept.length > 0) this.rest();
    return this.hooks.sharesThread !== true;
  }

  /**
   * Reads arrived messages, for this many milliseconds, until this many batches are kept; returns whether that was all.
   */
  private readFor(millis: number, most: number): boolean {
    const end = now() + millis;
    while (this.kept.length < most) {
      const next = this.receive();
      if (next === undefined) return true;
      this.kept.push(next);
      if (now() >= end) break;
    }
    return false;
  }

  *heardOf(): Iterable<Tx> {
    for (const batch of this.kept) {
      for (let at = 0; at < batch.length; at += RECORD) {
        if (isInTime(batch[at] as Kind)) yield batch[at + 2] as Tx;
      }
    }
  }

  /** The next readable batch, if one has arrived. */
  receive(): unknown[] | undefined {
    while (!this.isClosed) {
      try {
        const next = receiveMessageOnPort(this.port);
        if (next === undefined) return undefined;
        this.onPost();
        const batch = this.asBatch(next.message);
        if (batch !== undefined) return batch;
      } catch (error) {
        this.onUnreadable(error);
        // This thread may be blocked for the very answer that could not be read.
        this.flush();
      }
    }
    return undefined;
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

function isNotification(batch: readonly unknown[]): boolean {
  return batch.length === RECORD && batch[0] === Kind.Notification;
}

/** Its payload is a value of the user, besides errors, which arrive with what of them can be carried. */
function carriesValue(kind: Kind): boolean {
  return kind !== Kind.Error && kind !== Kind.InputEnd && kind !== Kind.Handshake && kind !== Kind.Fatal;
}

function failure(kind: Kind, type: string, cause: unknown): WorkerError {
  return notSerializable(kind === Kind.Result ? `the result of "${type}"` : `"${type}"`, 'structured clone', cause);
}
