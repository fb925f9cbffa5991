// @ts-check
// The worker: a file remembers whether this worker's predecessor has crashed at 5.
import { existsSync, writeFileSync } from 'node:fs';

import { getStartupData, startWorkerServer } from 'isolated-workers';

/** @import { Handlers } from 'isolated-workers' */
/** @import { Messages } from './messages.mjs' */

/** @type {{ file: string }} */
const { file } = getStartupData();

/** @type {Handlers<Messages>} */
const handlers = {
  square(value) {
    if (value === 5 && !existsSync(file)) {
      writeFileSync(file, '');
      process.kill(process.pid, 'SIGKILL');
    }
    return value * value;
  },
  poison: () => process.exit(1),
  charge: () => process.exit(1),
};

await startWorkerServer(handlers);
