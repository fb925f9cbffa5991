// @ts-check
// The worker: a handler that waits until nobody waits for it.
import { once } from 'node:events';

import { startWorkerServer } from 'isolated-workers';

/** @import { Handlers } from 'isolated-workers' */
/** @import { Messages } from './messages.mjs' */

let waiting = 0;

/** @type {Handlers<Messages>} */
const handlers = {
  async wait(_, { signal }) {
    waiting++;
    signal.addEventListener('abort', () => waiting--);
    await once(signal, 'abort');
  },
  isIdle: () => waiting === 0,
};

await startWorkerServer(handlers);
