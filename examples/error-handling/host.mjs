// @ts-check
// The host: tells apart the errors of a handler, the errors of the library, and a crash.
import { createWorker, WorkerCrashedError, WorkerError } from 'isolated-workers';

/** @import { WorkerClient } from 'isolated-workers' */
/** @import { Messages } from './messages.mjs' */

/** @type {WorkerClient<Messages>} */
const worker = await createWorker({ script: new URL('./worker.mjs', import.meta.url) });

await describe(worker.send('parse', '{'));
await describe(worker.send('read', { file: '/does/not/exist' }));
// @ts-expect-error -- the worker has no such handler
await describe(worker.send('prase', '{}'));
await describe(worker.send('exit', { code: 3 }));
await worker.close();

/** @param {Promise<unknown>} request */
async function describe(request) {
  try {
    await request;
  } catch (error) {
    if (error instanceof WorkerCrashedError) console.log(`the worker has crashed: ${JSON.stringify(error.reason)}`);
    else if (error instanceof WorkerError) console.log(`the library says ${error.code}`);
    else if (error instanceof SyntaxError) console.log(`the handler threw a ${error.name}`);
    else if (error instanceof Error) console.log(`${error.message}: ${Object(error.cause).code}`);
  }
}
