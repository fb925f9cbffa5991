import { types } from 'node:util';

import { invalidOption, notSerializable } from '../errors/worker-error.js';
import type { Serializer } from '../types/serializer.js';
import type { Encoded, PayloadCodec } from './codec.js';
import { preparedPayloads } from './prepared-payload.js';
import { decodeAlone, decodeEach, isError, isUnreadable, parseText, refuseEach } from './decoding.js';
import { HEAD, RECORD, type RecordKind } from '../protocol/generated.js';

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
    throw invalidOption('serializer.terminator', 'a non-empty string, or null', terminator);
  }
}

/** A custom serializer. Errors still travel as JSON, so that an error of the serializer can be sent. */
export class CustomCodec implements PayloadCodec {
  readonly json = false;

  constructor(readonly serializer: Serializer) {}

  encode(value: unknown, what: string): Encoded {
    if (value === undefined) return undefined;
    if (preparedPayloads.has(value))
      return preparedPayloads.encodedBy(value, this.serializer, (copy) => this.encode(copy, what));
    const { serializer } = this;
    let encoded: unknown;
    try {
      encoded = serializer.serialize(value);
    } catch (error) {
      throw notSerializable(what, serializer.name, error);
    }
    if (typeof serializer.terminator === 'string' ? typeof encoded === 'string' : types.isUint8Array(encoded)) {
      return encoded as Encoded;
    }
    const expected = typeof serializer.terminator === 'string' ? 'a string' : 'a Uint8Array';
    throw notSerializable(what, serializer.name, `its serialize() must return ${expected}`);
  }

  decodeBatch(records: Int32Array, count: number, payloads: unknown): unknown[] {
    if (payloads === undefined) return [];
    if (isUnreadable(payloads)) return refuseEach(records, count, payloads, this.serializer.name);
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
    if (preparedPayloads.has(value)) return () => value;
    const encoded = this.encode(value, what);
    return () => (encoded === undefined ? undefined : this.read(encoded));
  }

  private read(payload: Encoded): unknown {
    return this.serializer.deserialize(payload as string | Uint8Array);
  }
}
