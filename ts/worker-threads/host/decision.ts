import type { TransferListItem } from 'node:worker_threads';

import { nextTick } from '../../util/primordials.js';
import { canTravel } from '../shared/memory.js';
import { expectDecision } from '../values/links.js';
import { findThreadsOnly, type Snapshot, snapshot } from '../values/snapshot.js';
import type { Backend } from './backend.js';
import { ProcessBackend } from './process-backend.js';
import type { Setup } from './setup.js';
import { ThreadBackend } from './thread-backend.js';
import { warnOfSharedEnv, warnOfThread } from './warnings.js';

/**
 * Whether a worker is a process or a thread is decided late: it is a thread if its `workerData`, or a message of the tick that made
 * it, shares memory or has something else that only a thread can receive. That is decided at once: the program may block this thread
 * until the worker answers.
 */
export class Decision {
  private readonly messages: Snapshot[] = [];
  private isOver = false;
  private forget: (() => void) | undefined;
  private readonly canTravel: ((memory: SharedArrayBuffer) => boolean) | undefined;

  constructor(
    private readonly setup: Setup,
    private readonly data: Snapshot,
    private readonly decided: (backend: Backend) => void,
  ) {
    this.canTravel = setup.sharedMemory === 'share' ? canTravel : undefined;
    const reason = findThreadsOnly(data.value, this.canTravel);
    if (reason !== undefined) {
      this.become(startThread(setup, data, reason));
      return;
    }
    // Whoever blocks this thread before may wait for the worker.
    this.forget = expectDecision(() => this.decide());
    nextTick(() => this.decide());
  }

  /** @throws A `DataCloneError`. */
  add(value: unknown, transfer: readonly TransferListItem[]): void {
    const taken = snapshot(value, transfer);
    this.messages.push(taken);
    const reason = findThreadsOnly(taken.value, this.canTravel);
    if (reason !== undefined) this.become(startThread(this.setup, this.data, reason));
  }

  /** Now: also before the end of the tick. */
  decide(): void {
    if (!this.isOver) this.become(startProcess(this.setup, this.data));
  }

  private become(backend: Backend): void {
    this.isOver = true;
    this.forget?.();
    for (const message of this.messages) backend.postSnapshot(message);
    this.decided(backend);
  }
}

/** @param reason - What makes it a thread, if that was decided late. */
export function startThread({ filename, plan, streams, events }: Setup, data: Snapshot, reason?: object): Backend {
  if (reason !== undefined) warnOfThread(String(filename).slice(0, 500), reason);
  const { value: workerData, moved } = data;
  return new ThreadBackend(filename, { ...plan.given, workerData, transferList: [...moved] }, streams, events);
}

export function startProcess(setup: Setup, data: Snapshot): Backend {
  if (setup.plan.sharesEnv) warnOfSharedEnv();
  return new ProcessBackend(setup, data);
}
