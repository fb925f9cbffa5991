import { asIs } from './codecs/as-is.js';
import type { PayloadCodec } from './codecs/codec.js';
import { checkSerializer, CustomCodec } from './codecs/custom-codec.js';
import { JsonCodec } from './codecs/json-codec.js';
import { Parts } from './codecs/parts.js';
import { PreparedPayload } from './codecs/prepared-payload.js';
import { invalidOption, notSerializable } from './errors.js';
import { JsonSerializer } from './json-serializer.js';
import { structuredPart } from './parts.js';
import type { SerializerValue, Serializer } from './types/serializer.js';

export { type Encoded, type PayloadCodec, Undecodable } from './codecs/codec.js';
export { parseText } from './codecs/decoding.js';

type ByteCodec = PayloadCodec & { readonly serializer: Serializer };

/** For a connection that moves bytes. */
export function createCodec(serializer: SerializerValue | undefined): ByteCodec {
  if (serializer === undefined || serializer === 'json') return new JsonCodec(new JsonSerializer());
  if (serializer === 'structured') return new (structuredPart().StructuredCodec)();
  if (typeof serializer === 'string')
    throw invalidOption('serializer', '"json", "structured" or an object', serializer);
  checkSerializer(serializer);
  return Object.getPrototypeOf(serializer) === JsonSerializer.prototype
    ? new JsonCodec(serializer)
    : new CustomCodec(serializer);
}

/** For a connection that moves values: only a serializer that the user gave is used. */
export function createValueCodec(serializer: SerializerValue | undefined): PayloadCodec {
  if (serializer === undefined) return asIs;
  const codec = createCodec(serializer);
  return {
    serializer: codec.serializer,
    json: codec.json,
    encode(value, what) {
      if (value instanceof PreparedPayload) return value.encodedBy(serializer, () => oneOf(codec.encode(value, what)));
      return oneOf(codec.encode(value, what));
    },
    decodeBatch: codec.decodeBatch.bind(codec),
    decode: codec.decode.bind(codec),
    keep: codec.keep.bind(codec),
  };
}

/** One value, that may be moved. */
function oneOf(encoded: unknown): unknown {
  if (encoded instanceof Parts) return joined(encoded);
  // A copy of its own: the memory around a slice, such as that of most buffers, must not travel along.
  return encoded instanceof Uint8Array ? new Uint8Array(encoded) : encoded;
}

function joined(parts: Parts): Uint8Array {
  try {
    return structuredPart().join(parts);
  } catch (error) {
    throw notSerializable('the payload', 'structured', error);
  }
}

/** How a worker is told of its host's serializer; `undefined` for one of the user's own. */
export function builtInName(serializer: SerializerValue | undefined): string | undefined {
  if (serializer === undefined || serializer === 'json') return 'json';
  if (serializer === 'structured') return serializer;
  const isJson = typeof serializer === 'object' && Object.getPrototypeOf(serializer) === JsonSerializer.prototype;
  return isJson ? `json ${JSON.stringify((serializer as JsonSerializer).terminator)}` : undefined;
}

/** The serializer of that name. */
export function builtInOf(name: string): SerializerValue {
  return name.startsWith('json ')
    ? new JsonSerializer({ terminator: JSON.parse(name.slice(5)) as string })
    : (name as SerializerValue);
}
