import { types } from 'node:util';

import { isShort } from './notes.js';

/** From this length on a string travels beside the bytes of V8. */
export const LARGE = 8192;

/** Numbers that JSON writes slowly: with more of them V8 is faster. */
const MOST_FRACTIONS = 64;
/** More notes take longer than V8. */
const MOST_NOTES = 16;
/** Whether a longer array has more than its elements is too much to ask. */
const LONGEST_JSON_ARRAY = 4096;

/** Up to so many objects, and elements, a list is faster than a set, and names than values. */
const FEW = 16;
const none: readonly never[] = Object.freeze([]);

/** What is not remembered may come again: as often, and as deep in itself, as it is worth to look at it anew. */
const MOST_FORGOTTEN = 1 << 20;
const DEEPEST_FORGOTTEN = 1000;
const TOO_MUCH = new Error('an object is in the value too often, or in itself');

/** What a value can be written as, each where those before are not enough. */
export const enum Form {
  /** It gives the same value again. */
  Json,
  /** The same, with notes. */
  Noted,
  /** By V8. */
  Parts,
}

/** What is to be known of a value before it is written. */
export function scan(value: unknown): Scan {
  try {
    return new Scan(value, false);
  } catch (error) {
    if (error !== TOO_MUCH) throw error;
    return new Scan(value, true);
  }
}

/** What was found in a value. */
export class Scan {
  form = Form.Json;
  /** It has errors, or large strings: V8 gets a copy without them. */
  needsCopy = false;
  private someViews: ArrayBufferView[] | undefined;
  private someBuffers: ArrayBuffer[] | undefined;
  private fractions = 0;
  private notes = 0;
  private first: object | undefined;
  private few: object[] | undefined;
  private many: Set<object> | undefined;
  private forgotten = 0;
  private depth = 0;

  /** @param remembers - Each object, to the end; else only until it is known that V8 writes the value, which finds them itself. */
  constructor(
    value: unknown,
    private readonly remembers: boolean,
  ) {
    this.look(value);
  }

  private look(value: unknown): void {
    switch (typeof value) {
      case 'string':
        if (value.length < LARGE) return;
        this.form = Form.Parts;
        this.needsCopy = true;
        return;
      case 'number':
        if (!Number.isFinite(value) || Object.is(value, -0)) this.needsNote();
        else if (!Number.isSafeInteger(value) && ++this.fractions > MOST_FRACTIONS) this.form = Form.Parts;
        return;
      case 'undefined':
        this.needsNote();
        return;
      case 'bigint':
        this.needsNote(isShort(value));
        return;
      case 'boolean':
        return;
      case 'object':
        if (value !== null) this.lookInto(value);
        return;
      default:
        this.form = Form.Parts;
    }
  }

  /** JSON carries something else in its place, if there are notes for it. */
  private needsNote(exists = true): void {
    if (!exists || ++this.notes > MOST_NOTES) this.form = Form.Parts;
    else if (this.form === Form.Json) this.form = Form.Noted;
  }

  get views(): readonly ArrayBufferView[] {
    return this.someViews ?? none;
  }

  get buffers(): readonly ArrayBuffer[] {
    return this.someBuffers ?? none;
  }

  private lookInto(value: object): void {
    const isArray = Array.isArray(value);
    const prototype: unknown = isArray ? null : Object.getPrototypeOf(value);
    const isOther = prototype !== Object.prototype && prototype !== null;
    if (this.form !== Form.Parts || this.many === undefined || isOther || this.remembers) {
      if (!this.isNew(value)) {
        // One object twice, or a cycle.
        this.form = Form.Parts;
        return;
      }
    } else if (++this.forgotten > MOST_FORGOTTEN || this.depth > DEEPEST_FORGOTTEN) throw TOO_MUCH;
    this.depth++;
    if (isArray) this.lookIntoArray(value);
    else if (isOther) this.lookIntoOther(value, prototype);
    else for (const key in value) this.look((value as Record<string, unknown>)[key]);
    this.depth--;
  }

  private isNew(value: object): boolean {
    if (this.first === undefined) {
      this.first = value;
      return true;
    }
    if (this.many !== undefined) {
      const before = this.many.size;
      return this.many.add(value).size > before;
    }
    const few = (this.few ??= [this.first]);
    for (let index = 0; index < few.length; index++) if (few[index] === value) return false;
    if (few.push(value) > FEW) this.many = new Set(few);
    return true;
  }

  private lookIntoArray(array: readonly unknown[]): void {
    if (Object.getPrototypeOf(array) !== Array.prototype) this.form = Form.Parts;
    for (let index = 0; index < array.length; index++) {
      const element = array[index];
      if (element === undefined && !Object.hasOwn(array, index)) {
        // A hole: there may be billions.
        this.form = Form.Parts;
        for (const key of Object.keys(array)) this.look((array as unknown as Record<string, unknown>)[key]);
        return;
      }
      this.look(element);
    }
    if (this.form === Form.Parts) return;
    if (array.length > LONGEST_JSON_ARRAY || membersOf(array) !== array.length) this.form = Form.Parts;
  }

  private lookIntoOther(value: object, prototype: unknown): void {
    this.needsNote(hasNotes(value, prototype));
    if (ArrayBuffer.isView(value)) (this.someViews ??= []).push(value);
    else if (value instanceof ArrayBuffer) (this.someBuffers ??= []).push(value);
    else if (value instanceof Error) this.needsCopy = true;
    else if (value instanceof Map) {
      for (const [key, member] of value) {
        this.look(key);
        this.look(member);
      }
    } else if (value instanceof Set) {
      for (const member of value) this.look(member);
    } else if (Object.prototype.toString.call(value) !== '[object String]') {
      for (const key of Object.keys(value)) this.look((value as Record<string, unknown>)[key]);
    }
    if (value instanceof Error) this.lookIntoError(value);
  }

  private lookIntoError(error: Error): void {
    this.look(error.cause);
    this.look((error as { errors?: unknown }).errors);
    for (const key of Object.keys(error)) this.look((error as unknown as Record<string, unknown>)[key]);
  }
}

/** Of a class of somebody's there are none. */
function hasNotes(value: object, prototype: unknown): boolean {
  if (prototype === Date.prototype) return types.isDate(value);
  return prototype === Map.prototype ? types.isMap(value) : prototype === Set.prototype && types.isSet(value);
}

function membersOf(array: readonly unknown[]): number {
  return (array.length > FEW ? Object.values(array) : Object.keys(array)).length;
}
