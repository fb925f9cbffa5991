import { createCodec, createValueCodec } from '../codecs/payload-codec.js';
import { checkTimeout } from '../connection/options.js';
import { ChildProcessDriver } from '../drivers/process/driver.js';
import { poolClosed } from '../errors/pool-errors.js';
import { invalidOption } from '../errors/worker-error.js';
import { closeOptions } from '../options/host-options.js';
import { checkKnown } from '../options/check-known.js';
import { broadcastOptions } from '../options/pool-options.js';
import { abortReason } from '../requests/cancellation.js';
import { UnreadInput } from '../streams/unread-input.js';
import type { BroadcastOptions, ResizeOptions } from '../types/pool-options.js';
import type { CloseOptions } from '../types/worker-client.js';
import type { PoolWorker } from '../types/pool-worker.js';
import type { PoolEvents, PoolStats } from '../types/worker-pool.js';
import type { WorkerStream } from '../types/worker-stream.js';
import { createLog } from '../logging/logger.js';
import { callOf } from './call.js';
import { Dispatch } from './dispatch.js';
import { Events } from './events.js';
import { Notification, StreamRequest, ValueRequest } from './kinds.js';
import { nameOfPool } from './name.js';
import type { PoolRequest } from './pool-request.js';
import { checkResize, type GivenOptions, settingsOf, sizesOf } from './settings.js';
import { statsOf } from './stats.js';

/** A pool as its user has it. What the types show is `WorkerPool`. */
export class Pool {
  readonly name: string;
  private readonly dispatch: Dispatch;
  private readonly events: Events;
  private sequence = 0;
  private closing: Promise<void> | undefined;

  constructor(options: GivenOptions) {
    const settings = settingsOf(options);
    const { worker, driver } = settings;
    this.name = nameOfPool(worker, driver);
    this.events = new Events(this.name);
    const log = createLog(worker.logger, worker.logLevel, this.name);
    const isBytes = driver instanceof ChildProcessDriver;
    const codec = isBytes
      ? createCodec(worker.serializer ?? 'structured', worker.sharedMemory === true)
      : createValueCodec(worker.serializer);
    const keep = (payload: unknown, type: string) => codec.keep(payload, type);
    this.dispatch = new Dispatch({ name: this.name, settings, events: this.events, log, keep });
  }

  /** Resolves when `minWorkers` serve. */
  ready(): Promise<void> {
    return this.dispatch.ready();
  }

  /** Not an async function: that would cost each request another promise. */
  send(type: string, payload?: unknown, options?: object): Promise<unknown> {
    const input = options === undefined ? undefined : UnreadInput.of(options);
    const sent = this.sendChecked(type, payload, options);
    input?.leaveWith(sent);
    return sent;
  }

  private sendChecked(type: string, payload: unknown, options: object | undefined): Promise<unknown> {
    if (options === undefined && this.closing === undefined && typeof type === 'string') {
      const sent = this.dispatch.sendPlain(type, payload);
      if (sent !== undefined) return sent;
    }
    try {
      const call = callOf('send', type, options);
      const request = new ValueRequest(this.dispatch.outcomes, ++this.sequence, type, payload, call);
      this.checkOpen(request, 'send');
      if (this.dispatch.isRepeated(request)) request.promiseOwn();
      this.dispatch.enter(request, 'send');
      return request.outcome;
    } catch (error) {
      return Promise.reject(error);
    }
  }

  stream(type: string, payload?: unknown, options?: object): WorkerStream<unknown, unknown> {
    const input = options === undefined ? undefined : UnreadInput.of(options);
    const stream = this.streamChecked(type, payload, options);
    input?.leaveWith(stream.result);
    return stream;
  }

  private streamChecked(type: string, payload: unknown, options: object | undefined): WorkerStream<unknown, unknown> {
    let request: StreamRequest | undefined;
    try {
      const call = callOf('stream', type, options);
      request = new StreamRequest(this.dispatch.outcomes, ++this.sequence, type, payload, call);
      this.checkOpen(request, 'stream');
      this.dispatch.enter(request, 'stream');
    } catch (error) {
      request ??= new StreamRequest(this.dispatch.outcomes, 0, type, undefined, callOf('stream', '', undefined));
      request.reject(error);
    }
    return request.stream;
  }

  post(type: string, payload?: unknown, options?: object): void {
    const call = callOf('post', type, options);
    const request = new Notification(this.dispatch.outcomes, ++this.sequence, type, payload, call);
    this.checkOpen(request, 'post');
    this.dispatch.post(request);
  }

  private checkOpen({ type, call }: PoolRequest, operation: string): void {
    if (call.signal?.aborted === true) throw abortReason(call.signal);
    if (this.closing !== undefined) throw poolClosed(`${operation} "${type}"`, this.name);
  }

  async broadcast(type: string, payload?: unknown, options: BroadcastOptions = {}): Promise<unknown[]> {
    if (typeof type !== 'string') throw invalidOption('the message type', 'a string', type);
    checkKnown('broadcast', options, broadcastOptions);
    const { timeout, replay = 'latest' } = options;
    if (timeout !== undefined) checkTimeout('timeout', timeout);
    if (replay !== 'latest' && replay !== 'all' && replay !== 'none') {
      throw invalidOption('replay', '"latest", "all" or "none"', replay);
    }
    if (this.closing !== undefined) throw poolClosed(`broadcast "${type}"`, this.name);
    return this.dispatch.broadcast(type, payload, { timeout, replay });
  }

  resize(sizes: ResizeOptions): void {
    checkResize(sizes);
    if (this.closing !== undefined) throw poolClosed('resize', this.name);
    const { fleet } = this.dispatch;
    const { minWorkers, maxWorkers } = sizesOf(sizes, {
      minWorkers: fleet.growth.minWorkers,
      maxWorkers: fleet.maxWorkers,
    });
    fleet.resize(minWorkers, maxWorkers);
    this.dispatch.pump();
  }

  async restart(): Promise<void> {
    if (this.closing !== undefined) throw poolClosed('restart', this.name);
    await this.dispatch.fleet.restart();
  }

  async drained(): Promise<void> {
    if (this.closing !== undefined) throw poolClosed('drain', this.name);
    await this.dispatch.backPressure.drained();
  }

  stats(): PoolStats {
    return statsOf(this.dispatch);
  }

  get workers(): readonly PoolWorker[] {
    return [...this.dispatch.fleet.members].map(({ view }) => view);
  }

  async close(options: CloseOptions = {}): Promise<void> {
    checkKnown('close', options, closeOptions);
    const { timeout, pending = 'finish' } = options;
    if (timeout !== undefined) checkTimeout('timeout', timeout);
    if (pending !== 'finish' && pending !== 'reject') throw invalidOption('pending', '"finish" or "reject"', pending);
    const ended = this.dispatch.close({ timeout, pending });
    this.closing ??= ended;
    return this.closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  on<E extends keyof PoolEvents>(event: E, listener: (...details: PoolEvents[E]) => void): this {
    this.events.on(event, listener);
    return this;
  }

  once<E extends keyof PoolEvents>(event: E, listener: (...details: PoolEvents[E]) => void): this {
    this.events.once(event, listener);
    return this;
  }

  off<E extends keyof PoolEvents>(event: E, listener: (...details: PoolEvents[E]) => void): this {
    this.events.off(event, listener);
    return this;
  }
}

/** What `createPool` does. */
export async function startPool(options: GivenOptions): Promise<Pool> {
  const pool = new Pool(options);
  try {
    await pool.ready();
    return pool;
  } catch (error) {
    await pool.close({ pending: 'reject' });
    throw error;
  }
}
