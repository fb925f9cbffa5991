import { setTimeout as delay } from 'node:timers/promises';

import type { Incarnation } from './incarnation.js';

/** How long to wait after the first start that failed, in milliseconds; twice as long each time after that. */
const FIRST_DELAY = 100;
const LONGEST_DELAY = 5000;

export interface RestartsInit {
  /** How often a start is tried before nothing is tried any more. */
  readonly attempts: number;
  start(): Promise<Incarnation>;
  /** Takes the place of the one before. */
  onSpawned(next: Incarnation): void;
  onServing(next: Incarnation, count: number): void;
  /** The error for those who still wait when nobody wants another any more. */
  overAs(): Error;
}

/** Puts new workers in the place of lost ones: one at a time, and slower while they do not even start. */
export class Restarts {
  private restarting: Promise<void> | undefined;
  private failure: { readonly error: unknown } | undefined;
  private count = 0;
  /** Aborted when nobody wants another any more. */
  private readonly over = new AbortController();

  constructor(private readonly init: RestartsInit) {}

  /** Resolves when a new worker serves; rejects, from then on always, when none will. */
  restart(): Promise<void> {
    return (this.restarting ??= this.startAgain().finally(() => (this.restarting = undefined)));
  }

  get isRestarting(): boolean {
    return this.restarting !== undefined;
  }

  /** Whether no worker will come any more. */
  get haveFailed(): boolean {
    return this.failure !== undefined;
  }

  /** No more of them. Resolves when none is being started. */
  async stop(): Promise<void> {
    this.over.abort();
    await this.restarting?.catch(() => {});
  }

  private async startAgain(): Promise<void> {
    const { init } = this;
    const { signal } = this.over;
    for (let attempt = 1; this.failure === undefined && !signal.aborted; attempt++) {
      try {
        const next = await init.start();
        init.onSpawned(next);
        await next.ready;
        if (!signal.aborted) init.onServing(next, ++this.count);
        return;
      } catch (error) {
        if (attempt >= init.attempts) this.failure = { error };
        else
          await delay(Math.min(FIRST_DELAY * 2 ** (attempt - 1), LONGEST_DELAY), undefined, { signal }).catch(() => {});
      }
    }
    throw signal.aborted ? init.overAs() : this.failure?.error;
  }
}
