import type { MessagePort } from 'node:worker_threads';

import type { SharedMemory } from './public.js';
import { original } from './originals.js';

/** What `node:worker_threads` tells a worker about itself. */
export interface ThisWorker {
  readonly isMainThread: boolean;
  readonly parentPort: MessagePort | null;
  readonly workerData: unknown;
  readonly threadId: number;
  readonly threadName: string;
  readonly resourceLimits: Readonly<Record<string, number>>;
}

const { threadName = '' } = original as typeof original & { readonly threadName?: string };

/** Of a main thread, and of a thread that Node has started; a process of a `Worker` gets its own by `boot.ts`. */
export const asNodeTells: ThisWorker = {
  isMainThread: original.isMainThread,
  parentPort: original.parentPort,
  workerData: original.workerData as unknown,
  threadId: original.threadId,
  threadName,
  resourceLimits: original.resourceLimits as Record<string, number>,
};

/** Of this process. */
export const here: { threadId: number; sharedMemory: SharedMemory } = {
  threadId: original.threadId,
  sharedMemory: 'refuse',
};

/** A worker that is a process gives its own workers ids that no other worker of the program has, up to this many. */
const MOST_CHILDREN = 4096;

let started = 0;

/** The id of the next worker of this process. */
export function nextThreadId(): number {
  started += 1;
  return here.threadId * MOST_CHILDREN + started;
}

/** The id of a worker, and those of its host, and of its host's host, up to 0. */
export function ancestorsOf(threadId: number): number[] {
  const ids = [];
  for (let id = threadId; id > 0; id = Math.floor(id / MOST_CHILDREN)) ids.push(id);
  return [...ids, 0];
}
