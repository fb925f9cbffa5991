import { setImmediate } from '../../util/primordials.js';
import type { Events } from '../worker-events.js';

/** Emits `idle` when the last request in flight has its outcome. */
export class IdleWatch {
  private isDue = false;

  /** @param isIdle - Whether no request is in flight. */
  constructor(
    private readonly events: Events,
    private readonly isIdle: () => boolean,
  ) {}

  /** The last request may have its outcome. */
  check(): void {
    if (this.isDue || !this.events.isHeard('idle')) return;
    this.isDue = true;
    // What goes on with the outcome may send the next one.
    setImmediate(() => {
      this.isDue = false;
      if (this.isIdle()) this.events.emit('idle');
    });
  }
}
