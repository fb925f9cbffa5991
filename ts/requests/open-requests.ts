import type { ConnectedRequester, Requester } from '../connection/connection.js';
import { placeError } from '../errors/place-error.js';
import { fromNative } from '../errors/from-native.js';
import type { Carrier } from '../types/context-carrier.js';
import { Backlog } from './backlog.js';
import { unwatch, watch } from './cancellation.js';
import type { RequestsOptions } from './options.js';
import type { Extras, OutgoingRequest } from './outgoing-request.js';

/** The requests in flight, by slot, and their connection. */
export class OpenRequests<R extends Requester = Requester> {
  connection!: R;
  /** Writes the output at the end of this tick; with `mayShare`, that of many short ticks at once. */
  scheduleFlush!: (mayShare?: boolean) => void;
  flush!: () => void;
  /** Runs when no request of the user is in flight any more. */
  onIdle: (() => void) | undefined;
  /** How many requests in flight are internal: no user waits for them. */
  internal = 0;
  /** A request has settled since the last end of a batch. */
  private hasSettled = false;
  readonly bySlot: (OutgoingRequest | undefined)[] = [];
  readonly backlog = new Backlog();

  constructor(readonly options: RequestsOptions) {}

  /** Before any message is sent. */
  attach({ connection, scheduleFlush, flush }: ConnectedRequester<R>): void {
    this.connection = connection;
    this.scheduleFlush = scheduleFlush;
    this.flush = flush;
  }

  submit<T>(command: () => T, mayShare = false): T {
    try {
      const result = command();
      this.scheduleFlush(mayShare);
      return result;
    } catch (error) {
      throw fromNative(error);
    }
  }

  /** The next message carries the context. */
  submitWith(carrier: Carrier | undefined, command: () => boolean, mayShare = false): boolean {
    if (carrier === undefined) return this.submit(command, mayShare);
    this.connection.setContext(carrier);
    try {
      return this.submit(command, mayShare);
    } finally {
      this.connection.setContext(undefined);
    }
  }

  assign(slot: number, request: OutgoingRequest): void {
    this.bySlot[slot] = request;
    request.slot = slot;
  }

  take(slot: number): OutgoingRequest | undefined {
    const request = this.bySlot[slot];
    this.bySlot[slot] = undefined;
    this.hasSettled = true;
    if (!this.backlog.isEmpty) this.backlog.drop(slot);
    if (request?.extras !== undefined) release(request.extras);
    return request;
  }

  /** The message could not be sent. */
  failUnsent(slot: number, error: unknown): void {
    this.connection.cancel(slot);
    this.reject(this.take(slot), error);
    this.batchEnd();
  }

  /** The error of a request, which says where it belongs. */
  placed(error: unknown, messageType: string): unknown {
    const { worker } = this.options;
    return placeError(error, { worker: worker?.name, pid: worker?.pid, messageType });
  }

  /** The request has failed. */
  reject(request: OutgoingRequest | undefined, error: unknown): void {
    request?.fail(this.placed(error, request.type));
  }

  /** Every request of a batch has settled. */
  batchEnd(): void {
    if (this.onIdle !== undefined && this.isIdle) this.onIdle();
    if (!this.hasSettled) return;
    this.hasSettled = false;
    this.options.onSettled?.();
  }

  /** How many requests of the user's have no outcome yet. */
  get inFlight(): number {
    return Math.max(this.connection.inFlight - this.internal, 0);
  }

  get isIdle(): boolean {
    return this.connection.inFlight <= this.internal;
  }

  /** Ends all requests, oldest first. */
  failAll(reason: (type?: string) => Error): void {
    for (const slot of this.openSlots()) {
      const request = this.take(slot);
      if (request !== undefined) this.reject(request, reason(request.type));
    }
    this.backlog.fail(reason);
    this.batchEnd();
  }

  /** Ends all transactions, and returns their slots. If the addon has failed, their order is unknown. */
  private openSlots(): number[] {
    try {
      return this.connection.failAll();
    } catch {
      return Object.keys(this.bySlot).map(Number);
    }
  }
}

/** Its signal ends it. */
export function watchSignal({ terms, extras }: OutgoingRequest): void {
  const signal = terms?.signal;
  if (signal !== undefined && extras !== undefined) extras.watched = watch(signal, extras);
}

/** The request has ended. */
function release(extras: Extras): void {
  if (extras.watched !== undefined) unwatch(extras.watched, extras);
  extras.writer?.stop();
}
