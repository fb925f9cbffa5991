// What only a worker in a process needs.
export { openProcessChannel } from './native/process-worker-channel.js';
