// Drivers › Child process driver (default), first half
import { createWorker } from 'isolated-workers';

// Default - uses child_process driver
const worker = await createWorker({
  script: './worker.js',
});

export { worker };
