import { types } from 'node:util';

import { invalidOption } from '../../errors/worker-error.js';
import type { NativeSharedMemory } from '../../addon/binding.js';
import { nativeLater } from '../../addon/native-later.js';
import type { SharedBuffer as PublicSharedBuffer } from '../../types/shared-buffer.js';
import { sharedBuffers } from './shared-buffers.js';
import { readsSharedMemorySafely } from './shared-memory-support.js';
import { warnOnce } from '../../util/warn-once.js';

/** The longest message, which must hold a shared buffer. */
const LONGEST = 2_147_483_647;

/** See the exported function. */
export function createSharedBuffer(size: number): SharedBuffer {
  if (!Number.isInteger(size) || size < 1 || size > LONGEST) {
    throw invalidOption('size', `an integer from 1 to ${LONGEST}`, size);
  }
  return new SharedBuffer(new (nativeLater().addon.NativeSharedMemory)(size));
}

/** See its interface. It travels as its memory, a segment of a payload. */
export class SharedBuffer implements PublicSharedBuffer {
  /**
   * Structured clone, which cannot carry it, would silently make it an empty object; it reads this first, which throws.
   */
  declare private readonly clone: never;
  readonly #memory: NativeSharedMemory;
  #shared: SharedArrayBuffer | null | undefined;

  constructor(memory: NativeSharedMemory) {
    this.#memory = memory;
    Object.defineProperty(this, 'clone', { enumerable: true, get: refuseClone });
  }

  /** The memory that the addon passes. @internal */
  static memoryOf(buffer: SharedBuffer): NativeSharedMemory {
    return buffer.#memory;
  }

  static {
    sharedBuffers.has = (value) => value instanceof SharedBuffer;
  }

  /**
   * Its memory as a `SharedArrayBuffer`, whether or not this runtime's functions read that safely; `null`: the runtime makes none.
   *
   * @internal
   */
  static shown(buffer: SharedBuffer): SharedArrayBuffer | null {
    return (buffer.#shared ??= buffer.#memory.toSharedArrayBuffer());
  }

  get byteLength(): number {
    return this.#memory.byteLength;
  }

  get buffer(): SharedArrayBuffer | ArrayBuffer {
    this.#shared ??= readsSharedMemorySafely() ? this.#memory.toSharedArrayBuffer() : null;
    if (this.#shared !== null) return this.#shared;
    warnOnce(
      'ISOLATED_WORKERS_BUFFER_COPIED',
      "this runtime cannot show a shared buffer's memory safely: its `buffer` is a copy. Use read() and write().",
    );
    const copy = new Uint8Array(this.byteLength);
    copy.set(this.read());
    return copy.buffer;
  }

  read(offset = 0, length: number = this.byteLength - offset): Buffer {
    checkRange(offset, length, this.byteLength);
    return length === 0 ? Buffer.alloc(0) : this.#memory.read(offset, length);
  }

  write(bytes: ArrayBufferView | ArrayBufferLike, offset = 0): void {
    const view = toBytes(bytes);
    checkRange(offset, view.byteLength, this.byteLength);
    if (view.byteLength > 0) this.#memory.write(view, offset);
  }

  toJSON(): never {
    return refuseClone();
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return `SharedBuffer { byteLength: ${this.byteLength} }`;
  }
}

function refuseClone(): never {
  throw new TypeError(
    "a SharedBuffer goes to other processes, by the serializer 'structured'. Send its `buffer` to a thread, or a copy: read()",
  );
}

/** In memory that no other thread writes while the addon reads it. */
function toBytes(bytes: ArrayBufferView | ArrayBufferLike): Uint8Array {
  let view: Uint8Array;
  if (ArrayBuffer.isView(bytes)) view = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  else if (types.isAnyArrayBuffer(bytes)) view = new Uint8Array(bytes);
  else throw invalidOption('bytes', 'a view, an ArrayBuffer or a SharedArrayBuffer', bytes);
  return types.isSharedArrayBuffer(view.buffer) ? new Uint8Array(view) : view;
}

function checkRange(offset: number, length: number, size: number): void {
  if (!Number.isSafeInteger(offset) || offset < 0 || offset > size) {
    throw invalidOption('offset', `an integer from 0 to ${size}, the bytes of the shared buffer`, offset);
  }
  if (!Number.isSafeInteger(length) || length < 0 || length > size - offset) {
    throw invalidOption('length', `an integer from 0 to ${size - offset}, the bytes from there to the end`, length);
  }
}
