import { types } from 'node:util';

/** So many objects and arrays, and characters of text, are looked at: V8's own encoding is as fast for more. */
const MOST_OBJECTS = 64;
const MOST_CHARACTERS = 16_384;

/** No copy: JSON would change the value, or it is large. */
export const NOT_PLAIN = Symbol('not plain');

/**
 * A copy of a value that JSON carries as structured clone does: text, finite numbers, objects and arrays without repetition; or
 * `undefined`, which is no member of a message. Reads each property once, as a getter may give another value next time.
 */
export function copyPlain(value: unknown): unknown {
  return value === undefined ? undefined : new PlainCopy().of(value);
}

class PlainCopy {
  private readonly seen: object[] = [];
  private characters = 0;

  of(value: unknown): unknown {
    switch (typeof value) {
      case 'string':
        this.characters += value.length;
        return this.characters > MOST_CHARACTERS ? NOT_PLAIN : value;
      case 'number':
        return Number.isFinite(value) && !Object.is(value, -0) ? value : NOT_PLAIN;
      case 'boolean':
        return value;
      case 'object':
        return value === null ? null : this.ofObject(value);
      default:
        return NOT_PLAIN;
    }
  }

  private ofObject(value: object): unknown {
    if (types.isProxy(value) || this.seen.length === MOST_OBJECTS || this.seen.includes(value)) return NOT_PLAIN;
    this.seen.push(value);
    if (Array.isArray(value)) return this.ofArray(value);
    const isPlain = Object.getPrototypeOf(value) === Object.prototype && !('toJSON' in value);
    return isPlain ? this.ofPlain(value as Record<string, unknown>) : NOT_PLAIN;
  }

  private ofArray(values: readonly unknown[]): unknown {
    const isPlain = Object.getPrototypeOf(values) === Array.prototype && !('toJSON' in values);
    // Without holes and further properties, and short enough.
    if (!isPlain || values.length > MOST_CHARACTERS || Object.keys(values).length !== values.length) return NOT_PLAIN;
    const copies: unknown[] = [];
    for (const value of values) {
      const copy = this.of(value);
      if (copy === NOT_PLAIN) return NOT_PLAIN;
      copies.push(copy);
    }
    this.characters += values.length;
    return copies;
  }

  private ofPlain(value: Record<string, unknown>): unknown {
    const copies: Record<string, unknown> = {};
    for (const name of Object.keys(value)) {
      if (name === '__proto__') return NOT_PLAIN;
      this.characters += name.length;
      const copy = this.of(value[name]);
      if (copy === NOT_PLAIN) return NOT_PLAIN;
      copies[name] = copy;
    }
    return copies;
  }
}
