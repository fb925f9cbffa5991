// The serializer 'structured'.
export { codecOf, StructuredCodec } from './structured-codec.js';
export { readStartupValue, writeStartupData } from './startup-data.js';
