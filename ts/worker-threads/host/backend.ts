import type { TransferListItem } from 'node:worker_threads';

import type { Snapshot } from '../values/snapshot.js';

/** What a worker tells its `Worker` object, in the order of the events. */
export interface BackendEvents {
  online(): void;
  message(value: unknown): void;
  messageError(error: unknown): void;
  error(error: unknown): void;
  /** The last one. */
  exit(code: number): void;
}

/** What a `Worker` asks of its worker that Node answers with a promise. */
export type Question =
  'getHeapStatistics' | 'cpuUsage' | 'getHeapSnapshot' | 'startCpuProfile' | 'startHeapProfile' | 'stopProfile';

/** The process or the thread of a `Worker`. */
export interface Backend {
  readonly threadId: number;
  postMessage(value: unknown, transfer: readonly TransferListItem[]): void;
  /** Sends what was taken before the backend was chosen. */
  postSnapshot(taken: Snapshot): void;
  ask(question: Question, argument?: unknown): Promise<unknown>;
  /** Ends the worker; `exit` follows. */
  terminate(): void;
  setRef(referenced: boolean): void;
  readonly performance: object;
}
