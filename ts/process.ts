// What only needs a worker in a process, or one with a serializer or middleware.
export { MiddlewareChain } from './middleware-chain.js';
export { openProcessChannel } from './native/process-worker-channel.js';
export { builtInOf, createCodec, createValueCodec } from './payload-codec.js';
