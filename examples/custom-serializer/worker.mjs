// @ts-check
import { startWorkerServer } from 'isolated-workers';

import { messagePack } from './serializer.mjs';

/** @import { Handlers } from 'isolated-workers' */
/** @import { Messages } from './messages.mjs' */

/** @type {Handlers<Messages>} */
const handlers = {
  mean: ({ samples }) => ({ mean: samples.reduce((sum, sample) => sum + sample, 0) / samples.length }),
};

await startWorkerServer(handlers, { serializer: messagePack });
