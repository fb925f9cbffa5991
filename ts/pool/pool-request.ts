import type * as AsyncHooks from 'node:async_hooks';

import { type Cancellable, unwatch, watch } from '../requests/cancellation.js';
import { type KeyQueue, type QueuedRequest } from './core/key-queue.js';
import type { Call } from './call.js';
import type { Deadline } from './deadlines.js';
import type { Member } from './member.js';

/** What a request tells its pool. */
export interface RequestOwner {
  /** A worker has answered it. */
  succeeded(request: PoolRequest): void;
  /** A worker has not: it may be tried again. */
  failed(request: PoolRequest, error: unknown): void;
  /** Nobody waits for it any more; takes it out of the queue. */
  withdraw(request: PoolRequest, error: unknown): void;
}

/** A request of a pool, from its call to its outcome. */
export abstract class PoolRequest implements QueuedRequest {
  place = -1;
  keyQueue: KeyQueue | undefined = undefined;
  isSuspect = false;
  readonly priority: number;
  readonly key: string | undefined;
  /** Which attempt it is, from 1. */
  attempt = 1;
  sentAt = 0;
  begunAt = 0;
  /** Of its first attempt, where there is another. */
  firstBegunAt: number | undefined = undefined;
  member: Member | undefined = undefined;
  /** Until when it may wait. */
  deadline: Deadline | undefined = undefined;
  /** In whose asynchronous context it was sent, where that is not the one in which it begins. */
  private context: AsyncHooks.AsyncResource | undefined = undefined;
  private watched: { readonly list: Cancellable[]; readonly request: Cancellable } | undefined = undefined;
  private copy: (() => unknown) | undefined = undefined;

  constructor(
    protected readonly owner: RequestOwner,
    readonly sequence: number,
    readonly type: string,
    private given: unknown,
    readonly call: Call,
  ) {
    this.priority = call.priority;
    this.key = call.key;
  }

  /** Whether it counts, and takes a place of its worker. */
  abstract readonly isAnswered: boolean;
  /** Sends it to its worker, in the context of its call. */
  protected abstract send(member: Member): void;
  /** Its outcome, where no worker has told it. */
  abstract reject(error: unknown): void;

  get payload(): unknown {
    return this.copy === undefined ? this.given : this.copy();
  }

  /** From now on its payload is a copy, which no later change reaches. */
  keep(copy: () => unknown): void {
    this.copy = copy;
    this.given = undefined;
  }

  get isKept(): boolean {
    return this.copy !== undefined;
  }

  run(member: Member): void {
    this.member = member;
    this.leaveSignal();
    if (this.context === undefined) this.send(member);
    else this.context.runInAsyncScope(() => this.send(member));
  }

  /** It begins later, in the context of now. */
  remember(): void {
    const { AsyncResource } = require('node:async_hooks') as typeof AsyncHooks;
    this.context ??= new AsyncResource('IsolatedWorkersPoolRequest');
  }

  /** Its signal ends it while it waits. */
  watchSignal(): void {
    const { signal } = this.call;
    if (signal === undefined || this.watched !== undefined) return;
    const request: Cancellable = {
      place: 0,
      onAbort: (reason) => {
        this.watched = undefined;
        this.owner.withdraw(this, reason);
      },
    };
    this.watched = { list: watch(signal, request), request };
  }

  leaveSignal(): void {
    if (this.watched === undefined) return;
    unwatch(this.watched.list, this.watched.request);
    this.watched = undefined;
  }
}
