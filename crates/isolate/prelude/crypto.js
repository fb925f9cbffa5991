// `crypto`, as far as it gives random numbers.
(native) => {
  'use strict';
  const { Uint8Array, ArrayBuffer } = globalThis;
  const TypedArray = Reflect.getPrototypeOf(Uint8Array);
  const tagOf = Reflect.getOwnPropertyDescriptor(TypedArray.prototype, Symbol.toStringTag).get;
  const MOST = 65_536;

  class Crypto {
    getRandomValues(view) {
      const kind = ArrayBuffer.isView(view) ? native.apply(tagOf, view, []) : undefined;
      if (kind === undefined || kind.startsWith('Float')) {
        throw new DOMException('getRandomValues: the argument is no array of integers', 'TypeMismatchError');
      }
      const { buffer, byteOffset, byteLength } = view;
      if (byteLength > MOST) {
        const message = `getRandomValues: ${byteLength} bytes are more than ${MOST}; ask several times`;
        throw new DOMException(message, 'QuotaExceededError');
      }
      new Uint8Array(buffer, byteOffset, byteLength).set(new Uint8Array(native.random(byteLength)));
      return view;
    }

    /** A UUID of version 4. */
    randomUUID() {
      const bytes = new Uint8Array(native.random(16));
      bytes[6] = (bytes[6] & 0x0f) | 0x40;
      bytes[8] = (bytes[8] & 0x3f) | 0x80;
      const digits = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
      return digits.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
    }
  }

  native.tag(Crypto, 'Crypto');
  native.define('crypto', new Crypto());
};
