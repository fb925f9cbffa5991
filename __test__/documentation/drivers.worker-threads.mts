// Drivers › Worker threads driver
import { createWorker } from 'isolated-workers';
import { WorkerThreadsDriver } from 'isolated-workers/drivers/worker-threads';

import type { Messages } from './drivers.messages.mjs';

const driver = new WorkerThreadsDriver();
const worker = await createWorker<Messages, WorkerThreadsDriver>({
  script: './worker.js',
  driver,
});

export { worker };
