// What streams, calls of the host and drivers of users need, loaded with the first of them: a worker without them starts faster.
export { ChunkReader } from './streams/chunk-reader.js';
export { ChunkWriter } from './streams/chunk-writer.js';
export { sourceOf } from './streams/source.js';
export { debuggerCheck } from './debugging.js';
export { decodeError } from './rebuilt-error.js';
export { HostCalls } from './host-calls.js';
export { ValueRequester } from './values/requester.js';
