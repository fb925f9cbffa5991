import { notSerializable } from '../../errors/worker-error.js';
import { findJsonLoss } from './unsupported-values.js';
import type { Serializer } from '../../types/serializer.js';
import type { Encoded, PayloadCodec } from '../codec.js';
import { preparedPayloads } from '../prepared-payload.js';
import { decodeAlone, decodeEach, isUnreadable, lengthAt, refuseEach } from '../decoding.js';

/** JSON, with one `parse` for a whole batch. */
export class JsonCodec implements PayloadCodec {
  readonly json = true;

  constructor(readonly serializer: Serializer) {}

  encode(value: unknown, what: string): Encoded {
    if (preparedPayloads.has(value))
      return preparedPayloads.encodedBy(value, 'json', (copy) => this.encode(copy, what));
    let text: string | undefined;
    let lost: string | undefined;
    try {
      text = JSON.stringify(value);
      if (typeof value !== 'string') lost = findJsonLoss(value);
    } catch (error) {
      throw notSerializable(what, 'json', error);
    }
    if (lost !== undefined) throw notSerializable(what, 'json', lost);
    return text;
  }

  decodeBatch(records: Int32Array, count: number, payloads: unknown): unknown[] {
    if (payloads === undefined) return [];
    if (isUnreadable(payloads)) return refuseEach(records, count, payloads, this.serializer.name);
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
    if (preparedPayloads.has(value)) return () => value;
    const text = this.encode(value, what);
    return () => (text === undefined ? undefined : (JSON.parse(text as string) as unknown));
  }
}

/** Assigns the values of a batch to the records that have one. */
function spread(records: Int32Array, count: number, present: readonly unknown[]): unknown[] {
  const values: unknown[] = new Array(count);
  let next = 0;
  for (let index = 0; index < count; index++) {
    if ((records[lengthAt(index)] as number) >= 0) values[index] = present[next++];
  }
  return values;
}
