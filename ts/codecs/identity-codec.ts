import { notSerializable } from '../errors/worker-error.js';
import type { PayloadCodec } from './codec.js';
import { PreparedPayload, preparedPayloads } from './prepared-payload.js';

/** No serializer: the wire copies the values. */
export const identityCodec: PayloadCodec = {
  serializer: undefined,
  json: false,
  encode: (value) =>
    value instanceof PreparedPayload ? preparedPayloads.encodedBy(value, identityCodec, (copy) => copy) : value,
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
