/** The ends of workers that are under way. */
export class Endings {
  private readonly all = new Set<Promise<unknown>>();

  /** From now on this end is under way, until it settles. */
  follow(ending: Promise<unknown>): void {
    const ended: Promise<unknown> = ending.then(
      () => this.all.delete(ended),
      () => this.all.delete(ended),
    );
    this.all.add(ended);
  }

  /** Resolves when none is under way, those that begin meanwhile included. */
  async ended(): Promise<void> {
    while (this.all.size > 0) await Promise.allSettled(this.all);
  }
}
