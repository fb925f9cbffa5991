import { getNative } from '../native/environment.js';

/** A payload of several parts: bytes that V8 wrote, and beside them the bytes and large strings that those refer to. */
export class Parts extends Array<Uint8Array | string> {
  /** The addon reads it: its texts have no character above U+00FF. V8 knows that at once, and tells it nobody else. */
  isNarrow = false;

  /** What its methods make is no payload. */
  static override get [Symbol.species](): ArrayConstructor {
    return Array;
  }

  /** In bytes; of text, in characters. */
  get size(): number {
    return this.reduce((sum, part) => sum + (typeof part === 'string' ? part.length : part.byteLength), 0);
  }

  /** The same, in memory that nobody else has, but for what is shared. The first part is that already. */
  copy(): Parts {
    const copy = new Parts();
    copy.isNarrow = this.isNarrow;
    for (const part of this) copy.push(copy.length === 0 ? part : copyOf(part));
    return copy;
  }
}

function copyOf(part: Uint8Array | string): Uint8Array | string {
  return typeof part === 'string' || getNative().environment.isShared(part) ? part : new Uint8Array(part);
}

/** What is to wait before it is sent: nothing that its owner does meanwhile reaches it. */
export function settled<T>(encoded: T): T {
  return (encoded instanceof Parts ? encoded.copy() : encoded) as T;
}
