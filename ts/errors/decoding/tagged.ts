import { oddNumbers, Tag } from '../encoding/tags.js';
import { isRecord } from '../../util/is-record.js';
import { kindOf, Malformed } from './limits.js';

const INTEGER = /^-?\d{1,1300}$/;
const BASE64 = /^[A-Za-z\d+/]*={0,2}$/;

/** The runtime's classes of bytes. */
const byteClasses = new Set([
  'ArrayBuffer',
  'DataView',
  'Int8Array',
  'Uint8Array',
  'Uint8ClampedArray',
  'Int16Array',
  'Uint16Array',
  'Int32Array',
  'Uint32Array',
  'Float16Array',
  'Float32Array',
  'Float64Array',
  'BigInt64Array',
  'BigUint64Array',
]);

/** A tagged value without nested values. */
export function readLeaf(tag: unknown, of: unknown, as: unknown): unknown {
  switch (tag) {
    case Tag.Undefined:
      return undefined;
    case Tag.BigInt:
      if (typeof of === 'string' && INTEGER.test(of)) return BigInt(of);
      break;
    case Tag.Number:
      if (oddNumbers.has(of)) return oddNumbers.get(of);
      break;
    case Tag.Date:
      if (of === null || typeof of === 'number') return new Date(of ?? NaN);
      break;
    case Tag.RegExp:
      return readRegExp(of);
    case Tag.Bytes:
      if (typeof of === 'string' && BASE64.test(of)) return readBytes(Buffer.from(of, 'base64'), as);
      break;
  }
  throw new Malformed(`a value is tagged as ${typeof tag === 'string' ? 'something else than it is' : kindOf(tag)}`);
}

function readRegExp(of: unknown): RegExp {
  const [source, flags] = Array.isArray(of) ? (of as unknown[]) : [];
  if (typeof source !== 'string' || typeof flags !== 'string')
    throw new Malformed('a pattern has no source or no flags');
  try {
    return new RegExp(source, flags);
  } catch {
    throw new Malformed('a pattern is none');
  }
}

function readBytes(bytes: Buffer, as: unknown): unknown {
  if (as === 'Buffer') return bytes;
  if (typeof as !== 'string' || !byteClasses.has(as)) throw new Malformed('bytes are of no known class');
  // Alone in its memory.
  const memory = new Uint8Array(bytes).buffer;
  if (as === 'ArrayBuffer') return memory;
  const Class = (globalThis as unknown as Record<string, (new (memory: ArrayBuffer) => unknown) | undefined>)[as];
  const { BYTES_PER_ELEMENT: size = 1 } = (Class ?? {}) as { BYTES_PER_ELEMENT?: number };
  if (Class === undefined || memory.byteLength % size !== 0) throw new Malformed(`bytes are no ${as}`);
  return new Class(memory);
}

/** The members of an object that references may name. */
export function membersOf(of: unknown): Record<string, unknown> {
  if (!isRecord(of)) throw new Malformed(`the members of an object are ${kindOf(of)}`);
  return of;
}

/** The elements of an array, a set or a map. */
export function elementsOf(of: unknown, tag: unknown): readonly unknown[] {
  if (!Array.isArray(of)) throw new Malformed(`the elements of a collection are ${kindOf(of)}`);
  if (tag === Tag.Map && of.length % 2 !== 0) throw new Malformed('a key of a map has no value');
  return of;
}
