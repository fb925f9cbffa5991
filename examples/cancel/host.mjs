// @ts-check
// The host: a search box that cancels the search of a text when another letter is typed; then a handler that must be killed.
import { createWorker } from 'isolated-workers';

/** @import { WorkerClient } from 'isolated-workers' */
/** @import { Messages } from './messages.mjs' */

/** @type {WorkerClient<Messages>} */
const worker = await createWorker({ script: new URL('./worker.mjs', import.meta.url) });

let last = new AbortController();
for (const text of ['a', 'ab', 'abc']) {
  last.abort(new Error('another letter was typed'));
  last = new AbortController();
  worker.send('search', { text }, { signal: last.signal }).then(console.log, (error) => console.log(error.message));
}
console.log('cancelled in the worker:', await worker.send('seen'));

// JavaScript that does not pause cannot be cancelled: the worker is ended.
const escalate = { killAfter: 100 };
await worker.send('compute', undefined, { timeout: 200, escalate }).catch(({ code }) => console.log(code));
const { reason } = await new Promise((resolve) => worker.once('exit', resolve));
console.log('the worker has ended:', reason);
