// @ts-check
// The worker: asks its host for what only the host knows.
import { startWorkerServer } from 'isolated-workers';

/** @import { Handlers } from 'isolated-workers' */
/** @import { HostMessages, Messages } from './messages.mjs' */

/** @type {Handlers<Messages, HostMessages>} */
const handlers = {
  async greet({ ids }, { host }) {
    const names = await Promise.all(
      ids.map(async (id) => {
        try {
          return await host.send('nameOf', { id }, { timeout: 5_000 });
        } catch {
          host.post('missing', { id });
          return 'stranger';
        }
      }),
    );
    return `Hello ${names.join(', ')}!`;
  },
};

await startWorkerServer(handlers);
