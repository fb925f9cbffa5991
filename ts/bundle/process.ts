// What a worker in a process loads, and the addon for code that runs without it at first.
export { getNative } from '../addon/environment.js';
export { inheritProcess, openProcessChannel } from '../worker/channels/process.js';
