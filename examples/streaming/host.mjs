// @ts-check
// The host: streams a text to its worker and reads the answer in chunks; then it leaves an endless text early.
import { createWorker } from 'isolated-workers';

/** @import { WorkerClient } from 'isolated-workers' */
/** @import { Messages } from './messages.mjs' */

/** @type {WorkerClient<Messages>} */
const worker = await createWorker({ script: new URL('./worker.mjs', import.meta.url) });

const lines = ['One fish two fish', 'red fish blue fish'];
const stream = worker.stream('words', undefined, { input: lines });
const found = [];
for await (const word of stream) found.push(word);
console.log(found.join(' '), await stream.result);

let written = 0;
function* endless() {
  try {
    for (;;) yield `word ${'abcdefghij'[written++ % 10]}`;
  } finally {
    console.log('the endless text has ended');
  }
}
for await (const word of worker.stream('words', undefined, { input: endless() })) if (word === 'c') break;
await worker.close();
