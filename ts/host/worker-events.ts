import { EventEmitter } from 'node:events';

import type { WorkerEvents } from '../types/worker-events.js';
import { nextTick } from '../util/primordials.js';

/** The events of one worker. */
export class Events {
  private readonly emitter = new EventEmitter();
  private readonly early: WorkerEvents['keptResult'][] = [];

  /**
   * @param keepResults - How many outcomes wait for the first listener of `keptResult`; the oldest are dropped first.
   */
  constructor(private readonly keepResults: number) {}

  on<E extends keyof WorkerEvents>(event: E, listener: (...details: WorkerEvents[E]) => void): void {
    this.emitter.on(event, listener as (...details: unknown[]) => void);
    this.emitEarly(event);
  }

  once<E extends keyof WorkerEvents>(event: E, listener: (...details: WorkerEvents[E]) => void): void {
    this.emitter.once(event, listener as (...details: unknown[]) => void);
    this.emitEarly(event);
  }

  off<E extends keyof WorkerEvents>(event: E, listener: (...details: WorkerEvents[E]) => void): void {
    this.emitter.off(event, listener as (...details: unknown[]) => void);
  }

  /** In a separate tick: an error of a listener is the user's, and must not reach the library. */
  emit<E extends keyof WorkerEvents>(event: E, ...details: WorkerEvents[E]): void {
    if (this.emitter.listenerCount(event) === 0) return this.keepEarly(event, details);
    nextTick(() => {
      if (!this.emitter.emit(event, ...details)) this.keepEarly(event, details);
    });
  }

  /** Whether anybody listens. */
  isHeard(event: keyof WorkerEvents): boolean {
    return this.emitter.listenerCount(event) > 0;
  }

  /** The same of what need not be heard; `false`: nobody listens. */
  emitIfHeard<E extends keyof WorkerEvents>(event: E, ...details: WorkerEvents[E]): boolean {
    if (this.emitter.listenerCount(event) === 0) return false;
    this.emit(event, ...details);
    return true;
  }

  /** These arrive with the connection, before any listener exists. */
  private keepEarly(event: keyof WorkerEvents, details: unknown[]): void {
    if (event !== 'keptResult') return;
    this.early.push(details as WorkerEvents['keptResult']);
    if (this.early.length > this.keepResults) this.early.shift();
  }

  private emitEarly(event: keyof WorkerEvents): void {
    if (event !== 'keptResult') return;
    for (const details of this.early.splice(0)) this.emit('keptResult', ...details);
  }
}
