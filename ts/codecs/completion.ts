import { define } from '../remote-error.js';
import type { Attachments } from './attachments.js';
import { completeError, type ErrorData } from './error-data.js';

/** What the writer has left in the place of a large string. */
const HOLE = 0;

/**
 * Puts large strings into their places, and into errors what they refer to.
 *
 * @param read - What stands in front: the value in an array, the data of errors, the places of strings.
 */
export function complete(read: unknown, errors: ReadonlyMap<number, Error>, attachments: Attachments): unknown {
  if (!Array.isArray(read) || read.length !== 3 || !read.every(Array.isArray)) throw new Error('its parts are none');
  const [root, data, places] = read as [unknown[], Partial<ErrorData>[], unknown[]];
  if (root.length !== 1) throw new Error('it has no value, or more than one');
  if (places.length % 3 !== 0) throw new Error('a text has no place');
  for (let at = 0; at < places.length; at += 3) fill(places[at], places[at + 1], attachments.text(places[at + 2]));
  if (data.length !== errors.size) throw new Error(`${errors.size} errors have the data of ${data.length}`);
  for (const [number, error] of errors) {
    const own = data[number];
    if (typeof own !== 'object' || own === null) throw new Error(`the error ${number} has no data`);
    completeError(error, own);
  }
  return root[0];
}

/** Only what the writer makes has places: plain objects, arrays and maps. */
function fill(holder: unknown, key: unknown, text: string): void {
  if (holder instanceof Map) {
    if (holder.get(key) !== HOLE) throw new Error('a text has no place in its map');
    holder.set(key, text);
    return;
  }
  const prototype: unknown = typeof holder === 'object' && holder !== null ? Object.getPrototypeOf(holder) : undefined;
  if (prototype !== Object.prototype && prototype !== Array.prototype) throw new Error('a text has no place');
  if (typeof key !== 'string' && typeof key !== 'number') throw new Error('the place of a text has no name');
  const descriptor = Object.getOwnPropertyDescriptor(holder, key);
  if (descriptor?.value !== HOLE || descriptor.enumerable !== true) {
    throw new Error(`a text has no place at ${JSON.stringify(key)}`);
  }
  define(holder as object, String(key), text);
}
