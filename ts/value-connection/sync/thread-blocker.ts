import type { NativeEnvironment } from '../../addon/binding.js';
import { Said } from '../thread-data.js';
import { now } from '../../util/primordials.js';

/** How often this thread checks whether the other one still lives, in milliseconds. */
const LOOK = 50;

/** Blocks this thread until another has posted a message. */
export class ThreadBlocker {
  private readonly memory: Buffer;

  constructor(
    private readonly said: Int32Array,
    /** The other thread has ended. */
    readonly isGone: () => boolean,
    /** Spins before this thread blocks, if that has been profitable; `undefined` where the addon cannot be loaded. */
    private readonly environment: NativeEnvironment | undefined,
  ) {
    this.memory = Buffer.from(said.buffer, said.byteOffset, said.byteLength);
  }

  /** The first result of `receive`; `undefined` after this many milliseconds, or after the end. */
  receive<T>(receive: () => T | undefined, millis: number): T | undefined {
    const { said, environment } = this;
    const deadline = now() + millis;
    Atomics.store(said, Said.Waiting, 1);
    try {
      for (;;) {
        const posted = Atomics.load(said, Said.Posted);
        const received = receive();
        if (received !== undefined) return received;
        const left = deadline - now();
        // Its earlier posts have arrived by now.
        if (left <= 0 || this.isGone()) return receive();
        environment?.lookForChange(this.memory, Said.Posted, posted);
        Atomics.wait(said, Said.Posted, posted, Math.min(left, LOOK));
        environment?.awake();
      }
    } finally {
      Atomics.store(said, Said.Waiting, 0);
    }
  }
}
