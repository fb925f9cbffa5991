// @ts-check
// The host: a request with an answer, and a notification without one.
import { createWorker } from 'isolated-workers';

/** @import { WorkerClient } from 'isolated-workers' */
/** @import { Messages } from './messages.mjs' */

/** @type {WorkerClient<Messages>} */
const worker = await createWorker({ script: new URL('./worker.mjs', import.meta.url) });
const { sum } = await worker.send('add', { a: 1, b: 2 });
worker.post('log', `the sum is ${sum}`);
await worker.close();
