// @ts-check
// The host: a worker crashes once with eight requests in flight, and each is answered all the same.
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';

import { createWorker } from 'isolated-workers';

/** @import { WorkerOptions } from 'isolated-workers' */
/** @import { Messages } from './messages.mjs' */

const folder = await mkdtemp(path.join(os.tmpdir(), 'crash-and-retry-'));

/** @type {WorkerOptions<Messages>} */
const options = {
  script: new URL('./worker.mjs', import.meta.url),
  startupData: { file: path.join(folder, 'crashed') },
  // A square may be computed twice. Money must not be charged twice.
  unexpectedShutdown: { strategy: 'retry', attempts: 3, types: { charge: { strategy: 'reject' } } },
};
const worker = await createWorker(options);
worker.on('crash', ({ reason }) => console.log('crash', reason));

console.log(await Promise.all([1, 2, 3, 4, 5, 6, 7, 8].map((value) => worker.send('square', value))));
await worker.send('poison').catch(({ code, attempt }) => console.log(`poison: ${code} after ${attempt} attempts`));
await worker.send('charge', { cents: 100 }).catch(({ code, attempt }) => console.log(`charge: ${code}, ${attempt}`));

await worker.close();
await rm(folder, { recursive: true });
