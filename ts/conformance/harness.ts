import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import path from 'node:path';

import {
  createWorker,
  type Driver,
  type DriverValue,
  type MessageSchemas,
  type SendOptions,
  type MessageSender,
  type TransferList,
  type WorkerHandle,
  type WorkerOptions,
} from '../index.js';
import type { ConformanceHostMessages, ConformanceMessages } from './messages.js';
import type { ConformanceOptions } from './options.js';

export type ConformanceWorker = MessageSender<ConformanceMessages, TransferList> &
  WorkerHandle<Driver, ConformanceHostMessages>;
type Options = WorkerOptions<ConformanceMessages, Driver, ConformanceHostMessages>;
export type HostHandlers = Partial<NonNullable<Options['handlers']>>;
/** The host's handlers for a case. */
export type StartOptions = Partial<Omit<Options, 'handlers'>> & { handlers?: HostHandlers };

/** With validators. */
export interface FullOptions extends StartOptions {
  messages?: MessageSchemas;
  hostMessages?: MessageSchemas;
}

/** The tools of one case: it starts workers, and ends them. */
export class Stage {
  readonly driver: Driver;
  readonly script: string | URL;
  /** The script of workers with validators and a context. */
  readonly fullScript: string | URL;
  /** A unique name. */
  readonly caseId: string = randomUUID();
  private readonly workers: ConformanceWorker[] = [];
  private closed = false;

  constructor(private readonly options: ConformanceOptions) {
    this.driver = toDriver(options.driver);
    this.script = options.script ?? path.join(__dirname, 'worker.mjs');
    this.fullScript = options.script ?? path.join(__dirname, 'full-worker.mjs');
  }

  /** Starts a worker; closes it when the case has ended. */
  async start(options: StartOptions = {}): Promise<ConformanceWorker> {
    const { driverOptions } = this.options;
    const worker: ConformanceWorker = (await createWorker<ConformanceMessages, Driver, ConformanceHostMessages>({
      driver: this.options.driver,
      ...(driverOptions === undefined ? {} : { driverOptions }),
      script: this.script,
      ...(options as object),
    })) as never;
    this.workers.push(worker);
    const { send } = worker as { send: (...args: unknown[]) => Promise<unknown> };
    Object.assign(worker, { send: (...args: unknown[]) => quiet(send.apply(worker, args)) });
    // Its waiting callers have given up.
    if (this.closed) await worker.close();
    return worker;
  }

  /** Starts a worker with the validators and the context of `conformanceServer`. */
  async startFull(options: FullOptions = {}): Promise<ConformanceWorker> {
    const worker = await this.start({ script: this.fullScript, ...options } as StartOptions);
    const { text } = await worker.send('checked', { caseId: this.caseId, width: 1 });
    const hint = 'the script of the workers has to call startWorkerServer({ ...conformanceServer, … })';
    assert.ok(text.toLowerCase() === '1 m', hint);
    return worker;
  }

  /** Releases held requests of this case, however short the worker's timeouts are. */
  release(worker: ConformanceWorker, ...keys: (string | number)[]): Promise<number> {
    return worker.send('release', { caseId: this.caseId, keys }, { timeout: 0 });
  }

  hold(worker: ConformanceWorker, key: string | number, options?: SendOptions<TransferList>): Promise<string | number> {
    return worker.send('hold', { caseId: this.caseId, key }, options);
  }

  async close(): Promise<void> {
    this.closed = true;
    await Promise.all(this.workers.map((worker) => worker.close()));
  }
}

/** A promise that a failing case may leave behind: ignores its rejection. */
export function quiet<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => {});
  return promise;
}

/** The driver of the option: an instance, or its class. */
export function toDriver(value: DriverValue): Driver {
  return typeof value === 'function' ? new value() : value;
}
