// What streams, calls of the host and drivers of users need, loaded with the first of them: a worker without them starts faster.
export { getNative } from './native/environment.js';
export { HostCalls } from './host-calls.js';
export { endInput, expectInput, streamResult, takeInput } from './job-streams.js';
export { connectToHost } from './values/connect-to-host.js';
