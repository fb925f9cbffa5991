import { notSerializable } from '../errors/worker-error.js';
import type { PayloadCodec } from './codec.js';
import { preparedPayloads } from './prepared-payload.js';

/** No serializer: the wire copies the values. */
export const identityCodec: PayloadCodec = {
  serializer: undefined,
  json: false,
  encode: (value) =>
    preparedPayloads.has(value) ? preparedPayloads.encodedBy(value, identityCodec, (copy) => copy) : value,
  decodeBatch: () => [],
  decode: (payload) => payload,
  keep(value, what) {
    if (preparedPayloads.has(value)) return () => value;
    let kept: unknown;
    try {
      kept = structuredClone(value);
    } catch (error) {
      throw notSerializable(what, 'structured clone', error);
    }
    return () => structuredClone(kept);
  },
};
