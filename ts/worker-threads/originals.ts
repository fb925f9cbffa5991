import threads from 'node:worker_threads';

import { ORIGINALS } from '../util/thread-originals.js';

/** The exports of `node:worker_threads`. */
export type Threads = typeof threads;

/** Those exports, which `isolated-workers/register` replaces. */
export const current = threads as Threads & { [ORIGINALS]?: Threads };

/** Those exports as Node made them. */
export const original: Threads = current[ORIGINALS] ?? Object.freeze({ ...threads });

/** Of Node, before a program can replace it. */
export const { structuredClone } = globalThis;
