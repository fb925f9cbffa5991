// The worker. `createWorker` finds it where `worker.mjs` is missing.
import { startWorkerServer } from 'isolated-workers';

import type { Messages } from './messages.mjs';

await startWorkerServer<Messages>({
  area: ({ width, height }) => ({ area: width * height }),
});
