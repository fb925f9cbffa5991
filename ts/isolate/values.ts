import { DefaultDeserializer, DefaultSerializer } from 'node:v8';

/** Why memory that is shared cannot be sent. */
const SHARED = 'a SharedArrayBuffer cannot be sent to an isolate. Send a copy of its bytes';

class Writer extends DefaultSerializer {
  _getSharedArrayBufferId(): never {
    throw new TypeError(SHARED);
  }
}

interface Hooks {
  _readHostObject(): ArrayBufferView;
}

const { _readHostObject: readView } = DefaultDeserializer.prototype as unknown as Hooks;

class Reader extends DefaultDeserializer {
  /** In memory of its own: the bytes around it belong to other messages. */
  _readHostObject(): ArrayBufferView {
    const { buffer, byteOffset, byteLength, constructor } = readView.call(
      this as unknown as Hooks,
    ) as ArrayBufferView & {
      readonly constructor: new (memory: ArrayBuffer) => ArrayBufferView;
    };
    const copy = (buffer as ArrayBuffer).slice(byteOffset, byteOffset + byteLength);
    return Buffer.isBuffer(new Uint8Array(copy)) ? Buffer.from(copy) : new constructor(copy);
  }
}

/** A value in V8's format. */
export function encode(value: unknown): Buffer {
  const writer = new Writer();
  writer.writeHeader();
  writer.writeValue(value);
  return writer.releaseBuffer();
}

export function decode(bytes: Buffer): unknown {
  const reader = new Reader(bytes);
  reader.readHeader();
  return reader.readValue();
}
