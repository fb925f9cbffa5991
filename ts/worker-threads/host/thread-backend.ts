import type { TransferListItem, Worker as Thread, WorkerOptions } from 'node:worker_threads';

import { notRunning } from '../errors.js';
import { original } from '../originals.js';
import type { Snapshot } from '../values/snapshot.js';
import type { Backend, BackendEvents, Question } from './backend.js';
import type { StandardStreams } from './streams.js';

/** A worker that is a thread of Node's. */
export class ThreadBackend implements Backend {
  private readonly thread: Thread;

  constructor(filename: string | URL, given: WorkerOptions, streams: StandardStreams, events: BackendEvents) {
    const thread = new original.Worker(filename, given);
    this.thread = thread;
    streams.useThread(thread);
    thread.on('online', () => events.online());
    thread.on('message', (value: unknown) => events.message(value));
    thread.on('messageerror', (error: unknown) => events.messageError(error));
    thread.on('error', (error: unknown) => events.error(error));
    thread.on('exit', (code: number) => {
      streams.end();
      events.exit(code);
    });
  }

  get threadId(): number {
    return this.thread.threadId;
  }

  get performance(): object {
    return this.thread.performance;
  }

  postMessage(value: unknown, transfer: readonly TransferListItem[]): void {
    this.thread.postMessage(value, transfer);
  }

  postSnapshot({ value, moved }: Snapshot): void {
    this.thread.postMessage(value, moved);
  }

  async ask(question: Question, argument?: unknown): Promise<unknown> {
    const methods = this.thread as unknown as Partial<Record<Question, (argument: unknown) => Promise<unknown>>>;
    if (methods[question] === undefined) throw notRunning();
    return methods[question](argument);
  }

  terminate(): void {
    void this.thread.terminate();
  }

  setRef(referenced: boolean): void {
    if (referenced) this.thread.ref();
    else this.thread.unref();
  }
}
