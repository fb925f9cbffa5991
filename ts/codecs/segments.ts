import type { NativeSharedMemory } from '../addon/binding.js';

/** Bytes, a large string, or shared memory. */
export type Part = Uint8Array | string | NativeSharedMemory;

/** A payload of several segments: V8's bytes, and the segments that they refer to. */
export class Parts extends Array<Part> {
  /** The addon reads it: its texts have no character above U+00FF. V8 knows that, but reports it to no other code. */
  isNarrow = false;
  /** It has shared buffers. */
  hasShared = false;

  /** The results of its methods are not payloads. */
  static override get [Symbol.species](): ArrayConstructor {
    return Array;
  }

  /** In bytes; for text, in characters. */
  get size(): number {
    return this.reduce((sum, part) => sum + (typeof part === 'string' ? part.length : part.byteLength), 0);
  }

  /** A copy in new memory, except for shared memory. The first segment is new memory already. */
  copy(): Parts {
    const copy = new Parts();
    copy.isNarrow = this.isNarrow;
    copy.hasShared = this.hasShared;
    for (const part of this) copy.push(copy.length === 0 ? part : copyOf(part));
    return copy;
  }
}

function copyOf(part: Part): Part {
  return part instanceof Uint8Array ? new Uint8Array(part) : part;
}

/** A copy to be sent later: later changes of the owner do not reach it. */
export function settled<T>(encoded: T): T {
  return (encoded instanceof Parts ? encoded.copy() : encoded) as T;
}
