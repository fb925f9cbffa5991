// oxlint-disable typescript/no-explicit-any -- it is what stands for any messages and any driver
import type { BaseWorkerOptions, Driver, WorkerClient } from '../../index.js';

/** The options of `createWorker`, for any driver. `waitForReady` is not among them: the platform waits itself. */
export type SpawnOptions = Omit<BaseWorkerOptions<any, Driver, any>, 'waitForReady'>;

/** A worker with any messages and any driver, as `createWorker` and `attachWorker` give it. */
export type AnyClient = WorkerClient<any, any>;

/** What a spawner gives for an id: the options of `createWorker`, a worker, or a promise of either. */
export type Spawned = SpawnOptions | AnyClient | PromiseLike<SpawnOptions | AnyClient>;
