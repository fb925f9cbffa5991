// In place of ts/codecs/payload-codec.ts: values of an isolate travel without a serializer, unless its script has one.
import { identityCodec } from '../../../codecs/identity-codec.js';
import type * as Codecs from '../later/codecs.js';
import { loadPart } from '../load-part.js';

export { type Encoded, type PayloadCodec, Undecodable } from '../../../codecs/codec.js';

const later = () => loadPart('codecs') as typeof Codecs;

export const createCodec: typeof Codecs.createCodec = (...args) => later().createCodec(...args);
export const createValueCodec: typeof Codecs.createValueCodec = (serializer) =>
  serializer === undefined ? identityCodec : later().createValueCodec(serializer);
export const builtInOf: typeof Codecs.builtInOf = (name) => later().builtInOf(name);
