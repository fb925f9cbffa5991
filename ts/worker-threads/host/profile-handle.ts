export type ProfileKind = 'Cpu' | 'Heap';

const asyncDispose: typeof Symbol.asyncDispose = Symbol.asyncDispose ?? Symbol.for('nodejs.asyncDispose');

/** A running profile of a worker that is a process. */
export class ProfileHandle {
  #stopped: Promise<string> | undefined;
  readonly #stop: () => Promise<string>;

  constructor(stop: () => Promise<string>) {
    this.#stop = stop;
  }

  /** Ends it; resolves to its JSON text, also when called again. */
  stop(): Promise<string> {
    return (this.#stopped ??= this.#stop());
  }

  async [asyncDispose](): Promise<void> {
    await this.stop();
  }
}
