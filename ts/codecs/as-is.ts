import { notSerializable } from '../errors.js';
import type { PayloadCodec } from './codec.js';
import { PreparedPayload } from './prepared-payload.js';

/** No serializer: what moves the values copies them. */
export const asIs: PayloadCodec = {
  serializer: undefined,
  json: false,
  encode: (value) => (value instanceof PreparedPayload ? value.encodedBy(asIs, (copy) => copy) : value),
  decodeBatch: () => [],
  decode: (payload) => payload,
  keep(value, what) {
    if (value instanceof PreparedPayload) return () => value;
    let kept: unknown;
    try {
      kept = structuredClone(value);
    } catch (error) {
      throw notSerializable(what, 'structured clone', error);
    }
    return () => structuredClone(kept);
  },
};
