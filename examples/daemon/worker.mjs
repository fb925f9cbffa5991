// @ts-check
// The daemon: counts the hosts that have asked it.
import { startWorkerServer } from 'isolated-workers';

/** @import { Handlers } from 'isolated-workers' */
/** @import { Messages } from './messages.mjs' */

let count = 0;

/** @type {Handlers<Messages>} */
const handlers = {
  count: () => ({ count: ++count, pid: process.pid }),
};

await startWorkerServer(handlers);
