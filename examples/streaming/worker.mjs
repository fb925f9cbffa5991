// @ts-check
// The worker: reads its input while the host still writes it, and answers meanwhile.
import { startWorkerServer } from 'isolated-workers';

/** @import { Handlers } from 'isolated-workers' */
/** @import { Messages } from './messages.mjs' */

/** @type {Handlers<Messages>} */
const handlers = {
  async *words(_, { input }) {
    const seen = new Set();
    let words = 0;
    for await (const line of input) {
      for (const word of line.toLowerCase().match(/[a-z]+/g) ?? []) {
        words++;
        if (!seen.has(word)) yield word;
        seen.add(word);
      }
    }
    return { words };
  },
};

await startWorkerServer(handlers);
