import { syncBuiltinESMExports } from 'node:module';

import { ORIGINALS } from '../util/thread-originals.js';
import { names } from './names.js';
import { current, original } from './originals.js';
import { asNodeTells, type ThisWorker } from './this-worker.js';

let installed: ThisWorker | undefined;

/** What `node:worker_threads` tells of this worker. */
export function thisWorker(): ThisWorker {
  return installed ?? asNodeTells;
}

/** Replaces the exports of `node:worker_threads`, for `import`, `require` and `process.getBuiltinModule`. */
export function install(worker: ThisWorker = thisWorker()): void {
  installed = worker;
  Object.defineProperty(current, ORIGINALS, { value: original, configurable: true });
  Object.assign(current, names, worker);
  syncBuiltinESMExports();
  globalThis.BroadcastChannel = names.BroadcastChannel as unknown as typeof globalThis.BroadcastChannel;
}
