import type { ConnectedRequester, Requester } from '../connection.js';
import { fromNative } from '../errors.js';
import type { Carrier } from '../types/context-carrier.js';
import { Backlog } from './backlog.js';
import { unwatch, watch } from './cancellation.js';
import type { RequestsOptions } from './options.js';
import type { Aborter, Extras, Pending } from './pending.js';

/** The requests in flight, by slot, and the connection over which they go. */
export abstract class OpenRequests<R extends Requester = Requester> implements Aborter {
  connection!: R;
  /** Sends what was written, at the end of this tick. */
  scheduleFlush!: () => void;
  protected flush!: () => void;
  /** To be called when no request is in flight any more. */
  onIdle: (() => void) | undefined;
  readonly pending: (Pending | undefined)[] = [];
  readonly backlog = new Backlog();

  constructor(readonly options: RequestsOptions) {}

  /** Ends a request that nobody waits for any more. */
  abstract abort(pending: Pending, reason: unknown): void;

  /** Before anything is sent. */
  attach({ connection, scheduleFlush, flush }: ConnectedRequester<R>): void {
    this.connection = connection;
    this.scheduleFlush = scheduleFlush;
    this.flush = flush;
  }

  submit<T>(command: () => T): T {
    try {
      const result = command();
      this.scheduleFlush();
      return result;
    } catch (error) {
      throw fromNative(error);
    }
  }

  /** The message that is sent takes the carrier along. */
  submitWith(carrier: Carrier | undefined, command: () => boolean): boolean {
    if (carrier === undefined) return this.submit(command);
    this.connection.carry(carrier);
    try {
      return this.submit(command);
    } finally {
      this.connection.carry(undefined);
    }
  }

  assign(slot: number, owner: object): void {
    this.pending[slot] = owner as Pending;
    (owner as Pending).slot = slot;
  }

  take(slot: number): Pending | undefined {
    const pending = this.pending[slot];
    this.pending[slot] = undefined;
    if (!this.backlog.isEmpty) this.backlog.drop(slot);
    if (pending?.extras !== undefined) release(pending.extras);
    return pending;
  }

  /** It could not be sent. */
  failUnsent(slot: number, error: unknown): void {
    this.connection.cancel(slot);
    this.take(slot)?.reject(error);
    this.batchEnd();
  }

  /** All outcomes of a batch were told. */
  batchEnd(): void {
    if (this.onIdle !== undefined && this.connection.inFlight === 0) this.onIdle();
  }
}

/** Its signal ends it. */
export function watchSignal(pending: Pending, extras: Extras): void {
  extras.pending = pending;
  const signal = extras.terms?.signal;
  if (signal !== undefined) extras.watched = watch(signal, extras);
}

/** The request has come to its end. */
function release(extras: Extras): void {
  if (extras.watched !== undefined) unwatch(extras.watched, extras);
  extras.writer?.stop();
}
