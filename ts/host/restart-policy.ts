import { delay } from '../util/delay.js';

import type { WorkerInstance } from './instance/instance.js';
import { endedWithHost } from './sending/retry-policy.js';

/** The delay after the first failed start, in milliseconds; it doubles each time. */
const FIRST_DELAY = 100;
const LONGEST_DELAY = 5000;

export interface RestartsInit {
  /** How many failed starts end the retries. */
  readonly attempts: number;
  start(): Promise<WorkerInstance>;
  /** Replaces the previous worker. */
  onSpawned(next: WorkerInstance): void;
  onServing(next: WorkerInstance): void;
  /** The error for those who still wait when nobody wants another any more. */
  overAs(): Error;
}

/** Replaces lost workers: one at a time, and more slowly while starts fail. */
export class Restarts {
  private restarting: Promise<void> | undefined;
  private failure: { readonly error: unknown } | undefined;
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

  /** Whether no worker will serve any more. */
  get haveFailed(): boolean {
    return this.failure !== undefined;
  }

  /** Stops restarting. Resolves when no start is pending. */
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
        if (!signal.aborted) init.onServing(next);
        return;
      } catch (error) {
        if (endedWithHost(error)) throw error;
        if (attempt >= init.attempts) this.failure = { error };
        else
          await delay(Math.min(FIRST_DELAY * 2 ** (attempt - 1), LONGEST_DELAY), undefined, { signal }).catch(() => {});
      }
    }
    throw signal.aborted ? init.overAs() : this.failure?.error;
  }
}
