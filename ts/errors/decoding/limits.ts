/** The limits of depth and number of values in the data of an error. This library sends less. */
const MOST_LEVELS = 2000;
const MOST_VALUES = 1_000_000;

/** The data of an error are invalid, or too many. */
export class Malformed extends Error {}

/** How much of an error may still be read. */
export class Budget {
  private left = MOST_VALUES;

  /** Counts one more value, at this depth. */
  take(depth: number): void {
    if (depth > MOST_LEVELS) throw new Malformed(`it is more than ${MOST_LEVELS} levels deep`);
    if (--this.left < 0) throw new Malformed(`it has more than ${MOST_VALUES} values`);
  }

  /** Counts a list of this many values before reading it. */
  expect(count: number): void {
    if (count > this.left) throw new Malformed(`it has more than ${MOST_VALUES} values`);
  }

  /** Checks plain JSON, without recursion. */
  takeAll(json: unknown, depth: number): void {
    let level: unknown[] = [json];
    for (let at = depth; level.length > 0; at++) {
      const next: unknown[] = [];
      for (const value of level) {
        this.take(at);
        if (typeof value !== 'object' || value === null) continue;
        if (Array.isArray(value)) this.expect(value.length);
        const members = Object.values(value);
        this.expect(next.length + members.length);
        for (const member of members) next.push(member);
      }
      level = next;
    }
  }
}

/** The type of a value, for error texts. */
export function kindOf(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'an array';
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}
