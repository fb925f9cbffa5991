// @ts-check
// The host. But for the driver it is like any other.
import { createWorker } from 'isolated-workers';
import { tcpDriver } from './driver.mjs';

/** @import { WorkerClient } from 'isolated-workers' */
/** @import { Messages } from './worker.mjs' */

/** @type {WorkerClient<Messages, typeof tcpDriver>} */
const worker = await createWorker({
  script: new URL('./worker.mjs', import.meta.url),
  driver: tcpDriver,
  startupData: 'Hello',
});

const { text, pid } = await worker.send('greet', { name: 'Ada' });
console.log(`worker ${pid}: ${text}`);
console.log(`1 / 2 = ${await worker.send('divide', { a: 1, b: 2 })}`);
await worker.send('divide', { a: 1, b: 0 }).catch((error) => console.log(`1 / 0: ${error}`));
await worker.close();
console.log(`closed: ${worker.isActive ? 'still there' : 'gone'}`);
