// Loaded for options that most programs do not give: middleware, validators, serializers of the program's own.
export { checkSerializer, CustomCodec } from '../codecs/custom-codec.js';
export { MiddlewareChain } from '../messages/middleware-chain.js';
export { Checks } from '../messages/validators.js';
