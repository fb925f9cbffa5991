// @ts-check
// The worker: computes without a pause, and tells how far it is.
import { createHash } from 'node:crypto';

import { startWorkerServer } from 'isolated-workers';

/** @import { Handlers } from 'isolated-workers' */
/** @import { Messages } from './messages.mjs' */

/** @type {Handlers<Messages>} */
const handlers = {
  hash({ rounds }, { progress }) {
    let digest = Buffer.from('isolated-workers');
    for (let done = 1; done <= rounds; done++) {
      digest = createHash('sha256').update(digest).digest();
      if (done % (rounds / 4) === 0) progress({ done, of: rounds });
    }
    return digest.toString('hex');
  },
};

await startWorkerServer(handlers);
