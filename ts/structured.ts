// What only the serializer 'structured' needs, and payloads that are encoded once.
export { StructuredCodec } from './codecs/structured-codec.js';
export { join } from './codecs/layout.js';
export { createSharedBuffer } from './codecs/shared-buffer.js';
export { preparePayload } from './codecs/prepare-payload.js';
