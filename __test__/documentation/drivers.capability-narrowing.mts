// Drivers › Capability-based type narrowing. Compiled only: it calls what does not exist.
import { createWorker } from 'isolated-workers';
import { WorkerThreadsDriver } from 'isolated-workers/drivers/worker-threads';

import type { Messages } from './drivers.messages.mjs';

// With child_process driver (default)
const cpWorker = await createWorker({ script: './worker.js' });
cpWorker.disconnect(); // ✅ Available
cpWorker.reconnect(); // ✅ Available
cpWorker.pid satisfies number;

// With worker_threads driver
const wtWorker = await createWorker<Messages, WorkerThreadsDriver>({
  script: './worker.js',
  driver: new WorkerThreadsDriver(),
});
// @ts-expect-error
wtWorker.disconnect(); // ❌ Type error! Not available
// @ts-expect-error
wtWorker.reconnect(); // ❌ Type error! Not available
wtWorker.pid satisfies undefined; // undefined (worker threads share parent's PID)
