import type { TransferListItem } from 'node:worker_threads';

import { nextTick } from '../../util/primordials.js';
import { hasSharedMemory, type Snapshot, snapshot } from '../values/snapshot.js';
import type { Backend } from './backend.js';
import { ProcessBackend } from './process-backend.js';
import type { Setup } from './setup.js';
import { ThreadBackend } from './thread-backend.js';
import { warnOfSharedEnv, warnOfThread } from './warnings.js';

/**
 * Whether a worker is a process or a thread is decided late: it is a thread if its `workerData`, or a message of the tick that made
 * it, shares memory.
 */
export class Decision {
  private readonly messages: Snapshot[] = [];
  private isOver = false;

  constructor(
    private readonly setup: Setup,
    private readonly data: Snapshot,
    private readonly decided: (backend: Backend) => void,
  ) {
    nextTick(() => this.decide());
  }

  /** @throws A `DataCloneError`. */
  add(value: unknown, transfer: readonly TransferListItem[]): void {
    this.messages.push(snapshot(value, transfer));
  }

  /** Now: also before the end of the tick. */
  decide(): void {
    if (this.isOver) return;
    this.isOver = true;
    const { setup, data, messages } = this;
    const shares = [data, ...messages].some(({ value }) => hasSharedMemory(value));
    const backend = shares ? startThread(setup, data, true) : startProcess(setup, data);
    for (const message of messages) backend.postSnapshot(message);
    this.decided(backend);
  }

  /** The worker is not needed any more. */
  cancel(): void {
    this.isOver = true;
  }
}

export function startThread({ filename, plan, streams, events }: Setup, data: Snapshot, isLate: boolean): Backend {
  if (isLate) warnOfThread(String(filename).slice(0, 500));
  const { value: workerData, moved } = data;
  return new ThreadBackend(filename, { ...plan.given, workerData, transferList: [...moved] }, streams, events);
}

export function startProcess(setup: Setup, data: Snapshot): Backend {
  if (setup.plan.sharesEnv) warnOfSharedEnv();
  return new ProcessBackend(setup, data);
}
