import type { WorkerServerOptions } from '../../index.js';

/** Options of the runner: those of `startWorkerServer`, without `onClose`, for which an Effect program has finalisers. */
export type RunnerOptions = Omit<WorkerServerOptions, 'onClose'>;
