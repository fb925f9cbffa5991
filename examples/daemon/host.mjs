// @ts-check
// The host: starts the daemon where there is none, asks it, and leaves it. With --stop it ends it.
//
//     node examples/daemon/host.mjs [--stop]
import { attachOrCreate } from 'isolated-workers';

/** @import { WorkerClient } from 'isolated-workers' */
/** @import { Messages } from './messages.mjs' */

/** @type {WorkerClient<Messages>} */
const worker = await attachOrCreate({
  name: 'counter-of-the-example',
  script: new URL('./worker.mjs', import.meta.url),
  // How long to wait while other hosts have it.
  timeout: { startup: 30_000 },
});
const { count, pid } = await worker.send('count');
console.log(`process ${pid} has been asked ${count} times`);
if (process.argv[2] === '--stop') await worker.close();
else await worker.disconnect();
