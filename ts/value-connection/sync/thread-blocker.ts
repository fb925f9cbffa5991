import type { NativeEnvironment } from '../../addon/binding.js';
import { Signal } from '../thread-data.js';
import { now } from '../../util/primordials.js';

/** How often this thread checks whether the other one still lives, in milliseconds. */
const POLL_INTERVAL = 50;

/** Blocks this thread until another has posted a message. */
export class ThreadBlocker {
  private readonly memory: Buffer;

  constructor(
    private readonly signals: Int32Array,
    /** The other thread has ended. */
    readonly isGone: () => boolean,
    /** Spins before this thread blocks, if that has been profitable; `undefined` where the addon cannot be loaded. */
    private readonly environment: NativeEnvironment | undefined,
  ) {
    this.memory = Buffer.from(signals.buffer, signals.byteOffset, signals.byteLength);
  }

  /** The first result of `receive`; `undefined` after this many milliseconds, or after the end. */
  receive<T>(receive: () => T | undefined, millis: number): T | undefined {
    const { signals, environment } = this;
    const deadline = now() + millis;
    Atomics.store(signals, Signal.Waiting, 1);
    try {
      for (;;) {
        const posted = Atomics.load(signals, Signal.Posted);
        const received = receive();
        if (received !== undefined) return received;
        const left = deadline - now();
        // Its earlier posts have arrived by now.
        if (left <= 0 || this.isGone()) return receive();
        environment?.spinWait(this.memory, Signal.Posted, posted);
        Atomics.wait(signals, Signal.Posted, posted, Math.min(left, POLL_INTERVAL));
        environment?.endWait();
      }
    } finally {
      Atomics.store(signals, Signal.Waiting, 0);
    }
  }
}
