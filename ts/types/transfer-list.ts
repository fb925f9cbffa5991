import type { TransferListItem } from 'node:worker_threads';

/** What is moved to the other side instead of copied: `ArrayBuffer`s, `MessagePort`s and the like. They are unusable here afterwards. */
export type TransferList = readonly TransferListItem[];
