import { nextTick, queueMicrotask } from '../../util/primordials.js';

/**
 * Calls listeners one after the other, each in a tick of its own as Node does: what awaits one event has seen it, and may wait for
 * the next, before that is emitted. What a listener throws is an uncaught exception.
 */
export class Deliveries {
  private readonly waiting: (() => void)[] = [];
  private isRunning = false;

  add(deliver: () => void): void {
    this.waiting.push(deliver);
    if (this.isRunning) return;
    this.isRunning = true;
    nextTick(this.next);
  }

  private readonly next = (): void => {
    const deliver = this.waiting.shift();
    // Runs with the microtasks of the listeners, also where one of them throws.
    void queueMicrotask(() => {
      this.isRunning = this.waiting.length > 0;
      if (this.isRunning) nextTick(this.next);
    });
    deliver?.();
  };
}
