// What needs structured clone: the serializer, payloads that are encoded once, shared buffers.
export { StructuredCodec } from './structured-codec.js';
export { join } from '../segment-layout.js';
export { createSharedBuffer } from './shared-buffer.js';
export { preparePayload } from '../prepare-payload.js';
