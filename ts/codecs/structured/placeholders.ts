import { types } from 'node:util';

import { define } from '../../errors/encoding/define.js';
import type { Attachments } from './attachments.js';
import { completeError, type ErrorData } from './error-data.js';
import { fillHoles, type TypedHole } from './typed-holes.js';
import type { ValueTypes } from './typed-values.js';

/** The placeholder of a large string. */
const HOLE = 0;

/** What V8 has read, and what waits for its data. */
interface Unfinished {
  readonly errors: ReadonlyMap<number, Error>;
  readonly holes: ReadonlyMap<number, TypedHole>;
}

/**
 * Puts large strings into their places, referenced values into errors, and values of users' types in place of their holes.
 *
 * @param read - The result of V8: the value in an array, the data of errors, the places of strings; and the data of typed values, if
 *   there are any.
 */
export function complete(
  read: unknown,
  { errors, holes }: Unfinished,
  attachments: Attachments,
  valueTypes: ValueTypes | undefined,
): unknown {
  const length = holes.size > 0 ? 4 : 3;
  if (!Array.isArray(read) || read.length !== length || !read.every(Array.isArray)) {
    throw new Error('its parts are none');
  }
  const [root, data, places, typed] = read as [unknown[], Partial<ErrorData>[], unknown[], unknown];
  if (root.length !== 1) throw new Error('it has no value, or more than one');
  if (places.length % 3 !== 0) throw new Error('a text has no place');
  for (let at = 0; at < places.length; at += 3) fill(places[at], places[at + 1], attachments.text(places[at + 2]));
  if (data.length !== errors.size) throw new Error(`${errors.size} errors have the data of ${data.length}`);
  for (const [number, error] of errors) {
    const own = data[number];
    if (typeof own !== 'object' || own === null) throw new Error(`the error ${number} has no data`);
    completeError(error, own);
  }
  return holes.size === 0 ? root[0] : fillHoles(root[0], holes, typed, valueTypes);
}

/** Only objects of the writer have places: plain objects, arrays and maps. */
function fill(holder: unknown, key: unknown, text: string): void {
  if (types.isMap(holder)) {
    if (holder.get(key) !== HOLE) throw new Error('a text has no place in its map');
    holder.set(key, text);
    return;
  }
  if (!isPlain(holder)) throw new Error('a text has no place');
  if (typeof key !== 'string' && typeof key !== 'number') throw new Error('the place of a text has no name');
  const descriptor = Object.getOwnPropertyDescriptor(holder, key);
  if (descriptor?.value !== HOLE || descriptor.enumerable !== true) {
    throw new Error(`a text has no place at ${JSON.stringify(key)}`);
  }
  define(holder as object, String(key), text);
}

/** By its type, because the reading runtime need not share its classes with this program. */
function isPlain(holder: unknown): holder is object {
  if (typeof holder !== 'object' || holder === null) return false;
  return Array.isArray(holder) || Object.prototype.toString.call(holder) === '[object Object]';
}
