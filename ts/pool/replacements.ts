import type { Member } from './member.js';

interface Replacement {
  readonly promise: Promise<void>;
  resolve(): void;
  reject(error: unknown): void;
  hasBegun: boolean;
}

/** Workers that others are to take the place of. */
export class Replacements {
  private readonly all = new Map<Member, Replacement>();

  /** How many have not begun. */
  get size(): number {
    let size = 0;
    for (const { hasBegun } of this.all.values()) if (!hasBegun) size++;
    return size;
  }

  get waiting(): Member[] {
    return [...this.all].filter(([, { hasBegun }]) => !hasBegun).map(([member]) => member);
  }

  /** Resolves when another serves in its place, or it is gone; rejects when none could be started. */
  add(member: Member): Promise<void> {
    const known = this.all.get(member);
    if (known !== undefined) return known.promise;
    let settle!: { resolve(): void; reject(error: unknown): void };
    const promise = new Promise<void>((resolve, reject) => (settle = { resolve, reject }));
    this.all.set(member, { promise, ...settle, hasBegun: false });
    return promise;
  }

  begin(member: Member): void {
    const replacement = this.all.get(member);
    if (replacement !== undefined) replacement.hasBegun = true;
  }

  done(member: Member): void {
    this.all.get(member)?.resolve();
    this.all.delete(member);
  }

  failed(member: Member, error: unknown): void {
    this.all.get(member)?.reject(error);
    this.all.delete(member);
  }
}
