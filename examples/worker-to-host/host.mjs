// @ts-check
// The host: has handlers, too.
import { createWorker } from 'isolated-workers';

/** @import { ChildProcessDriver, WorkerClient } from 'isolated-workers' */
/** @import { HostMessages, Messages } from './messages.mjs' */

const users = new Map([
  [1, 'Ada'],
  [2, 'Grace'],
]);

/** @type {WorkerClient<Messages, ChildProcessDriver, HostMessages>} */
const worker = await createWorker({
  script: new URL('./worker.mjs', import.meta.url),
  handlers: {
    nameOf(/** @type {{ id: number }} */ { id }) {
      return users.get(id) ?? Promise.reject(new RangeError(`there is no user ${id}`));
    },
  },
});
worker.on('notification', ({ type, payload }) => console.log(type, payload));
console.log(await worker.send('greet', { ids: [1, 2, 3] }));
await worker.close();
