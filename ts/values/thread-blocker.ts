import type { NativeEnvironment } from '../native/binding.js';
import { Said } from './thread-data.js';

/** How often it is looked whether the thread is still there, in milliseconds. */
const LOOK = 50;

/** Blocks this thread until another has posted something. */
export class ThreadBlocker {
  private readonly memory: Buffer;

  constructor(
    private readonly said: Int32Array,
    /** The other thread has ended. */
    readonly isGone: () => boolean,
    private readonly environment: NativeEnvironment,
  ) {
    this.memory = Buffer.from(said.buffer, said.byteOffset, said.byteLength);
  }

  /** What `receive` gives, as soon as it gives something; `undefined` after so many milliseconds, or after the end. */
  receive<T>(receive: () => T | undefined, millis: number): T | undefined {
    const { said, environment } = this;
    const deadline = performance.now() + millis;
    Atomics.store(said, Said.Waiting, 1);
    try {
      for (;;) {
        const posted = Atomics.load(said, Said.Posted);
        const received = receive();
        if (received !== undefined) return received;
        const left = deadline - performance.now();
        // What it had posted before its end is there by now.
        if (left <= 0 || this.isGone()) return receive();
        environment.lookForChange(this.memory, Said.Posted, posted);
        Atomics.wait(said, Said.Posted, posted, Math.min(left, LOOK));
        environment.awake();
      }
    } finally {
      Atomics.store(said, Said.Waiting, 0);
    }
  }
}
