// Loaded for streams, calls to the host and custom drivers, with the first of them: a worker without them starts
// faster.
export { findNative } from '../addon/environment.js';
export { failedStream, HostCalls } from '../worker/host-sender.js';
export { endInput, expectInput, streamResult, takeInput } from '../handling/call-streams.js';
export { connectToHost } from '../value-connection/connect-to-host.js';
