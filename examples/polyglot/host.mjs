// @ts-check
// The host. That its worker is no JavaScript shows in `execPath`, and in the serializer that it has to name.
import { createWorker } from 'isolated-workers';

/** @import { WorkerClient } from 'isolated-workers' */
/** @import { Messages } from './messages.mjs' */

/** @type {WorkerClient<Messages>} */
const worker = await createWorker({
  script: new URL('./worker.py', import.meta.url),
  execPath: 'python3',
  execArgv: [],
  serializer: 'json',
});

console.log('91 is', await worker.send('isPrime', { number: 91 }));
await worker.send('isPrime', { number: -7 }).catch((error) => console.log(`-7: ${error}`));

// Large enough that Python tells of its progress; smaller numbers are answered meanwhile.
let tried = 0;
const large = worker.send('isPrime', { number: 1_000_006_000_009 }, { onProgress: (value) => (tried = value.tried) });
console.log('97 is', await worker.send('isPrime', { number: 97 }));
console.log('1000006000009 is', await large, tried > 0 ? 'after some progress' : '');

const controller = new AbortController();
const nap = worker.send('sleep', { ms: 60_000 }, { signal: controller.signal });
controller.abort(new Error('woken up'));
await nap.catch((error) => console.log(`sleep: ${error}`));

// It finishes what it does before it ends: the cancelled sleep keeps it no longer.
const { type, code } = /** @type {{ type: string, code?: number }} */ (await worker.close());
console.log(`closed: ${type} ${code}`);
