import type { Recycle } from './settings.js';

/** When one worker is to be replaced. */
export class Limits {
  private readonly requests: number;
  private readonly age: number;
  private readonly maxRss: number;

  /** @param chance - From 0 to 1. */
  constructor({ afterRequests, maxAge, maxRss, jitter }: Recycle, chance: number) {
    const part = 1 - jitter * chance;
    this.requests = Math.max(1, Math.round(afterRequests * part));
    this.age = maxAge * part;
    this.maxRss = maxRss;
  }

  hasRunEnough(requests: number): boolean {
    return requests >= this.requests;
  }

  isTooOld(age: number): boolean {
    return age >= this.age;
  }

  /** @param rss - In bytes; `undefined`: not known. */
  isTooLarge(rss: number | undefined): boolean {
    return rss !== undefined && rss > this.maxRss;
  }
}
