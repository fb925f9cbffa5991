// @ts-check
import { scryptSync } from 'node:crypto';

import { startWorkerServer } from 'isolated-workers';

/** @import { Handlers } from 'isolated-workers' */
/** @import { HashMessages } from './messages.mjs' */

/** @type {Handlers<HashMessages>} */
const handlers = {
  hash: ({ password }) => scryptSync(password, 'a salt of the example', 32).toString('hex'),
};

await startWorkerServer(handlers);
