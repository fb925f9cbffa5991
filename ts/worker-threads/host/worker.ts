import { EventEmitter } from 'node:events';
import type { Readable, Writable } from 'node:stream';
import type { ResourceLimits, TransferListItem } from 'node:worker_threads';

import { nextTick } from '../../util/primordials.js';
import { snapshotOfEnvironment } from '../environment-data.js';
import { invalidType, notRunning, unsupported } from '../errors.js';
import type { WorkerOptions } from '../public.js';
import { type Snapshot, snapshot, transferList } from '../values/snapshot.js';
import type { Backend, BackendEvents, Question } from './backend.js';
import { choose } from './choice.js';
import { Decision, startProcess, startThread } from './decision.js';
import { checkCpuUsage } from './cpu-usage.js';
import { heapSnapshotOf } from './heap-snapshot.js';
import { ProfileHandle, type ProfileKind } from './profile-handle.js';
import { knownLimits } from './limits.js';
import { checkArguments } from './options.js';
import type { Setup } from './setup.js';
import { StandardStreams } from './streams.js';
import { warnOfCallback } from './warnings.js';
import { WorkerHandle } from './worker-handle.js';

const asyncDispose: typeof Symbol.asyncDispose = Symbol.asyncDispose ?? Symbol.for('nodejs.asyncDispose');
const NOT_STARTED = { idle: 0, active: 0, utilization: 0 };

/** `Worker` of `node:worker_threads`: a process of its own, or a thread. */
export class Worker extends EventEmitter {
  readonly #streams: StandardStreams;
  readonly #limits: ResourceLimits;
  readonly #name: string;
  readonly #handle = new WorkerHandle();
  #backend: Backend | undefined;
  #decision: Decision | undefined;
  #hasExited = false;
  #isReferenced = true;
  #exited: Promise<number> | undefined;
  #resolveExited: ((code: number) => void) | undefined;

  constructor(filename: string | URL, options: WorkerOptions = {}) {
    super();
    const plan = checkArguments(filename, options);
    const { isolation, sharedMemory } = choose(plan);
    if (isolation === 'isolate') {
      throw unsupported("isolation: 'isolate'", "This version has no driver for isolates: use 'process' or 'thread'.");
    }
    // Node refuses what cannot be cloned here, too.
    const data = snapshot(options.workerData, transferList(options.transferList));
    this.#name = plan.name;
    this.#limits = knownLimits(options.resourceLimits);
    this.#streams = new StandardStreams(options);
    const setup: Setup = {
      filename,
      plan,
      sharedMemory,
      environment: snapshotOfEnvironment(),
      streams: this.#streams,
      events: this.#events(),
    };
    if (isolation === 'thread') this.#backend = startThread(setup, data);
    else if (sharedMemory !== 'thread' && sharedMemory !== 'share') this.#backend = startProcess(setup, data);
    else this.#decide(setup, data);
    nextTick(() => process.emit('worker', this as never));
  }

  postMessage(value: unknown, transfer?: readonly TransferListItem[]): void {
    if (this.#hasExited) return;
    const list = transferList(transfer);
    const decision = this.#decision;
    if (decision !== undefined) decision.add(value, list);
    else this.#backend?.postMessage(value, list);
  }

  terminate(callback?: unknown): Promise<number | undefined> {
    if (typeof callback === 'function') {
      warnOfCallback();
      // As Node does, of which it is a deprecated form.
      if (this.#hasExited) return Promise.resolve(undefined);
      this.once('exit', (code: number) => void (callback as (error: null, code: number) => void)(null, code));
    }
    if (this.#hasExited) return Promise.resolve(undefined);
    this.#exited ??= new Promise((resolve) => (this.#resolveExited = resolve));
    this.ref();
    this.#decision?.decide();
    this.#backend?.terminate();
    return this.#exited;
  }

  ref(): this {
    return this.#setRef(true);
  }

  unref(): this {
    return this.#setRef(false);
  }

  get threadId(): number {
    if (this.#hasExited) return -1;
    // Only what was decided has an id.
    this.#decision?.decide();
    return this.#backend?.threadId ?? -1;
  }

  get threadName(): string | null {
    return this.#hasExited ? null : this.#name;
  }

  get resourceLimits(): ResourceLimits {
    return this.#hasExited ? {} : this.#limits;
  }

  get stdin(): Writable | null {
    return this.#streams.stdin;
  }

  get stdout(): Readable {
    return this.#streams.stdout;
  }

  get stderr(): Readable {
    return this.#streams.stderr;
  }

  get performance(): object {
    return this.#backend?.performance ?? { eventLoopUtilization: () => NOT_STARTED };
  }

  getHeapSnapshot(options?: unknown): Promise<Readable> {
    const isObject = typeof options === 'object' && options !== null && !Array.isArray(options);
    if (options !== undefined && !isObject) throw invalidType('options', 'of type object', options);
    return this.#ask('getHeapSnapshot', options).then(heapSnapshotOf);
  }

  getHeapStatistics(): Promise<unknown> {
    return this.#ask('getHeapStatistics');
  }

  cpuUsage(previous?: unknown): Promise<unknown> {
    checkCpuUsage(previous);
    return this.#ask('cpuUsage', previous);
  }

  startCpuProfile(): Promise<ProfileHandle> {
    return this.#profile('Cpu');
  }

  startHeapProfile(): Promise<ProfileHandle> {
    return this.#profile('Heap');
  }

  async [asyncDispose](): Promise<void> {
    await this.terminate();
  }

  #ask(question: Question, argument?: unknown): Promise<unknown> {
    if (this.#hasExited) return Promise.reject(notRunning());
    this.#decision?.decide();
    return this.#backend?.ask(question, argument) ?? Promise.reject(notRunning());
  }

  async #profile(kind: ProfileKind): Promise<ProfileHandle> {
    const started = await this.#ask(`start${kind}Profile`);
    return typeof started === 'number'
      ? new ProfileHandle(() => this.#ask('stopProfile', started) as Promise<string>)
      : (started as ProfileHandle);
  }

  #setRef(referenced: boolean): this {
    this.#isReferenced = referenced;
    this.#handle.isReferenced = referenced;
    this.#backend?.setRef(referenced);
    return this;
  }

  #decide(setup: Setup, data: Snapshot): void {
    const decision = new Decision(setup, data, (backend) => {
      this.#decision = undefined;
      this.#backend = backend;
      backend.setRef(this.#isReferenced);
    });
    // It may be over already.
    if (this.#backend === undefined) this.#decision = decision;
  }

  #events(): BackendEvents {
    return {
      online: () => this.emit('online'),
      message: (value) => this.emit('message', value),
      messageError: (error) => this.emit('messageerror', error),
      error: (error) => this.emit('error', error),
      exit: (code) => {
        this.#hasExited = true;
        this.#handle.leave();
        this.#resolveExited?.(code);
        this.emit('exit', code);
      },
    };
  }
}
