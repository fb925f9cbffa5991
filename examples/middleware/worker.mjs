// @ts-check
// The worker: its middleware refuses a message before a handler sees it.
import { startWorkerServer } from 'isolated-workers';

/** @import { Handlers, Middleware } from 'isolated-workers' */
/** @import { Messages } from './messages.mjs' */

let balance = 1_000;

/** @type {Handlers<Messages>} */
const handlers = {
  transfer: ({ cents }) => ({ balance: (balance -= cents) }),
};

/** @type {Middleware<Messages>} */
const noDebts = (message, direction) => {
  if (direction === 'incoming' && message.type === 'transfer' && message.payload.cents > balance) {
    throw new RangeError('the account has too little');
  }
};

await startWorkerServer(handlers, { middleware: noDebts });
