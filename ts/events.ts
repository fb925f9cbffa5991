import { EventEmitter } from 'node:events';

import type { WorkerEvents } from './types/worker-events.js';

/** The events of one worker. */
export class Events {
  private readonly emitter = new EventEmitter();
  private readonly early: WorkerEvents['keptResult'][] = [];

  on<E extends keyof WorkerEvents>(event: E, listener: (...details: WorkerEvents[E]) => void): void {
    this.emitter.on(event, listener as (...details: unknown[]) => void);
    this.tellEarly(event);
  }

  once<E extends keyof WorkerEvents>(event: E, listener: (...details: WorkerEvents[E]) => void): void {
    this.emitter.once(event, listener as (...details: unknown[]) => void);
    this.tellEarly(event);
  }

  off<E extends keyof WorkerEvents>(event: E, listener: (...details: WorkerEvents[E]) => void): void {
    this.emitter.off(event, listener as (...details: unknown[]) => void);
  }

  /** In a tick of its own: what a listener throws is its user's, and must not reach ours. */
  emit<E extends keyof WorkerEvents>(event: E, ...details: WorkerEvents[E]): void {
    if (this.emitter.listenerCount(event) === 0) return this.keepEarly(event, details);
    process.nextTick(() => {
      if (!this.emitter.emit(event, ...details)) this.keepEarly(event, details);
    });
  }

  /** The same of what need not be heard; `false`: nobody listens. */
  tell<E extends keyof WorkerEvents>(event: E, ...details: WorkerEvents[E]): boolean {
    if (this.emitter.listenerCount(event) === 0) return false;
    this.emit(event, ...details);
    return true;
  }

  /** These come with the connection, before anybody can listen. The worker bounds how many there are. */
  private keepEarly(event: keyof WorkerEvents, details: unknown[]): void {
    if (event === 'keptResult') this.early.push(details as WorkerEvents['keptResult']);
  }

  private tellEarly(event: keyof WorkerEvents): void {
    if (event !== 'keptResult') return;
    for (const details of this.early.splice(0)) this.emit('keptResult', ...details);
  }
}
