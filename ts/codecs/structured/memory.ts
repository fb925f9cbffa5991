import { types } from 'node:util';

/** The reason why it cannot leave its process. */
export const SHARED_MEMORY =
  'a SharedArrayBuffer cannot leave its process; send a copy, new Uint8Array(shared).slice(), or share memory: createSharedBuffer()';

/** Whether it can leave its process. */
export function checkMemory(memory: ArrayBufferLike): asserts memory is ArrayBuffer {
  if (!types.isArrayBuffer(memory)) {
    throw new TypeError(SHARED_MEMORY);
  }
  if (memory.byteLength > 0) return;
  try {
    // A detached buffer cannot be read.
    Reflect.construct(Uint8Array, [memory]);
  } catch {
    throw new TypeError('the memory of an ArrayBuffer in it was moved elsewhere (it is detached)');
  }
}
