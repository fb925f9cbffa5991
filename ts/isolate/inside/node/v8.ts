import { bridge } from '../bridge.js';

/** As those of `node:v8`. */
export const { Serializer, Deserializer } = bridge.v8() as Record<'Serializer' | 'Deserializer', new () => object>;
