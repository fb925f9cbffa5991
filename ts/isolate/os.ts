export { Worker } from './os/worker.js';
export type { WorkerErrorEvent, WorkerMessageEvent, WorkerOptions } from './os/types.js';
