// @ts-check
// The host: one middleware changes what leaves, another logs both directions.
import { createWorker } from 'isolated-workers';

/** @import { Middleware, WorkerClient } from 'isolated-workers' */
/** @import { Messages } from './messages.mjs' */

/** @type {Middleware<Messages>} */
const wholeCents = (message, direction) => {
  if (direction === 'incoming' || message.type !== 'transfer') return undefined;
  return { ...message, payload: { ...message.payload, cents: Math.round(message.payload.cents) } };
};

/** @type {Middleware<Messages>} */
const log = ({ type, payload }, direction) => {
  if (type === 'transfer' || type === 'transferResult') console.log(direction, type, payload);
};

/** @type {WorkerClient<Messages>} */
const worker = await createWorker({
  script: new URL('./worker.mjs', import.meta.url),
  middleware: [wholeCents, log],
});
await worker.send('transfer', { account: 'a', cents: 99.6 });
await worker.send('transfer', { account: 'a', cents: 5_000 }).catch((error) => console.log(String(error)));
await worker.close();
