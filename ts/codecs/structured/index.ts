// What needs structured clone: the serializer, payloads that are encoded once, shared buffers.
export { codecOf, StructuredCodec } from './structured-codec.js';
export { readStartupValue, writeStartupData } from './startup-data.js';
export { join } from '../segment-layout.js';
export { createSharedBuffer } from './shared-buffer.js';
export { sharedNotify, sharedWait } from './shared-waiting.js';
export { preparePayload } from '../prepare-payload.js';
