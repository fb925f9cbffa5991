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
  /** Whether nobody wants another any more. */
  isOver(): boolean;
}

/** Puts new workers in the place of lost ones: one at a time, and slower while they do not even start. */
export class Restarts {
  private restarting: Promise<void> | undefined;
  private failure: { readonly error: unknown } | undefined;
  private count = 0;

  constructor(private readonly init: RestartsInit) {}

  /** Resolves when a new worker serves; rejects, from then on always, when none will. */
  restart(): Promise<void> {
    return (this.restarting ??= this.startAgain().finally(() => (this.restarting = undefined)));
  }

  private async startAgain(): Promise<void> {
    const { init } = this;
    for (let attempt = 1; this.failure === undefined; attempt++) {
      try {
        const next = await init.start();
        init.onSpawned(next);
        await next.ready;
        return init.onServing(next, ++this.count);
      } catch (error) {
        if (attempt >= init.attempts || init.isOver()) this.failure = { error };
        else await delay(Math.min(FIRST_DELAY * 2 ** (attempt - 1), LONGEST_DELAY));
      }
    }
    throw this.failure.error;
  }
}
