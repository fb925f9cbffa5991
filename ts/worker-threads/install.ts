import { syncBuiltinESMExports } from 'node:module';

import { ORIGINALS } from '../util/thread-originals.js';
import { names } from './names.js';
import { current, original, type Threads } from './originals.js';
import { replaceAtomics } from './shared/atomics.js';
import { SharedArrayBuffer } from './shared/memory.js';
import { asNodeTells, here, type ThisWorker } from './this-worker.js';
import { sendUnsent } from './values/links.js';
import { MessageChannel } from './values/pairs.js';

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
  if (here.sharedMemory === 'share') replaceMemory();
  syncBuiltinESMExports();
  globalThis.BroadcastChannel = names.BroadcastChannel as unknown as typeof globalThis.BroadcastChannel;
}

/** Memory that the program makes from now on is memory that processes can share, and who waits for it can be in any of them. */
function replaceMemory(): void {
  Object.assign(current, { MessageChannel });
  globalThis.MessageChannel = MessageChannel as unknown as typeof globalThis.MessageChannel;
  Object.defineProperty(globalThis, 'SharedArrayBuffer', {
    value: SharedArrayBuffer,
    writable: true,
    configurable: true,
  });
  Object.defineProperty(SharedArrayBuffer.prototype, 'constructor', {
    value: SharedArrayBuffer,
    writable: true,
    configurable: true,
  });
  replaceAtomics();
  const { prototype } = current.MessagePort;
  const { postMessage } = prototype;
  const postNow = function (
    this: InstanceType<Threads['MessagePort']>,
    ...given: Parameters<typeof postMessage>
  ): void {
    postMessage.apply(this, given);
    sendUnsent();
  };
  Object.defineProperty(postNow, 'name', { value: 'postMessage' });
  prototype.postMessage = postNow;
}
