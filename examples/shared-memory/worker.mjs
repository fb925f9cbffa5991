// @ts-check
// The worker: writes its part of an image into memory that all processes share.
import { startWorkerServer } from 'isolated-workers';

/** @import { Handlers } from 'isolated-workers' */
/** @import { Messages } from './messages.mjs' */

/** @type {Handlers<Messages>} */
const handlers = {
  render({ image, from, to }) {
    image.write(new Uint8Array(to - from).fill(from >> 10), from);
  },
};

await startWorkerServer(handlers, { sharedMemory: true });
