import type { NativeTerminal } from '../../addon/binding.js';
import { getNative } from '../../addon/environment.js';

/** The terminal that a worker with an inherited standard input shares with its host. */
export class Terminal {
  private readonly wasRaw = process.stdin.isRaw;

  private constructor(private readonly native: NativeTerminal) {}

  /** Its state before the worker starts; `undefined` without a terminal. */
  static save(): Terminal | undefined {
    const native = getNative().addon.NativeTerminal.save();
    return native === null ? undefined : new Terminal(native);
  }

  /** Restores it after a worker that could not do so itself, unless the host has changed it meanwhile. */
  restore(): void {
    if (process.stdin.isRaw === this.wasRaw) this.native.restore();
  }
}
