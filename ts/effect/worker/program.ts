import * as Effect from 'effect/Effect';
import type * as Fiber from 'effect/Fiber';

/**
 * What tells when the program of a worker is over: the fibers that have used the runner have ended, and its layer was released.
 * A worker that is closed lives as long, so that its finalisers run.
 */
export class Program {
  /** Resolves when it is over; for the first time when the layer was released. */
  readonly ended: Promise<void>;
  private resolve!: () => void;
  private readonly seen = new WeakSet<Fiber.Fiber<unknown, unknown>>();
  /** Fibers that run, and the layer. */
  private running = 1;

  constructor() {
    this.ended = new Promise((resolve) => (this.resolve = resolve));
  }

  /** The program is not over before the fiber that runs this. */
  readonly follow: Effect.Effect<void> = Effect.withFiber((fiber) => {
    if (!this.seen.has(fiber)) {
      this.seen.add(fiber);
      this.running += 1;
      fiber.addObserver(this.onEnd);
    }
    return Effect.void;
  });

  /** Runs when the layer is released, mostly by the fiber that runs all of the program. */
  readonly release: Effect.Effect<void> = Effect.map(this.follow, () => this.onEnd());

  private readonly onEnd = (): void => {
    this.running -= 1;
    if (this.running === 0) this.resolve();
  };
}
