// @ts-check
// The worker: its handlers throw, and one ends the process.
import { readFile } from 'node:fs/promises';

import { startWorkerServer } from 'isolated-workers';

/** @import { Handlers } from 'isolated-workers' */
/** @import { Messages } from './messages.mjs' */

/** @type {Handlers<Messages>} */
const handlers = {
  parse: (text) => JSON.parse(text),
  async read({ file }) {
    try {
      return await readFile(file, 'utf8');
    } catch (cause) {
      throw new Error('the settings cannot be read', { cause });
    }
  },
  exit: ({ code }) => process.exit(code),
};

await startWorkerServer(handlers);
