import { types } from 'node:util';

import { isError } from '../../util/safely.js';
import { isHostObject, kindOfHostObject } from '../host-objects.js';

/**
 * What of a value JSON would leave out without a word, or make something else of: functions and symbols, and objects whose content
 * is not in their members. Gives the first of them with its place, or `undefined`. For values that have been stringified, so without
 * cycles.
 */
export function findJsonLoss(value: unknown): string | undefined {
  const found = look(value);
  if (found === undefined) return undefined;
  const { path, kind } = found;
  return `${path === '' ? 'it' : path} is ${kind}`;
}

interface Loss {
  /** Where it is in the value: `.list[2]`. */
  path: string;
  /** What it is, and what to do. */
  readonly kind: string;
}

function look(value: unknown): Loss | undefined {
  if (typeof value === 'object') return value === null ? undefined : findIn(value);
  if (typeof value !== 'function' && typeof value !== 'symbol') return undefined;
  return { path: '', kind: 'a function or a symbol, which JSON leaves out' };
}

function findIn(value: object): Loss | undefined {
  if (Array.isArray(value)) {
    for (let index = 0; index < value.length; index++) {
      const found = look(value[index]);
      if (found !== undefined) return inside(`[${index}]`, found);
    }
    return undefined;
  }
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) {
    // The `toJSON` of a `Buffer` makes a list of numbers of its bytes.
    if (isBytes(value)) return { path: '', kind: `bytes (${nameOf(value)})${REMEDY}` };
    if (!hasOwnForm(value)) {
      const kind = kindOf(value);
      if (kind !== undefined) return { path: '', kind };
    }
  }
  if (hasOwnForm(value)) return undefined;
  const object = value as Record<string, unknown>;
  for (const key in object) {
    const found = look(object[key]);
    if (found !== undefined && Object.hasOwn(object, key)) return inside(`.${key}`, found);
  }
  return undefined;
}

function inside(place: string, loss: Loss): Loss {
  loss.path = place + loss.path;
  return loss;
}

const REMEDY = ", of which JSON would make something else. The serializer 'structured' carries it";

function isBytes(value: object): boolean {
  return ArrayBuffer.isView(value) || types.isAnyArrayBuffer(value);
}

/** What an object is whose JSON would be `{}`, or not much more. */
function kindOf(value: object): string | undefined {
  if (types.isMap(value)) return `a Map${REMEDY}`;
  if (types.isSet(value)) return `a Set${REMEDY}`;
  if (types.isRegExp(value)) return `a RegExp${REMEDY}`;
  if (isError(value)) return `an error${REMEDY}`;
  if (types.isPromise(value)) return 'a Promise, which no serializer carries: await it first';
  if (types.isWeakMap(value) || types.isWeakSet(value)) return `a ${nameOf(value)}, which no serializer carries`;
  if (isHostObject(value)) return kindOfHostObject(value);
  return undefined;
}

/** As the language names it, whatever its class is called. */
function nameOf(value: object): string {
  return Object.prototype.toString.call(value).slice('[object '.length, -1);
}

/** An object that defines its own JSON. */
function hasOwnForm(value: object): boolean {
  return typeof (value as { toJSON?: unknown }).toJSON === 'function';
}
