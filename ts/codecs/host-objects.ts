import { types } from 'node:util';

import { isError } from '../util/safely.js';

/** How many objects of a value between threads are looked at, so that a large value costs no walk through all of it. */
const MOST = 256;

/** Objects of the language itself, and instances of classes, of which at least the members travel. */
const languageTags = new Set(['Object', 'Arguments', 'Array', 'Function', 'Promise', 'WeakMap', 'WeakSet']);

/**
 * Whether an object that is neither plain nor an array is one of the runtime, such as a URL, of whose content nothing is in
 * its members: a copy of the members is `{}`.
 */
export function isHostObject(value: object): boolean {
  if (types.isBoxedPrimitive(value) || types.isDate(value) || types.isRegExp(value)) return false;
  if (types.isMap(value) || types.isSet(value) || types.isModuleNamespaceObject(value) || isError(value)) return false;
  if (ArrayBuffer.isView(value) || types.isAnyArrayBuffer(value)) return false;
  return !languageTags.has(tagOf(value)) && Object.keys(value).length === 0;
}

/**
 * The first object of the runtime in a value of which a copy has nothing, as the reason of an error: its place, and a remedy. Errors
 * are not looked into, because what they carry besides their text may be lost.
 */
export function findHostObject(
  value: unknown,
  isCarried: (value: object) => boolean = () => false,
): string | undefined {
  return reasonOf(new Search(isCarried, Infinity).look(value));
}

/**
 * Like `findHostObject`, in a value that structured clone copies, such as one between threads. A getter that throws ends the search: the
 * copy fails by it, too.
 */
export function findUncloned(value: unknown): string | undefined {
  try {
    return reasonOf(new Search(isCloned, MOST).look(value));
  } catch {
    return undefined;
  }
}

interface Found {
  /** Where it is in the value: `.list[2]`. */
  path: string;
  readonly value: object;
}

class Search {
  /** Objects, each as often as it occurs: a cycle ends with the number of looks, or was refused before. */
  private looks = 0;
  private readonly seen: Set<object> | undefined;

  constructor(
    private readonly isCarried: (value: object) => boolean,
    private readonly most: number,
  ) {
    this.seen = most === Infinity ? new Set() : undefined;
  }

  look(value: unknown): Found | undefined {
    return typeof value === 'object' && value !== null ? this.lookAt(value) : undefined;
  }

  private lookAt(value: object): Found | undefined {
    if (++this.looks > this.most) return undefined;
    if (this.seen !== undefined) {
      if (this.seen.has(value)) return undefined;
      this.seen.add(value);
    }
    const prototype: unknown = Object.getPrototypeOf(value);
    if (prototype === Object.prototype) return this.lookIntoMembers(value);
    if (Array.isArray(value)) return this.lookIntoArray(value);
    return prototype === null ? this.lookIntoMembers(value) : this.lookAtOther(value);
  }

  private lookAtOther(value: object): Found | undefined {
    if (ArrayBuffer.isView(value) || isError(value)) return undefined;
    if (isHostObject(value)) return this.isCarried(value) ? undefined : { path: '', value };
    if (types.isMap(value)) return this.lookIntoMap(value);
    if (types.isSet(value)) return this.lookIntoSet(value);
    return this.lookIntoMembers(value);
  }

  private lookIntoArray(array: readonly unknown[]): Found | undefined {
    for (let index = 0; index < array.length; index++) {
      const member = array[index];
      // Most members are primitive.
      if (typeof member !== 'object' || member === null) continue;
      const found = this.lookAt(member);
      if (found !== undefined) return inside(`[${index}]`, found);
      if (this.looks > this.most) return undefined;
    }
    return undefined;
  }

  private lookIntoMembers(object: object): Found | undefined {
    for (const key in object) {
      const member = (object as Record<string, unknown>)[key];
      if (typeof member !== 'object' || member === null) continue;
      const found = this.lookAt(member);
      if (found !== undefined && Object.hasOwn(object, key)) return inside(`.${key}`, found);
    }
    return undefined;
  }

  private lookIntoMap(map: Map<unknown, unknown>): Found | undefined {
    for (const [key, member] of map) {
      const found = this.look(key) ?? this.look(member);
      if (found !== undefined) return inside(' (a Map): a member', found);
    }
    return undefined;
  }

  private lookIntoSet(set: Set<unknown>): Found | undefined {
    for (const member of set) {
      const found = this.look(member);
      if (found !== undefined) return inside(' (a Set): a member', found);
    }
    return undefined;
  }
}

/** Of some objects, structured clone makes `{}` in one runtime and fails in another; some, such as a `Blob`, it carries. */
function isCloned(value: object): boolean {
  try {
    return !isPlain(structuredClone(value));
  } catch {
    // It may be moved, such as a port. If it is not, sending it fails and tells why.
    return true;
  }
}

/** What an object of the runtime is, and what to do. */
export function kindOfHostObject(value: object): string {
  return `an object of the runtime (${tagOf(value)}), whose content no copy has. Send its text or its parts`;
}

function reasonOf(found: Found | undefined): string | undefined {
  if (found === undefined) return undefined;
  const { path, value } = found;
  return `${path === '' ? 'it' : path.trimStart()} is ${kindOfHostObject(value)}`;
}

function inside(place: string, found: Found): Found {
  found.path = place + found.path;
  return found;
}

function tagOf(value: object): string {
  return Object.prototype.toString.call(value).slice('[object '.length, -1);
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
