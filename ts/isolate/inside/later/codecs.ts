// The part of the library that an isolate needs with a serializer of its script's, with start-up data, or with a driver that its
// script names.
export { builtInOf, createCodec, createValueCodec } from '../../../codecs/payload-codec.js';
export { decodeStartupData } from '../../../codecs/startup-data.js';
export { toDriver } from '../../../drivers/to-driver.js';
