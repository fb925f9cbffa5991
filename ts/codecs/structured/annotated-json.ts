// A value that JSON carries except for a few places: JSON of a stand-in, and annotations of those places. V8's
// serializer and deserializer take several times as long.

import { types } from 'node:util';

import { checkMemory } from './memory.js';
import type { SharedBuffer } from './shared-buffer.js';
import { sharedBuffers } from './shared-buffers.js';
import { decodeTyped, type TypedValues, type ValueTypes } from './typed-values.js';
import { createView, numberOf } from './view-types.js';

/** The first element of the array of a stand-in and its annotations. */
const MARK = '\0';

/** Stands for the type of an `ArrayBuffer`, which is no view. */
const NO_VIEW = -1;

/** The type of an annotation. */
const enum Kind {
  Undefined = 'u',
  /** As text. */
  Number = 'n',
  /** As text. */
  BigInt = 'i',
  /** Milliseconds since 1970; `null`: an invalid date. */
  Date = 'd',
  /** Its elements. */
  Set = 's',
  /** Its keys and values, alternately. */
  Map = 'm',
  /** The number of its type, and its bytes as Base64. */
  Bytes = 'y',
  /** The name of a user's type, and what its `encode` has returned. */
  Typed = 't',
  /** The number of a shared buffer. */
  Shared = 'h',
}

// The built-in functions, before a program may replace them.
const { getTime } = Date.prototype;
const { propertyIsEnumerable } = Object.prototype;

type Key = string | number;
type Annotation = [kind: Kind, ...path: Key[]];
type Members = Record<Key, unknown>;

/** Whether annotations exist for it: reading time grows faster than the length. */
export function isShort(value: bigint): boolean {
  return BigInt.asIntN(64, value) === value;
}

/** Whether JSON of this value would look like a stand-in. */
export function looksNoted(value: unknown): boolean {
  return Array.isArray(value) && value[0] === MARK;
}

/** Writes JSON of a value without repeated objects, whose values all have JSON or an annotation. */
export function writeNoted(value: unknown, typed?: TypedValues, numberOfShared?: NumberOfShared): string {
  const annotations = new Annotations(typed, numberOfShared);
  const standIn = annotations.standInFor(value);
  return JSON.stringify([MARK, standIn, annotations.list]);
}

type NumberOfShared = (buffer: SharedBuffer) => number;

class Annotations {
  /** Inner annotations precede outer ones. */
  readonly list: Annotation[] = [];
  private readonly path: Key[] = [];

  constructor(
    private readonly typed: TypedValues | undefined,
    private readonly numberOfShared: NumberOfShared | undefined,
  ) {}

  /** Returns the value itself if JSON carries it. */
  standInFor(value: unknown): unknown {
    switch (typeof value) {
      case 'undefined':
        return this.annotation(Kind.Undefined, 0);
      case 'bigint':
        return this.annotation(Kind.BigInt, String(value));
      case 'number':
        return Number.isFinite(value) && !Object.is(value, -0) ? value : this.annotation(Kind.Number, nameOf(value));
      case 'object':
        return value === null ? null : (this.ofTyped(value) ?? this.ofObject(value));
      case 'function':
        return this.ofTyped(value) ?? value;
      default:
        return value;
    }
  }

  private ofTyped(value: object): unknown {
    const typed = this.typed?.known(value);
    return typed === undefined ? undefined : this.annotation(Kind.Typed, this.ofArray(typed) ?? typed);
  }

  private ofObject(value: object): unknown {
    if (Array.isArray(value)) return this.ofArray(value) ?? value;
    switch (Object.getPrototypeOf(value)) {
      case Date.prototype:
        return this.annotation(Kind.Date, getTime.call(value as Date));
      case Set.prototype:
        return this.ofCollection(Kind.Set, Array.from(value as Set<unknown>));
      case Map.prototype:
        return this.ofCollection(Kind.Map, membersOf(value as Map<unknown, unknown>));
      case Object.prototype:
        return this.ofMembers(value as Members);
      default:
        if (sharedBuffers.has(value)) {
          return this.annotation(Kind.Shared, this.numberOfShared?.(value as SharedBuffer));
        }
        if (isMemory(value)) return this.annotation(Kind.Bytes, writeBytes(value));
        return this.ofMembers(value as Members);
    }
  }

  private ofCollection(kind: Kind, members: unknown[]): unknown {
    return this.annotation(kind, this.ofArray(members) ?? members);
  }

  /** A copy, if one of its elements is replaced. */
  private ofArray(array: readonly unknown[]): unknown[] | undefined {
    let copy: unknown[] | undefined;
    const depth = this.path.push(0) - 1;
    for (let index = 0; index < array.length; index++) {
      const element = array[index];
      this.path[depth] = index;
      const standIn = this.standInFor(element);
      if (standIn !== element) (copy ??= array.slice())[index] = standIn;
    }
    this.path.pop();
    return copy;
  }

  private ofMembers(value: Members): unknown {
    let copy: Members | undefined;
    const depth = this.path.push('') - 1;
    for (const key in value) {
      const member = value[key];
      this.path[depth] = key;
      const standIn = this.standInFor(member);
      // A copy has all members as own ones, `__proto__` included.
      if (standIn !== member) (copy ??= { ...value })[key] = standIn;
    }
    this.path.pop();
    return copy ?? value;
  }

  private annotation(kind: Kind, standIn: unknown): unknown {
    this.list.push([kind, ...this.path]);
    return standIn;
  }
}

function membersOf(map: Map<unknown, unknown>): unknown[] {
  const members: unknown[] = [];
  for (const [key, value] of map) members.push(key, value);
  return members;
}

/** Where values come from that JSON does not have. */
export interface Sources {
  readonly types?: ValueTypes | undefined;
  /** Throws if there is none of this number. */
  readonly shared?: (number: number) => unknown;
}

/** Rebuilds the original value from a stand-in. Throws if its annotations do not fit. */
export function readNoted(json: unknown, sources: Sources = {}): unknown {
  if (!looksNoted(json)) return json;
  const whole = json as unknown[];
  const annotations = whole[2];
  if (whole.length !== 3 || !Array.isArray(annotations)) throw new Error('its annotations are missing');
  for (const annotation of annotations) follow(whole, annotation as Annotation, sources);
  return whole[1];
}

/** Puts one value in its place. */
function follow(whole: unknown[], annotation: Annotation, sources: Sources): void {
  if (!Array.isArray(annotation)) throw new Error('an annotation has the wrong form');
  let holder = whole as unknown as Members;
  let key: Key = 1;
  for (let step = 1; step < annotation.length; step++) {
    holder = holder[key] as Members;
    key = annotation[step] as Key;
    if (typeof holder !== 'object' || holder === null || !isMember(holder, key)) {
      throw new Error('an annotation names a place that the value does not have');
    }
  }
  holder[key] = original(annotation[0], holder[key], sources);
}

/** Neither an inherited member nor an array's length. */
function isMember(holder: Members, key: unknown): boolean {
  return (typeof key === 'string' || typeof key === 'number') && propertyIsEnumerable.call(holder, key);
}

function original(kind: Kind, standIn: unknown, { types: known, shared }: Sources): unknown {
  switch (kind) {
    case Kind.Undefined:
      return undefined;
    case Kind.Number:
      if (oddNumbers.has(standIn)) return oddNumbers.get(standIn);
      break;
    case Kind.BigInt:
      if (typeof standIn === 'string' && INTEGER.test(standIn)) return BigInt(standIn);
      break;
    case Kind.Date:
      if (standIn === null || typeof standIn === 'number') return new Date(standIn ?? NaN);
      break;
    case Kind.Set:
      if (Array.isArray(standIn)) return new Set(standIn);
      break;
    case Kind.Map:
      if (Array.isArray(standIn) && standIn.length % 2 === 0) return toMap(standIn);
      break;
    case Kind.Bytes:
      if (Array.isArray(standIn)) return readBytes(standIn);
      break;
    case Kind.Typed:
      return decodeTyped(standIn, known);
    case Kind.Shared:
      if (typeof standIn === 'number' && shared !== undefined) return shared(standIn);
      break;
  }
  throw new Error(`an annotation of kind ${JSON.stringify(kind)} does not fit its value`);
}

function toMap(members: readonly unknown[]): Map<unknown, unknown> {
  const map = new Map<unknown, unknown>();
  for (let index = 0; index < members.length; index += 2) map.set(members[index], members[index + 1]);
  return map;
}

const INTEGER = /^-?\d{1,20}$/;
const oddNumbers: ReadonlyMap<unknown, number> = new Map(
  [NaN, Infinity, -Infinity, -0].map((odd) => [nameOf(odd), odd]),
);

function nameOf(odd: number): string {
  return Object.is(odd, -0) ? '-0' : String(odd);
}

/** Bytes have an annotation where nothing else carries them within other values. */
export function isMemory(value: object): value is ArrayBuffer | ArrayBufferView {
  return ArrayBuffer.isView(value) || types.isArrayBuffer(value);
}

function writeBytes(memory: ArrayBuffer | ArrayBufferView): [type: number, base64: string] {
  if (!ArrayBuffer.isView(memory)) return [NO_VIEW, Buffer.from(memory).toString('base64')];
  checkMemory(memory.buffer);
  const { buffer, byteOffset, byteLength } = memory;
  return [numberOf(memory), Buffer.from(buffer as ArrayBuffer, byteOffset, byteLength).toString('base64')];
}

function readBytes([type, base64]: readonly unknown[]): ArrayBuffer | ArrayBufferView {
  if (typeof type !== 'number' || typeof base64 !== 'string') throw new Error('bytes are not Base64 of a type');
  // Memory of its own.
  const bytes = new Uint8Array(Buffer.from(base64, 'base64'));
  return type === NO_VIEW ? bytes.buffer : createView(type, bytes, 0, bytes.byteLength);
}
