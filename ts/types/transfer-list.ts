import type { WorkerOptions } from 'node:worker_threads';

/**
 * Objects to move to the other side instead of copying: `ArrayBuffer`s, `MessagePort`s and the like. This side cannot
 * use them afterwards.
 */
// Versions of `@types/node` have different names for such an object, and this member in common.
export type TransferList = readonly NonNullable<WorkerOptions['transferList']>[number][];
