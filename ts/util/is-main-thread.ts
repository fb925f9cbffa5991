import type * as Threads from 'node:worker_threads';

import { ORIGINALS } from './thread-originals.js';

/** Whether this is the first thread of its process. */
export const isMainThread: boolean = isNode() ? mayChangeFolder() : modulesAnswer();

function isNode(): boolean {
  const { bun, deno } = process.versions as Record<string, string | undefined>;
  return bun === undefined && deno === undefined;
}

/**
 * Node lets no other thread change the folder of the process, and refuses to before it looks at the arguments. `node:worker_threads`,
 * which knows, costs the start of a process two milliseconds: it loads streams.
 */
function mayChangeFolder(): boolean {
  try {
    (process.chdir as () => void)();
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ERR_WORKER_UNSUPPORTED_OPERATION';
  }
}

function modulesAnswer(): boolean {
  const threads = require('node:worker_threads') as typeof Threads & { readonly [ORIGINALS]?: typeof Threads };
  return (threads[ORIGINALS] ?? threads).isMainThread;
}
