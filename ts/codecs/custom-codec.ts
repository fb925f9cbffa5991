import { invalidOption, notSerializable } from '../errors.js';
import { HEAD, RECORD, type RecordKind } from '../native/records.js';
import type { Serializer } from '../types/serializer.js';
import type { Encoded, PayloadCodec } from './codec.js';
import { PreparedPayload } from './prepared-payload.js';
import { decodeAlone, decodeEach, isError, parseText } from './decoding.js';

export function checkSerializer(serializer: Serializer): void {
  if (typeof serializer !== 'object' || serializer === null) throw invalidOption('serializer', 'an object', serializer);
  const { name, terminator } = serializer;
  if (typeof name !== 'string' || name === '') throw invalidOption('serializer.name', 'a non-empty string', name);
  for (const method of ['serialize', 'deserialize'] as const) {
    if (typeof serializer[method] !== 'function') {
      throw invalidOption(`serializer.${method}`, 'a function', serializer[method]);
    }
  }
  if (terminator !== undefined && terminator !== null && (typeof terminator !== 'string' || terminator === '')) {
    throw invalidOption('serializer.terminator', 'a string that is not empty, or null', terminator);
  }
}

/** A user's serializer. Errors travel as JSON all the same, so that one in the serializer can be told. */
export class CustomCodec implements PayloadCodec {
  readonly json = false;

  constructor(readonly serializer: Serializer) {}

  encode(value: unknown, what: string): Encoded {
    if (value === undefined) return undefined;
    if (value instanceof PreparedPayload) return value.encodedBy(this.serializer, (copy) => this.encode(copy, what));
    const { serializer } = this;
    let encoded: unknown;
    try {
      encoded = serializer.serialize(value);
    } catch (error) {
      throw notSerializable(what, serializer.name, error);
    }
    if (typeof serializer.terminator === 'string' ? typeof encoded === 'string' : encoded instanceof Uint8Array) {
      return encoded as Encoded;
    }
    const expected = typeof serializer.terminator === 'string' ? 'a string' : 'a Uint8Array';
    throw notSerializable(what, serializer.name, `its serialize() must return ${expected}`);
  }

  decodeBatch(records: Int32Array, count: number, payloads: unknown): unknown[] {
    if (payloads === undefined) return [];
    const cut =
      typeof payloads === 'string'
        ? (start: number, end: number) => payloads.slice(start, end)
        : (start: number, end: number) => (payloads as Uint8Array).subarray(start, end);
    const decode = (payload: Encoded, index: number) =>
      isError(records[HEAD + index * RECORD] as RecordKind) ? parseText(payload) : this.read(payload);
    return decodeEach(records, count, cut, 0, decode, this.serializer.name);
  }

  decode(payload: unknown): unknown {
    return decodeAlone(payload as Encoded, () => this.read(payload as Encoded), this.serializer.name);
  }

  keep(value: unknown, what: string): () => unknown {
    if (value instanceof PreparedPayload) return () => value;
    const encoded = this.encode(value, what);
    return () => (encoded === undefined ? undefined : this.read(encoded));
  }

  private read(payload: Encoded): unknown {
    return this.serializer.deserialize(payload as string | Uint8Array);
  }
}
