import { types } from 'node:util';

import { isError, safely } from '../../util/safely.js';
import type { RemoteErrorPayload, RemoteValue } from '../../types/message.js';
import { builtInOf, nameOf } from './classes.js';
import { define } from './define.js';
import { TAG, Tag, type Tagged } from './tags.js';

/** The deepest nesting of errors and objects. Each level takes up to four levels of JSON. */
const MOST_LEVELS = 200;
/** The most values of one error. */
const MOST_VALUES = 100_000;
/** The most characters of one error: escaped as JSON, they still fit one string. */
const MOST_CHARACTERS = 2 ** 25;
/** How much of a message or stack the encoder keeps even beyond that limit. */
const LEAST_TEXT = 1024;
/** The longest name or code. */
const LONGEST_NAME = 1024;
/** More digits take long to write and to read. */
const LARGEST = 2n ** 4096n;

const CUT = '[cut]';
const CIRCULAR = '[Circular]';
const ownMembers = new Set(['name', 'message', 'stack', 'cause']);

/** A value of a member of an error. */
interface Root {
  readonly value: RemoteValue;
  isTagged: boolean;
}

/** The position of the data of an object, for a number if something refers to it. */
interface Place {
  readonly holder: Record<string | number, unknown>;
  readonly key: string | number;
  readonly root: Root | undefined;
  id?: number;
}

/** Encodes one thrown value, bounded in depth, in number and in characters. */
export class ErrorEncoder {
  private values = MOST_VALUES;
  private characters = MOST_CHARACTERS;
  private depth = 0;
  private readonly roots: Root[] = [];
  private root: Root | undefined;
  /** The objects that enclose the current one. */
  private readonly path = new Set<object>();
  /** Every object so far, if references can stand for repeated ones. */
  private readonly places = new Map<object, Place>();
  private readonly referred: Place[] = [];

  /**
   * @param isRich - Carries what structured clone carries; otherwise what JSON carries, and errors, maps, sets and
   * bytes.
   */
  constructor(private readonly isRich: boolean) {}

  /** The handler may have thrown a non-Error. */
  thrown(thrown: unknown): RemoteErrorPayload {
    const text = typeof thrown === 'object' && thrown !== null ? 'an object' : this.text(String(thrown));
    const message = `a handler threw ${text}, which is no Error; it is the cause of this one`;
    return { name: 'WorkerError', message, code: 'ERR_THROWN_VALUE', thrown: this.value(thrown) };
  }

  error(error: Error): RemoteErrorPayload {
    const message = textOf(safely(() => error.message));
    const data: RemoteErrorPayload = { name: nameOf(error).slice(0, LONGEST_NAME), message: this.part(message, 4) };
    if (this.isRich) this.places.set(error, { holder: { data }, key: 'data', root: undefined });
    this.path.add(error);
    this.depth++;
    const builtIn = builtInOf(error);
    if (builtIn !== undefined) data.class = builtIn;
    const stack = safely(() => error.stack);
    if (typeof stack === 'string') {
      // The engine of isolates leaves out the first line.
      const whole = stack.startsWith(' ') ? `${data.name}: ${message}\n${stack}` : stack;
      data.stack = this.part(replaceOnce(whole, message, data.message), 2);
    }
    const code = safely(() => (error as { code?: unknown }).code);
    if (typeof code === 'string') data.code = code.slice(0, LONGEST_NAME);
    else if (typeof code === 'number') data.code = code;
    if (safely(() => Object.hasOwn(error, 'cause')) === true) data.cause = this.value(safely(() => error.cause));
    this.addProperties(error, data);
    this.depth--;
    this.path.delete(error);
    return data;
  }

  private addProperties(error: Error, data: RemoteErrorPayload): void {
    const keys = safely(() => Object.keys(error)) ?? [];
    const errors = safely(() => (error as { errors?: unknown }).errors);
    if (isArray(errors) && !keys.includes('errors')) data.errors = this.each(errors, (item) => this.value(item));
    const properties: Record<string, RemoteValue> = {};
    for (const key of keys) {
      if (ownMembers.has(key) || (key === 'code' && data.code !== undefined)) continue;
      const value = safely(() => (error as unknown as Record<string, unknown>)[key]);
      if (typeof value === 'function') continue;
      if (this.values <= 0) break;
      this.characters -= key.length;
      define(properties, key, this.value(value));
    }
    if (Object.keys(properties).length > 0) data.properties = properties;
  }

  /** Numbers the referenced objects, and adds tags. Call it once, at the end. */
  finish(data: RemoteErrorPayload): RemoteErrorPayload {
    for (const { holder, key, root, id } of this.referred) {
      const encoded = holder[key] as object;
      if (root === undefined || TAG in encoded) (encoded as { id?: number | undefined }).id = id;
      else define(holder, String(key), { [TAG]: isArray(encoded) ? Tag.Array : Tag.Object, id, of: encoded });
      if (root !== undefined) root.isTagged = true;
    }
    for (const { value, isTagged } of this.roots) {
      if (!isTagged) continue;
      const encoded = value.value as Tagged;
      delete value.value;
      if (encoded[TAG] === Tag.Error) value.error = encoded.of as RemoteErrorPayload;
      else value.tagged = encoded;
    }
    return data;
  }

  private value(value: unknown): RemoteValue {
    if (value === undefined) return {};
    const outer = this.root;
    const root: Root = (this.root = { value: {}, isTagged: false });
    this.roots.push(root);
    this.put(root.value as Record<string, unknown>, 'value', value);
    this.root = outer;
    return root.value;
  }

  private put(holder: Record<string | number, unknown>, key: string | number, value: unknown): void {
    const encoded = this.encode(value, holder, key);
    if (key === '__proto__') define(holder, key, encoded);
    else holder[key] = encoded;
  }

  private encode(value: unknown, holder: Place['holder'], key: Place['key']): unknown {
    if (--this.values < 0) return CUT;
    switch (typeof value) {
      case 'string':
        return this.text(value);
      case 'number':
        if (Number.isFinite(value) && !Object.is(value, -0)) return value;
        if (this.isRich) return this.tag(Tag.Number, Object.is(value, -0) ? '-0' : String(value));
        return Number.isFinite(value) ? 0 : null;
      case 'bigint':
        if (value > LARGEST || value < -LARGEST) return CUT;
        return this.isRich ? this.tag(Tag.BigInt, String(value)) : String(value);
      case 'boolean':
        return value;
      case 'symbol':
        return this.text(String(value));
      case 'object':
        return value === null ? null : this.object(value, { holder, key, root: this.root });
      default:
        return this.isRich ? this.tag(Tag.Undefined) : null;
    }
  }

  private tag(tag: Tag, of?: unknown, as?: string): Tagged {
    if (this.root !== undefined) this.root.isTagged = true;
    return { [TAG]: tag, ...(of !== undefined && { of }), ...(as !== undefined && { as }) };
  }

  private object(value: object, place: Place): unknown {
    const known = this.places.get(value);
    if (known !== undefined) {
      if (known.id === undefined) known.id = this.referred.push(known);
      return this.tag(Tag.Reference, known.id);
    }
    if (this.path.has(value)) return CIRCULAR;
    const isErrorLike = isError(value);
    if (this.depth >= MOST_LEVELS) return isErrorLike ? `[${nameOf(value).slice(0, LONGEST_NAME)}]` : '[Object]';
    if (isErrorLike) return this.tag(Tag.Error, this.error(value));
    if (this.isRich) this.places.set(value, place);
    this.path.add(value);
    this.depth++;
    const encoded = this.special(value) ?? this.members(value);
    this.depth--;
    this.path.delete(value);
    // Text or numbers cannot be referenced.
    if (typeof encoded !== 'object') this.places.delete(value);
    return encoded;
  }

  /** The type of a value that is more than a plain object or an array; `undefined` for others. */
  private special(value: object): unknown {
    if (types.isMap(value)) {
      const list = safely(() => Array.from(Map.prototype.entries.call(value)).flat()) ?? [];
      return this.tag(Tag.Map, this.list(list));
    }
    if (types.isSet(value)) return this.tag(Tag.Set, this.list(Array.from(Set.prototype.values.call(value))));
    if (types.isAnyArrayBuffer(value) || ArrayBuffer.isView(value)) return this.bytes(value);
    if (types.isRegExp(value)) {
      return safely(() => this.tag(Tag.RegExp, [this.text(value.source), String(value.flags)]));
    }
    if (types.isDate(value) && this.isRich) return this.tag(Tag.Date, dateOf(value));
    if (types.isBoxedPrimitive(value)) {
      const primitive = safely(() => value.valueOf());
      return typeof primitive === 'object' ? undefined : this.encode(primitive, {}, '');
    }
    return this.isRich ? undefined : this.ownForm(value);
  }

  /** Calls an object's `toJSON`, as JSON does. */
  private ownForm(value: object): unknown {
    const { toJSON } = (safely(() => ({ toJSON: (value as { toJSON?: unknown }).toJSON })) ?? {}) as {
      toJSON?: unknown;
    };
    if (typeof toJSON !== 'function') return undefined;
    const form = safely(() => [(toJSON as () => unknown).call(value)]);
    if (form === undefined || form[0] === value || form[0] === undefined) return undefined;
    const own: unknown = form[0];
    // The result of `toJSON` is not converted again.
    if (typeof own !== 'object' || own === null || isError(own)) return this.encode(own, {}, '');
    return this.path.has(own) ? CIRCULAR : this.members(own);
  }

  private bytes(value: ArrayBufferLike | ArrayBufferView): unknown {
    return safely(() => {
      const isView = ArrayBuffer.isView(value);
      const as = isView ? viewName(value) : 'ArrayBuffer';
      const bytes = isView ? Buffer.from(value.buffer, value.byteOffset, value.byteLength) : Buffer.from(value);
      const size = Math.ceil(bytes.length / 3) * 4;
      if (size > this.characters) return CUT;
      this.characters -= size;
      return this.tag(Tag.Bytes, bytes.toString('base64'), as);
    });
  }

  private members(value: object): unknown {
    if (isArray(value)) return this.list(value);
    const keys = safely(() => Object.keys(value));
    if (keys === undefined) return '[not readable]';
    const copy: Record<string, unknown> = {};
    for (const key of keys) {
      const member = safely(() => (value as Record<string, unknown>)[key]);
      if (typeof member === 'function' || (member === undefined && !this.isRich)) continue;
      if (this.values <= 0) break;
      this.characters -= key.length;
      this.put(copy, key, member);
    }
    return Object.hasOwn(copy, TAG) ? this.tag(Tag.Object, copy) : copy;
  }

  private list(values: readonly unknown[]): unknown[] {
    const list: unknown[] = [];
    this.each(values, (item, index) => this.put(list as unknown as Place['holder'], index, item));
    return list;
  }

  /** As many as the limit allows. */
  private each<T>(values: readonly unknown[], act: (value: unknown, index: number) => T): T[] {
    const length = safely(() => values.length) ?? 0;
    const done: T[] = [];
    for (let index = 0; index < length && this.values > 0; index++) {
      done.push(
        act(
          safely(() => values[index]),
          index,
        ),
      );
    }
    return done;
  }

  private text(text: string): string {
    return this.shorten(text, this.characters);
  }

  /** No text of an error uses up the limit of the others, and its beginning always remains. */
  private part(text: string, divisor: number): string {
    return this.shorten(text, Math.max(this.characters / divisor, LEAST_TEXT));
  }

  private shorten(text: string, most: number): string {
    const kept = shortened(text, most);
    this.characters -= kept.length;
    return kept;
  }
}

/** The beginning of a truncated text, and how much is missing. */
export function shortened(text: string, most: number): string {
  if (text.length <= most) return text;
  const length = Math.max(Math.floor(most), 0);
  return `${text.slice(0, length)}… (${text.length - length} more characters)`;
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : (safely(() => String(value ?? '')) ?? '');
}

/** A stack begins with the message, which may have been truncated. */
function replaceOnce(stack: string, whole: string, kept: string): string {
  if (whole.length === kept.length) return stack;
  const at = stack.indexOf(whole.slice(0, LEAST_TEXT));
  return at < 0 ? stack : stack.slice(0, at) + kept + stack.slice(at + whole.length);
}

/** A revoked proxy has no known type. */
function isArray(value: unknown): value is readonly unknown[] {
  return safely(() => Array.isArray(value)) === true;
}

function dateOf(value: Date): number | null {
  const time = Date.prototype.getTime.call(value);
  return Number.isNaN(time) ? null : time;
}

const tagOf = Object.getOwnPropertyDescriptor(Object.getPrototypeOf(Uint8Array.prototype), Symbol.toStringTag)?.get as (
  this: unknown,
) => string | undefined;

/** For a subclass, its parent's. */
function viewName(view: ArrayBufferView): string {
  return Buffer.isBuffer(view) ? 'Buffer' : (tagOf.call(view) ?? 'DataView');
}
