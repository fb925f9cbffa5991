import { types } from 'node:util';
import { DefaultDeserializer, DefaultSerializer } from 'node:v8';

import { bytesOf, checkMemory, isSharedView } from './shared-memory.js';

/** A value in V8's format, and a view of each shared memory in it, by their numbers. */
export interface Parcel {
  readonly bytes: Buffer;
  readonly memories: readonly Uint8Array[];
}

/** Node's numbers of the classes of views. */
const VIEWS = [
  types.isInt8Array,
  types.isUint8Array,
  types.isUint8ClampedArray,
  types.isInt16Array,
  types.isUint16Array,
  types.isInt32Array,
  types.isUint32Array,
  types.isFloat32Array,
  types.isFloat64Array,
  types.isDataView,
  () => false,
  types.isBigInt64Array,
  types.isBigUint64Array,
];
const FLOAT_16 = 13;
/** Added to the number of a view of shared memory. */
const SHARED_VIEW = 256;

interface WriterHooks {
  _writeHostObject(view: ArrayBufferView): void;
}
interface ReaderHooks {
  _readHostObject(): ArrayBufferView;
}

const { _writeHostObject: writeView } = DefaultSerializer.prototype as unknown as WriterHooks;
const { _readHostObject: readView } = DefaultDeserializer.prototype as unknown as ReaderHooks;

class Writer extends DefaultSerializer {
  readonly memories: SharedArrayBuffer[] = [];

  constructor(private readonly shares: boolean) {
    super();
  }

  _getSharedArrayBufferId(memory: SharedArrayBuffer): number {
    checkMemory(memory, this.shares);
    const known = this.memories.indexOf(memory);
    return known === -1 ? this.memories.push(memory) - 1 : known;
  }

  _writeHostObject(view: ArrayBufferView): void {
    if (!isSharedView(view)) return writeView.call(this as unknown as WriterHooks, view);
    const number = VIEWS.findIndex((isOfClass) => isOfClass(view));
    this.writeUint32(SHARED_VIEW + (number === -1 ? FLOAT_16 : number));
    this.writeUint32(view.byteOffset);
    this.writeUint32(view.byteLength);
    this.writeValue(view.buffer);
  }
}

class Reader extends DefaultDeserializer {
  /** In memory of its own: the bytes around it belong to other messages. */
  _readHostObject(): ArrayBufferView {
    const { buffer, byteOffset, byteLength, constructor } = readView.call(
      this as unknown as ReaderHooks,
    ) as ArrayBufferView & {
      readonly constructor: new (memory: ArrayBuffer) => ArrayBufferView;
    };
    const copy = (buffer as ArrayBuffer).slice(byteOffset, byteOffset + byteLength);
    return Buffer.isBuffer(new Uint8Array(copy)) ? Buffer.from(copy) : new constructor(copy);
  }
}

/**
 * A value for an isolate.
 *
 * @param shares - Whether a `SharedArrayBuffer` is shared; else it is refused.
 */
export function encode(value: unknown, shares: boolean): Parcel {
  const writer = new Writer(shares);
  writer.writeHeader();
  writer.writeValue(value);
  return { bytes: writer.releaseBuffer(), memories: writer.memories.map(bytesOf) };
}

/** A value of an isolate. */
export function decode(bytes: Buffer, memories: readonly SharedArrayBuffer[] = []): unknown {
  const reader = new Reader(bytes);
  reader.readHeader();
  for (const [number, memory] of memories.entries()) {
    reader.transferArrayBuffer(number, memory as unknown as ArrayBuffer);
  }
  return reader.readValue();
}
