import type { NativeTerminal } from '../native/binding.js';
import { getNative } from '../native/environment.js';

/** The terminal that a worker with an inherited standard input shares with its host. */
export class Terminal {
  private readonly wasRaw = process.stdin.isRaw;

  private constructor(private readonly native: NativeTerminal) {}

  /** As it is before the worker starts; `undefined` where there is none to break. */
  static save(): Terminal | undefined {
    const native = getNative().addon.NativeTerminal.save();
    return native === null ? undefined : new Terminal(native);
  }

  /** After a worker that had no chance to do so itself, unless the host has made it something else meanwhile. */
  restore(): void {
    if (process.stdin.isRaw === this.wasRaw) this.native.restore();
  }
}
