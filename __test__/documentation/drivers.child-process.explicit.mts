// Drivers › Child process driver (default), second half
import { createWorker } from 'isolated-workers';

// Explicit - for clarity or custom options
import { ChildProcessDriver } from 'isolated-workers/drivers/child-process';

const driver = new ChildProcessDriver();
const worker = await createWorker({
  script: './worker.js',
  driver,
});

export { worker };
