import { types } from 'node:util';

import { identityCodec } from './identity-codec.js';
import type { PayloadCodec } from './codec.js';
import type * as CustomCodecs from './custom-codec.js';
import { JsonCodec } from './json/json-codec.js';
import { Parts } from './segments.js';
import { preparedPayloads } from './prepared-payload.js';
import { invalidOption, notSerializable } from '../errors/worker-error.js';
import { JsonSerializer } from './json/json-serializer.js';
import { clone } from './load-clone.js';
import { structured } from './load-structured.js';
import { StructuredSerializer } from './structured-serializer.js';
import type { SerializerValue, Serializer } from '../types/serializer.js';

export { type Encoded, type PayloadCodec, Undecodable } from './codec.js';
export { parseText } from './decoding.js';

type ByteCodec = PayloadCodec & { readonly serializer: Serializer };

/**
 * The codec of a byte connection.
 *
 * @param sharesMemory - This side passes shared buffers.
 */
export function createCodec(serializer: SerializerValue | undefined, sharesMemory = false): ByteCodec {
  if (serializer === undefined || serializer === 'json') return new JsonCodec(new JsonSerializer());
  if (serializer === 'structured') return new (structured().StructuredCodec)(sharesMemory);
  if (typeof serializer === 'string')
    throw invalidOption('serializer', '"json", "structured" or an object', serializer);
  const { checkSerializer, CustomCodec } = require('./checks.cjs') as typeof CustomCodecs;
  checkSerializer(serializer);
  if (isStructured(serializer)) return structured().codecOf(serializer, sharesMemory);
  return Object.getPrototypeOf(serializer) === JsonSerializer.prototype
    ? new JsonCodec(serializer)
    : new CustomCodec(serializer);
}

/** Whether it is `'structured'` with types of the program. */
export function isStructured(serializer: SerializerValue | undefined): serializer is StructuredSerializer {
  return typeof serializer === 'object' && Object.getPrototypeOf(serializer) === StructuredSerializer.prototype;
}

/** The codec of a value connection: only a serializer of the user is used. */
export function createValueCodec(serializer: SerializerValue | undefined): PayloadCodec {
  if (serializer === undefined) return identityCodec;
  const codec = createCodec(serializer);
  return {
    serializer: codec.serializer,
    json: codec.json,
    encode(value, what) {
      if (preparedPayloads.has(value))
        return preparedPayloads.encodedBy(value, serializer, () => oneOf(codec.encode(value, what)));
      return oneOf(codec.encode(value, what));
    },
    decodeBatch: codec.decodeBatch.bind(codec),
    decode: codec.decode.bind(codec),
    keep: codec.keep.bind(codec),
  };
}

/** One value, possibly with a transfer list. */
function oneOf(encoded: unknown): unknown {
  if (encoded instanceof Parts) return joined(encoded);
  // A copy: the memory around a slice, as of most buffers, must not travel.
  return types.isUint8Array(encoded) ? new Uint8Array(encoded) : encoded;
}

function joined(parts: Parts): Uint8Array {
  try {
    return clone().join(parts);
  } catch (error) {
    throw notSerializable('the payload', 'structured', error);
  }
}

/** The form in which a host announces its serializer; `undefined` for a custom one. */
export function builtInName(serializer: SerializerValue | undefined): string | undefined {
  if (serializer === undefined || serializer === 'json') return 'json';
  if (serializer === 'structured') return serializer;
  const isJson = typeof serializer === 'object' && Object.getPrototypeOf(serializer) === JsonSerializer.prototype;
  return isJson ? `json ${JSON.stringify((serializer as JsonSerializer).terminator)}` : undefined;
}

/** The built-in serializer of that name. */
export function builtInOf(name: string): SerializerValue {
  return name.startsWith('json ')
    ? new JsonSerializer({ terminator: JSON.parse(name.slice(5)) as string })
    : (name as SerializerValue);
}
