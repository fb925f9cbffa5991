// @ts-check
// The worker: one handler heeds its signal, the other computes for ever.
import { setTimeout } from 'node:timers/promises';

import { startWorkerServer } from 'isolated-workers';

/** @import { Handlers } from 'isolated-workers' */
/** @import { Messages } from './messages.mjs' */

/** @type {string[]} */
const cancelled = [];

/** @type {Handlers<Messages>} */
const handlers = {
  async search({ text }, { signal }) {
    signal.addEventListener('abort', () => cancelled.push(text));
    // A search that takes an hour unless somebody loses interest.
    if (text !== 'abc') await setTimeout(3_600_000, undefined, { signal });
    return `found ${text}`;
  },
  compute() {
    for (;;);
  },
  seen: () => cancelled,
};

await startWorkerServer(handlers);
