interface Watcher {
  isSettled(): boolean;
  resolve(): void;
  /** Absent: it waits whatever goes wrong. */
  readonly reject: ((error: unknown) => void) | undefined;
}

/** Whoever waits until something holds. */
export class Watchers {
  private all: Watcher[] = [];

  get isEmpty(): boolean {
    return this.all.length === 0;
  }

  /** Resolves when this holds; `check` has to be called when it may. */
  async settled(isSettled: () => boolean, mayFail = false): Promise<void> {
    if (isSettled()) return;
    await new Promise<void>((resolve, reject) => {
      this.all.push({ isSettled, resolve, reject: mayFail ? reject : undefined });
    });
  }

  check(): void {
    if (this.isEmpty) return;
    const settled = this.all.filter((each) => each.isSettled());
    this.all = this.all.filter((each) => !settled.includes(each));
    for (const { resolve } of settled) resolve();
  }

  /** Ends those that may fail. */
  fail(error: unknown): void {
    const failed = this.all.filter(({ reject }) => reject !== undefined);
    this.all = this.all.filter(({ reject }) => reject === undefined);
    for (const { reject } of failed) reject?.(error);
  }
}
