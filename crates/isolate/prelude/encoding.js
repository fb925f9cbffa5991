// `TextEncoder` and `TextDecoder`, for UTF-8 and UTF-16.
(native) => {
  'use strict';
  const { define } = native;
  const { Uint8Array, ArrayBuffer } = globalThis;
  const labels = new Map([
    ['utf-8', 'utf-8'],
    ['utf8', 'utf-8'],
    ['unicode-1-1-utf-8', 'utf-8'],
    ['utf-16le', 'utf-16le'],
    ['utf-16', 'utf-16le'],
    ['ucs-2', 'utf-16le'],
    ['unicode', 'utf-16le'],
  ]);
  const MARK = '\ufeff';

  class TextEncoder {
    get encoding() {
      return 'utf-8';
    }

    encode(text = '') {
      return new Uint8Array(native.encodeUtf8(`${text}`));
    }

    /** As many whole characters as fit. */
    encodeInto(text, target) {
      if (!(target instanceof Uint8Array)) throw new TypeError('encodeInto: the target is no Uint8Array');
      const source = `${text}`;
      const { length } = target;
      // No character takes less than a byte for each of its units.
      const bytes = new Uint8Array(native.encodeUtf8(source.slice(0, length)));
      const written = bytes.length <= length ? bytes.length : native.completeUtf8(bytes.subarray(0, length));
      const fitting = bytes.subarray(0, written);
      target.set(fitting);
      return { read: native.decodeUtf8(fitting, false).length, written };
    }
  }

  class TextDecoder {
    #encoding;
    #fatal;
    #ignoreBOM;
    #rest = new Uint8Array(0);
    #isBegun = false;

    constructor(label = 'utf-8', options) {
      this.#encoding = labels.get(`${label}`.trim().toLowerCase());
      if (this.#encoding === undefined) {
        const message = `TextDecoder: an isolate has no encoding "${label}"; it has utf-8 and utf-16le`;
        throw native.fail(RangeError, message, 'ERR_ENCODING_NOT_SUPPORTED');
      }
      this.#fatal = Boolean(options?.fatal);
      this.#ignoreBOM = Boolean(options?.ignoreBOM);
    }

    get encoding() {
      return this.#encoding;
    }

    get fatal() {
      return this.#fatal;
    }

    get ignoreBOM() {
      return this.#ignoreBOM;
    }

    decode(input, options) {
      const isStream = Boolean(options?.stream);
      const is8 = this.#encoding === 'utf-8';
      let bytes = this.#join(bytesOf(input));
      this.#rest = new Uint8Array(0);
      if (isStream) {
        const complete = is8 ? native.completeUtf8(bytes) : native.completeUtf16(bytes);
        this.#rest = bytes.slice(complete);
        bytes = bytes.subarray(0, complete);
      }
      let text = is8 ? native.decodeUtf8(bytes, this.#fatal) : native.decodeUtf16(bytes, this.#fatal);
      const wasBegun = this.#isBegun;
      this.#isBegun = isStream && (wasBegun || bytes.length > 0);
      if (text === undefined) {
        this.#isBegun = false;
        const message = `The encoded data was not valid for encoding ${this.#encoding}`;
        throw native.fail(TypeError, message, 'ERR_ENCODING_INVALID_ENCODED_DATA');
      }
      if (!wasBegun && !this.#ignoreBOM && text.startsWith(MARK)) text = text.slice(1);
      return text;
    }

    #join(bytes) {
      if (this.#rest.length === 0) return bytes;
      const all = new Uint8Array(this.#rest.length + bytes.length);
      all.set(this.#rest);
      all.set(bytes, this.#rest.length);
      return all;
    }
  }

  function bytesOf(input) {
    if (input === undefined) return new Uint8Array(0);
    if (ArrayBuffer.isView(input)) {
      const bytes = new Uint8Array(input.buffer, input.byteOffset, input.byteLength);
      // Other threads may write to shared memory meanwhile.
      return input.buffer instanceof ArrayBuffer ? bytes : bytes.slice();
    }
    if (input instanceof ArrayBuffer) return new Uint8Array(input);
    if (input instanceof SharedArrayBuffer) return new Uint8Array(input).slice();
    throw new TypeError('decode: the input is neither an ArrayBuffer nor a view of one');
  }

  define('TextEncoder', TextEncoder);
  define('TextDecoder', TextDecoder);
};
