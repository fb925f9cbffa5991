import { types } from 'node:util';

import { isError } from '../../util/safely.js';
import { isHostObject } from '../host-objects.js';
import { preparedPayloads } from '../prepared-payload.js';
import { isMemory, isShort } from './annotated-json.js';
import { hasSerializer } from './runtime-serializer.js';
import { sharedBuffers } from './shared-buffers.js';
import { TypedValues, type ValueTypes } from './typed-values.js';

/** From this length on a string travels beside V8's bytes. */
export const LARGE = 8192;

/** Strings from this length on are left to V8. */
const LARGE_HERE = hasSerializer ? LARGE : Infinity;
/** Numbers that JSON writes slowly: with more of them V8 is faster. */
const MOST_FRACTIONS = hasSerializer ? 64 : Infinity;
/** With more annotations, JSON takes longer than V8's format. */
const MOST_NOTES = hasSerializer ? 16 : Infinity;
/** Whether a longer array has more than its elements is too much to ask. */
const LONGEST_JSON_ARRAY = hasSerializer ? 4096 : Infinity;

/** Below this size linear search beats a Set, and `Object.keys` beats `Object.values`. */
const FEW = 16;
const none: readonly never[] = Object.freeze([]);

/**
 * Unremembered objects may occur again: this often, and this deep in themselves, before a second classification pays
 * off.
 */
const MOST_FORGOTTEN = 1 << 20;
const DEEPEST_FORGOTTEN = 1000;
const TOO_MUCH = new Error('an object is in the value too often, or in itself');

/** The form in which a value can be written; later forms carry more. */
export const enum Form {
  /** JSON, which preserves it. */
  Json,
  /** JSON with annotations. */
  Noted,
  /** V8's format. */
  Parts,
  /** The segments of a prepared payload. */
  Prepared,
}

/** The result of the classification of a value. */
export function scan(value: unknown, valueTypes?: ValueTypes): Scan {
  try {
    return new Scan(value, false, valueTypes);
  } catch (error) {
    if (error !== TOO_MUCH) throw error;
    return new Scan(value, true, valueTypes);
  }
}

/** The findings in a value. */
export class Scan {
  form = Form.Json;
  /** It has errors, large strings, shared buffers or values of users' types: V8 receives a copy without them. */
  needsCopy = false;
  /** It has shared buffers. */
  hasShared = false;
  /** It has an object of the runtime, of which a copy has nothing. */
  hasHostObject = false;
  /** The values of users' types. */
  readonly typed: TypedValues | undefined;
  private someViews: ArrayBufferView[] | undefined;
  private someBuffers: ArrayBuffer[] | undefined;
  private fractions = 0;
  private annotations = 0;
  private first: object | undefined;
  private few: object[] | undefined;
  private many: Set<object> | undefined;
  private forgotten = 0;
  private depth = 0;

  /**
   * @param remembers - Remember each object to the end; else only until V8 is certain, which finds repeated objects
   * itself.
   */
  constructor(
    value: unknown,
    private readonly remembers: boolean,
    valueTypes?: ValueTypes,
  ) {
    this.typed = valueTypes === undefined ? undefined : new TypedValues(valueTypes);
    this.look(value);
  }

  private look(value: unknown): void {
    switch (typeof value) {
      case 'string':
        if (value.length < LARGE_HERE) return;
        this.form = Form.Parts;
        this.needsCopy = true;
        return;
      case 'number':
        if (!Number.isFinite(value) || Object.is(value, -0)) this.needsAnnotation();
        else if (!Number.isSafeInteger(value) && ++this.fractions > MOST_FRACTIONS) this.form = Form.Parts;
        return;
      case 'undefined':
        this.needsAnnotation();
        return;
      case 'bigint':
        this.needsAnnotation(isShort(value));
        return;
      case 'boolean':
        return;
      case 'object':
        if (value !== null) this.lookInto(value);
        return;
      case 'function':
        if (!this.lookAtTyped(value)) this.form = Form.Parts;
        return;
      default:
        this.form = Form.Parts;
    }
  }

  /** Whether a value is of a user's type: then what travels in its place is looked at. */
  private lookAtTyped(value: object): boolean {
    const typed = this.typed?.find(value);
    if (typed === undefined) return false;
    this.needsAnnotation(!hasSerializer);
    this.needsCopy = true;
    this.look(typed[1]);
    return true;
  }

  /** JSON carries a stand-in for it, if annotations exist. */
  private needsAnnotation(exists = true): void {
    if (!exists || ++this.annotations > MOST_NOTES) this.form = Form.Parts;
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
        // One object twice, or a cycle. Without V8, JSON makes two of it, and refuses cycles.
        if (hasSerializer) this.form = Form.Parts;
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
    if (this.depth === 1 && preparedPayloads.has(value)) {
      this.form = Form.Prepared;
      return;
    }
    if (this.typed !== undefined && this.lookAtTyped(value)) return;
    const tag = Object.prototype.toString.call(value);
    if (!hasSerializer && tag === '[object Object]' && !isError(value) && !sharedBuffers.has(value)) {
      // An instance of a class, of which nothing but the members arrives in any case.
      for (const key of Object.keys(value)) this.look((value as Record<string, unknown>)[key]);
      return;
    }
    this.needsAnnotation(hasAnnotations(value, prototype));
    if (ArrayBuffer.isView(value)) (this.someViews ??= []).push(value);
    else if (types.isArrayBuffer(value)) (this.someBuffers ??= []).push(value);
    else if (isError(value)) this.needsCopy = true;
    else if (sharedBuffers.has(value)) {
      this.needsCopy = true;
      this.hasShared = true;
      return;
    } else if (types.isMap(value)) {
      for (const [key, member] of value) {
        this.look(key);
        this.look(member);
      }
    } else if (types.isSet(value)) {
      for (const member of value) this.look(member);
    } else if (tag !== '[object String]') {
      this.hasHostObject ||= isHostObject(value);
      for (const key of Object.keys(value)) this.look((value as Record<string, unknown>)[key]);
    }
    if (isError(value)) this.lookIntoError(value);
  }

  /** What an error carries besides its text may be lost. */
  private lookIntoError(error: Error): void {
    const { hasHostObject } = this;
    this.look(error.cause);
    this.look((error as { errors?: unknown }).errors);
    for (const key of Object.keys(error)) this.look((error as unknown as Record<string, unknown>)[key]);
    this.hasHostObject = hasHostObject;
  }
}

/** There are no annotations for user classes. */
function hasAnnotations(value: object, prototype: unknown): boolean {
  if (prototype === Date.prototype) return types.isDate(value);
  // V8 writes bytes faster.
  if (!hasSerializer && isMemory(value)) return !canGrow(value);
  if (!hasSerializer && sharedBuffers.has(value)) return true;
  return prototype === Map.prototype ? types.isMap(value) : prototype === Set.prototype && types.isSet(value);
}

function canGrow(memory: ArrayBuffer | ArrayBufferView): boolean {
  const buffer = ArrayBuffer.isView(memory) ? memory.buffer : memory;
  return (buffer as { resizable?: boolean }).resizable === true;
}

function membersOf(array: readonly unknown[]): number {
  return (array.length > FEW ? Object.values(array) : Object.keys(array)).length;
}
