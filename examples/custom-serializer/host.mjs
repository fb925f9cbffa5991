// @ts-check
// The host: names the same serializer as the worker.
import { createWorker } from 'isolated-workers';

import { messagePack } from './serializer.mjs';

/** @import { WorkerClient } from 'isolated-workers' */
/** @import { Messages } from './messages.mjs' */

/** @type {WorkerClient<Messages>} */
const worker = await createWorker({
  script: new URL('./worker.mjs', import.meta.url),
  serializer: messagePack,
});
console.log(await worker.send('mean', { samples: new Float32Array([0.5, 1, 1.5]) }));
await worker.close();
