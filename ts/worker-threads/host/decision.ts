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
 * it, shares memory. It is decided at once where memory is shared: the program may block this thread until the worker answers.
 */
export class Decision {
  private readonly messages: Snapshot[] = [];
  private isOver = false;

  constructor(
    private readonly setup: Setup,
    private readonly data: Snapshot,
    private readonly decided: (backend: Backend) => void,
  ) {
    if (hasSharedMemory(data.value)) this.become(startThread(setup, data, true));
    else nextTick(() => this.decide());
  }

  /** @throws A `DataCloneError`. */
  add(value: unknown, transfer: readonly TransferListItem[]): void {
    const taken = snapshot(value, transfer);
    this.messages.push(taken);
    if (hasSharedMemory(taken.value)) this.become(startThread(this.setup, this.data, true));
  }

  /** Now: also before the end of the tick. */
  decide(): void {
    if (!this.isOver) this.become(startProcess(this.setup, this.data));
  }

  private become(backend: Backend): void {
    this.isOver = true;
    for (const message of this.messages) backend.postSnapshot(message);
    this.decided(backend);
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
