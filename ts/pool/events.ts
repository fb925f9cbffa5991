import { type Channel, channel } from 'node:diagnostics_channel';
import { EventEmitter } from 'node:events';

import type { PoolEvents } from '../types/worker-pool.js';
import { nextTick } from '../util/primordials.js';

const channels: Record<keyof PoolEvents, Channel> = {
  workerStart: channel('isolated-workers:pool:workerStart'),
  workerExit: channel('isolated-workers:pool:workerExit'),
  drain: channel('isolated-workers:pool:drain'),
  error: channel('isolated-workers:pool:error'),
};

/** The names of what each event carries, for `diagnostics_channel`. */
const names: { [E in keyof PoolEvents]: readonly string[] } = {
  workerStart: ['worker'],
  workerExit: ['worker', 'reason'],
  drain: [],
  error: ['error'],
};

/** Tells the pool's listeners, and those of `diagnostics_channel`. */
export class Events {
  private readonly emitter = new EventEmitter();

  constructor(private readonly pool: string) {}

  /** Calls in a tick of its own: what a listener throws is its user's. `false`: it has no listener. */
  emit<E extends keyof PoolEvents>(event: E, ...details: PoolEvents[E]): boolean {
    const reported = channels[event];
    if (reported.hasSubscribers) {
      const named = names[event].map((name, index) => [name, details[index]]);
      reported.publish({ pool: this.pool, ...Object.fromEntries(named) });
    }
    if (this.emitter.listenerCount(event) === 0) return false;
    nextTick(() => {
      // Without a listener, which may have left, an `error` would be thrown.
      if (this.emitter.listenerCount(event) > 0) this.emitter.emit(event, ...details);
    });
    return true;
  }

  on<E extends keyof PoolEvents>(event: E, listener: (...details: PoolEvents[E]) => void): void {
    this.emitter.on(event, listener as (...details: unknown[]) => void);
  }

  once<E extends keyof PoolEvents>(event: E, listener: (...details: PoolEvents[E]) => void): void {
    this.emitter.once(event, listener as (...details: unknown[]) => void);
  }

  off<E extends keyof PoolEvents>(event: E, listener: (...details: PoolEvents[E]) => void): void {
    this.emitter.off(event, listener as (...details: unknown[]) => void);
  }
}
