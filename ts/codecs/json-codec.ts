import { notSerializable } from '../errors.js';
import { findJsonLoss } from '../json-loss.js';
import type { Serializer } from '../types/serializer.js';
import type { Encoded, PayloadCodec } from './codec.js';
import { PreparedPayload } from './prepared-payload.js';
import { decodeAlone, decodeEach, lengthAt } from './decoding.js';

/** JSON, with one `parse` for a whole batch. */
export class JsonCodec implements PayloadCodec {
  readonly json = true;

  constructor(readonly serializer: Serializer) {}

  encode(value: unknown, what: string): Encoded {
    if (value instanceof PreparedPayload) return value.encodedBy('json', (copy) => this.encode(copy, what));
    let text: string | undefined;
    try {
      text = JSON.stringify(value);
    } catch (error) {
      throw notSerializable(what, 'json', error);
    }
    if (typeof value !== 'string') {
      const lost = findJsonLoss(value);
      if (lost !== undefined) {
        throw notSerializable(
          what,
          'json',
          `${lost === '' ? 'it' : lost} is a function or a symbol, which JSON leaves out`,
        );
      }
    }
    return text;
  }

  decodeBatch(records: Int32Array, count: number, payloads: unknown): unknown[] {
    if (payloads === undefined) return [];
    const text = payloads as string;
    let present = 0;
    for (let index = 0; index < count; index++) {
      if ((records[lengthAt(index)] as number) >= 0) present++;
    }
    try {
      const parsed = JSON.parse(text) as unknown;
      if (present === count) {
        if (count === 1) return [parsed];
        if ((parsed as unknown[]).length === count) return parsed as unknown[];
      } else if (present === 1 || (parsed as unknown[]).length === present) {
        return spread(records, count, present === 1 ? [parsed] : (parsed as unknown[]));
      }
    } catch {
      // One of them is broken; the others are not.
    }
    const first = present === 1 ? 0 : 1;
    const cut = (start: number, end: number) => text.slice(first + start, first + end);
    return decodeEach(records, count, cut, 1, (payload) => JSON.parse(payload as string), this.serializer.name);
  }

  decode(payload: unknown): unknown {
    return decodeAlone(payload as Encoded, () => JSON.parse(payload as string), this.serializer.name);
  }

  keep(value: unknown, what: string): () => unknown {
    if (value instanceof PreparedPayload) return () => value;
    const text = this.encode(value, what);
    return () => (text === undefined ? undefined : (JSON.parse(text as string) as unknown));
  }
}

/** Gives the values of a batch back to the records that have one. */
function spread(records: Int32Array, count: number, present: readonly unknown[]): unknown[] {
  const values: unknown[] = new Array(count);
  let next = 0;
  for (let index = 0; index < count; index++) {
    if ((records[lengthAt(index)] as number) >= 0) values[index] = present[next++];
  }
  return values;
}
