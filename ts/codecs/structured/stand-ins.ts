import { types } from 'node:util';

import { define } from '../../errors/encoding/define.js';
import { isError } from '../../util/safely.js';
import { LARGE } from './classify.js';
import type { NativeSharedMemory } from '../../addon/binding.js';
import { describeError, type ErrorData } from './error-data.js';
import { SharedBuffer } from './shared-buffer.js';
import type { TypedValue, TypedValues } from './typed-values.js';

/** The place of a large string: the object, the member's name (or a map's key), and the number of the segment. */
export type Place = [holder: object, key: unknown, part: number];

/**
 * A copy of a value for V8: an error becomes a mark, to be rebuilt from its data, a shared buffer a mark for its
 * segment, and a large string leaves a placeholder. A repeated object stays one.
 */
export class Substitutes {
  /** The marks of errors, with their numbers. */
  readonly marks = new Map<Uint8Array, number>();
  readonly errors: ErrorData[] = [];
  readonly places: Place[] = [];
  readonly strings: string[] = [];
  /** The marks of shared buffers, with their numbers. */
  readonly sharedMarks = new Map<Uint8Array, number>();
  readonly shared: NativeSharedMemory[] = [];
  /** The marks of values of users' types, with their numbers. */
  readonly typedMarks = new Map<Uint8Array, number>();
  readonly typed: TypedValue[] = [];
  private readonly copies = new Map<object, object>();
  private readonly numbers = new Map<string, number>();

  /** @param firstPart - The segment number of the first string. */
  constructor(
    private readonly firstPart: number,
    private readonly typedValues: TypedValues | undefined,
  ) {}

  /** The value in an array. */
  root(value: unknown): [unknown] {
    const root: [unknown] = [undefined];
    this.put(root, 0, value);
    return root;
  }

  private put(holder: object, key: string | number, value: unknown): void {
    if (typeof value === 'string' && value.length >= LARGE) {
      this.places.push([holder, key, this.partOf(value)]);
      value = 0;
    }
    const copy = this.copy(value);
    if (key === '__proto__') define(holder, key, copy);
    else (holder as Record<string | number, unknown>)[key] = copy;
  }

  private partOf(text: string): number {
    let number = this.numbers.get(text);
    if (number === undefined) {
      number = this.firstPart + this.strings.push(text) - 1;
      this.numbers.set(text, number);
    }
    return number;
  }

  private copy(value: unknown): unknown {
    const isReference = (typeof value === 'object' && value !== null) || typeof value === 'function';
    if (!isReference) return value;
    const known = this.copies.get(value);
    if (known !== undefined) return known;
    const typed = this.typedValues?.known(value);
    if (typed !== undefined) return this.markTyped(value, typed);
    if (typeof value === 'function') return value;
    if (isError(value)) return this.mark(value);
    if (value instanceof SharedBuffer) return this.markShared(value);
    if (Array.isArray(value)) return this.fill(value, new Array(value.length));
    if (types.isMap(value)) return this.copyMap(value);
    if (types.isSet(value)) return this.copySet(value);
    return isOrdinary(value) ? this.fill(value, {}) : value;
  }

  private fill(source: object, copy: object): object {
    this.copies.set(source, copy);
    for (const key of Object.keys(source)) this.put(copy, key, (source as Record<string, unknown>)[key]);
    return copy;
  }

  private copyMap(source: Map<unknown, unknown>): object {
    const copy = new Map<unknown, unknown>();
    this.copies.set(source, copy);
    for (const [key, value] of source) {
      const name = this.copy(key);
      if (typeof value === 'string' && value.length >= LARGE) {
        copy.set(name, 0);
        this.places.push([copy, name, this.partOf(value)]);
      } else copy.set(name, this.copy(value));
    }
    return copy;
  }

  private copySet(source: Set<unknown>): object {
    const copy = new Set<unknown>();
    this.copies.set(source, copy);
    for (const value of source) copy.add(this.copy(value));
    return copy;
  }

  private markShared(buffer: SharedBuffer): object {
    const mark = new Uint8Array(0);
    this.copies.set(buffer, mark);
    this.sharedMarks.set(mark, this.shared.push(SharedBuffer.memoryOf(buffer)) - 1);
    return mark;
  }

  private markTyped(value: object, [name, encoded]: TypedValue): object {
    const mark = new Uint8Array(0);
    this.copies.set(value, mark);
    const data: [name: string, encoded: unknown] = [name, undefined];
    this.typedMarks.set(mark, this.typed.push(data) - 1);
    this.put(data, 1, encoded);
    return mark;
  }

  private mark(error: Error): object {
    const mark = new Uint8Array(0);
    this.copies.set(error, mark);
    const data = describeError(error);
    this.marks.set(mark, this.errors.length);
    // Its place first: its referenced values may be errors too.
    this.errors.push(data);
    const { cause, errors, properties } = data;
    if (cause !== undefined) data.cause = this.fill(cause, []) as [unknown];
    if (errors !== undefined) data.errors = this.copy(errors) as unknown[];
    data.properties = this.fill(properties, {}) as Record<string, unknown>;
    return mark;
  }
}

/** V8 makes a plain object of it. */
function isOrdinary(value: object): boolean {
  return Object.prototype.toString.call(value) === '[object Object]';
}
