// `node:worker_threads` as Node made it. `isolated-workers/register` replaces its exports, also before a file of this library is
// loaded, and leaves the originals under this symbol.
import threads from 'node:worker_threads';

import { ORIGINALS } from './thread-originals.js';

type Threads = typeof threads;

const originals = (threads as Threads & { readonly [ORIGINALS]?: Threads })[ORIGINALS] ?? threads;

export const {
  getEnvironmentData,
  MessageChannel,
  parentPort,
  receiveMessageOnPort,
  setEnvironmentData,
  threadId,
  Worker,
} = originals;
