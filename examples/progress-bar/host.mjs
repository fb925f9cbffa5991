// @ts-check
// The host: draws a bar from what the worker reports. Progress arrives in order, and before the answer.
import { createWorker } from 'isolated-workers';

/** @import { WorkerClient } from 'isolated-workers' */
/** @import { Messages } from './messages.mjs' */

const WIDTH = 20;

/** @type {WorkerClient<Messages>} */
const worker = await createWorker({ script: new URL('./worker.mjs', import.meta.url) });
const digest = await worker.send('hash', { rounds: 40_000 }, { onProgress: draw });
console.log(digest.slice(0, 16));
await worker.close();

/** @param {{ done: number; of: number }} progress */
function draw({ done, of }) {
  const filled = Math.round((done / of) * WIDTH);
  const bar = `[${'#'.repeat(filled)}${'-'.repeat(WIDTH - filled)}] ${done} of ${of}`;
  // A terminal draws over the last bar.
  process.stdout.write(
    process.stdout.isTTY && done < of ? `\r${bar}` : `\r${bar}\n`.slice(process.stdout.isTTY ? 0 : 1),
  );
}
