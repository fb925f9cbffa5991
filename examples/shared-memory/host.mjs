// @ts-check
// The host: two processes draw one image. None of its bytes travels.
import { createPool, createSharedBuffer } from 'isolated-workers';

/** @import { WorkerPool } from 'isolated-workers' */
/** @import { Messages } from './messages.mjs' */

const SIZE = 4_096;
const PART = 1_024;

/** @type {WorkerPool<Messages>} */
const pool = await createPool({
  script: new URL('./worker.mjs', import.meta.url),
  sharedMemory: true,
  maxWorkers: 2,
});
const image = createSharedBuffer(SIZE);
const parts = [0, 1, 2, 3].map((part) => pool.send('render', { image, from: part * PART, to: (part + 1) * PART }));
await Promise.all(parts);
console.log([0, 1, 2, 3].map((part) => image.read(part * PART, 2)));
await pool.close();
