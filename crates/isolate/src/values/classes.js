// `Serializer` and `Deserializer` with the methods of those of `node:v8`. The completion value is a function of Rust's
// functions.
(native) => {
  'use strict';
  const { Uint8Array } = globalThis;

  class Serializer {
    #writer = native.newWriter();

    writeHeader() {
      native.writeHeader(this.#writer);
    }

    writeValue(value) {
      native.writeValue(this.#writer, this, value);
      return true;
    }

    releaseBuffer() {
      return new Uint8Array(native.release(this.#writer));
    }

    transferArrayBuffer(id, buffer) {
      native.transferOut(this.#writer, id, buffer);
    }

    writeUint32(value) {
      native.writeUint32(this.#writer, value);
    }

    writeUint64(high, low) {
      native.writeUint64(this.#writer, high, low);
    }

    writeDouble(value) {
      native.writeDouble(this.#writer, value);
    }

    writeRawBytes(bytes) {
      native.writeRawBytes(this.#writer, bytes);
    }

    _setTreatArrayBufferViewsAsHostObjects(asHostObjects) {
      native.setHostViews(this.#writer, asHostObjects === true);
    }
  }

  class Deserializer {
    #bytes;
    #start;
    #reader;

    constructor(bytes) {
      const parts = native.partsOf(bytes);
      this.#bytes = parts[0];
      this.#start = parts[1];
      this.#reader = native.newReader(bytes);
      this.buffer = bytes;
    }

    readHeader() {
      native.readHeader(this.#reader);
      return true;
    }

    readValue() {
      return native.readValue(this.#reader, this);
    }

    getWireFormatVersion() {
      return native.version;
    }

    transferArrayBuffer(id, buffer) {
      native.transferIn(this.#reader, id, buffer);
    }

    readUint32() {
      return native.readUint32(this.#reader);
    }

    readUint64() {
      return native.readUint64(this.#reader);
    }

    readDouble() {
      return native.readDouble(this.#reader);
    }

    /** A view of the bytes that this object was made with. */
    readRawBytes(length) {
      const at = native.skip(this.#reader, length);
      return new Uint8Array(this.#bytes, this.#start + at, length);
    }
  }

  return { __proto__: null, Serializer, Deserializer };
};
