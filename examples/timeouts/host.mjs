// @ts-check
// The host: a timeout for a message type, and one for a call. The handler learns of it, and ends.
import { createWorker, WorkerError } from 'isolated-workers';

/** @import { WorkerOptions } from 'isolated-workers' */
/** @import { Messages } from './messages.mjs' */

/** @type {WorkerOptions<Messages>} */
const options = {
  script: new URL('./worker.mjs', import.meta.url),
  timeout: { startup: 30_000, message: 60_000, types: { wait: 100 } },
};
const worker = await createWorker(options);

for (const limit of [{}, { timeout: 50 }]) {
  await worker.send('wait', undefined, limit).catch((error) => {
    if (!(error instanceof WorkerError)) throw error;
    console.log(`${error.code} of "${error.messageType}"`);
  });
}
console.log(`the worker is idle: ${await worker.send('isIdle')}`);
await worker.close();
