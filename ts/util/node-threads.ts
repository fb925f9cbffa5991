// `node:worker_threads` as Node made it. `isolated-workers/register` replaces its exports, also before a file of this library is
// loaded, and leaves the originals under this symbol.
import threads from 'node:worker_threads';

/** The key of the original exports. */
export const ORIGINALS = Symbol.for('isolated-workers.original-worker-threads');

type Threads = typeof threads;

const originals = (threads as Threads & { readonly [ORIGINALS]?: Threads })[ORIGINALS] ?? threads;

export const {
  getEnvironmentData,
  isMainThread,
  MessageChannel,
  parentPort,
  receiveMessageOnPort,
  setEnvironmentData,
  threadId,
  Worker,
} = originals;
