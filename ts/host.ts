// What only a host needs, loaded with the first worker it starts.
export { attach } from './attach.js';
export { startWorker } from './start-worker.js';
export { startProcess } from './drivers/start-process.js';
export { startThread } from './drivers/start-thread.js';
export { InProcessChannel } from './drivers/in-process-channel.js';
export { crashOf } from './crash.js';
