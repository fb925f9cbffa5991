// @ts-check
// A serializer of one's own: MessagePack. Without a terminator it is binary.
import { decode, encode, ExtensionCodec } from '@msgpack/msgpack';

/** @import { Serializer } from 'isolated-workers' */

const extensionCodec = new ExtensionCodec();
extensionCodec.register({
  type: 1,
  encode: (value) =>
    value instanceof Float32Array ? new Uint8Array(value.buffer, value.byteOffset, value.byteLength) : null,
  // A copy, because a view of floats must begin at a multiple of four.
  decode: (bytes) => new Float32Array(new Uint8Array(bytes).buffer),
});

/** @type {Serializer} */
export const messagePack = {
  name: 'messagepack',
  serialize: (value) => encode(value, { extensionCodec }),
  deserialize: (bytes) => decode(/** @type {Uint8Array} */ (bytes), { extensionCodec }),
};
