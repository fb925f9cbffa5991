// @ts-check
// The worker: a handler for each message type.
import { startWorkerServer } from 'isolated-workers';

/** @import { Handlers } from 'isolated-workers' */
/** @import { Messages } from './messages.mjs' */

/** @type {Handlers<Messages>} */
const handlers = {
  add: ({ a, b }) => ({ sum: a + b }),
  log: (line) => console.log(`the worker was told: ${line}`),
};

await startWorkerServer(handlers);
