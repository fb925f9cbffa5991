/** The view types; their numbers are on the wire. */
const names = [
  'Buffer',
  'DataView',
  'Int8Array',
  'Uint8Array',
  'Uint8ClampedArray',
  'Int16Array',
  'Uint16Array',
  'Int32Array',
  'Uint32Array',
  'Float32Array',
  'Float64Array',
  'BigInt64Array',
  'BigUint64Array',
  'Float16Array',
];

type ViewClass = {
  new (memory: ArrayBuffer, start: number, length: number): ArrayBufferView;
  BYTES_PER_ELEMENT?: number;
};

const tagOf = Object.getOwnPropertyDescriptor(Object.getPrototypeOf(Uint8Array.prototype), Symbol.toStringTag)?.get as (
  this: unknown,
) => string | undefined;

/** For a subclass, the number of its parent. */
export function numberOf(view: ArrayBufferView): number {
  return Buffer.isBuffer(view) ? 0 : names.indexOf(tagOf.call(view) ?? 'DataView');
}

/** Whether it is the type of a `Buffer`, which shares its memory with no other view. */
export function isBufferNumber(number: number): boolean {
  return number === 0;
}

/** A view of a received block. Throws if it would not lie within the block. */
export function createView(number: number, block: Uint8Array, offset: number, length: number): ArrayBufferView {
  const name = names[number];
  if (name === undefined) throw new Error(`there is no view of type ${number}`);
  if (offset + length > block.byteLength) {
    throw new Error(`a view of ${length} bytes at ${offset} does not lie in its attachment of ${block.byteLength}`);
  }
  const start = block.byteOffset + offset;
  if (isBufferNumber(number)) return Buffer.from(block.buffer as ArrayBuffer, start, length);
  const Class = (globalThis as unknown as Record<string, ViewClass | undefined>)[name];
  if (Class === undefined) throw new Error(`this runtime has no ${name}`);
  const size = Class.BYTES_PER_ELEMENT ?? 1;
  if (offset % size !== 0 || length % size !== 0) {
    throw new Error(`a ${name} of ${length} bytes at ${offset} has no whole elements of ${size}`);
  }
  return new Class(block.buffer as ArrayBuffer, start, length / size);
}
