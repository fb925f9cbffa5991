// `isolated-workers/worker_threads`, and what its sibling files load of it.
import { install, thisWorker } from './install.js';
import { names } from './names.js';
import { original } from './originals.js';
import { wantsToShare } from './host/choice.js';
import { SharedAtomics } from './shared/atomics.js';
import { SharedArrayBuffer } from './shared/memory.js';
import { here } from './this-worker.js';

export { boot } from './boot.js';

/** The exports of `isolated-workers/worker_threads`. */
export function api(): object {
  return { ...original, ...thisWorker(), ...names, SharedArrayBuffer, Atomics: SharedAtomics };
}

/** What `isolated-workers/register` does. */
export function register(): void {
  here.sharedMemory = wantsToShare() ? 'share' : 'thread';
  install();
}
