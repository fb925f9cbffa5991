import { tellOutcome, tellOutcomeNow, tellSend } from '../diagnostics.js';
import { unsupportedByDriver } from '../driver-errors.js';
import { invalidOption } from '../errors.js';
import { workerClosed } from '../host-errors.js';
import type { Incarnation } from '../incarnation.js';
import { checkTimeout } from '../native/connection-options.js';
import { type RequestTerms, termsOf, unlessAborted } from '../request-terms.js';
import { Retries, type Retryable } from '../retries.js';
import { sendSync } from '../send-sync.js';
import { sendWhenConnected } from '../send-when-connected.js';
import { StreamAnswer } from '../stream-answer.js';
import type { Carrier } from '../types/context-carrier.js';
import type { DriverCapabilities } from '../types/driver.js';
import type { PostOptions, SendOptions } from '../types/request-sender.js';
import type { SyncOptions } from '../types/sync-sender.js';
import type { TransferList } from '../types/transfer-list.js';
import type { WorkerStream } from '../worker-stream.js';
import { Incarnations } from './incarnations.js';
import type { WorkerInit } from './init.js';

/** What sends messages to a worker, whichever process or thread it is at the moment. */
export class WorkerSender {
  readonly name: string;
  readonly capabilities: DriverCapabilities;
  protected readonly driver: string;
  protected readonly incarnations: Incarnations;
  protected readonly retries: Retries | undefined;

  constructor(protected readonly init: WorkerInit) {
    const { name, driver, capabilities, policy } = init;
    this.name = name;
    this.driver = driver;
    this.capabilities = capabilities;
    this.incarnations = new Incarnations(init);
    if (policy !== undefined) this.retries = new Retries(policy, this.retryable());
  }

  protected get current(): Incarnation {
    return this.incarnations.current;
  }

  private retryable(): Retryable {
    const { name, keep, timeoutOf, isDebugged } = this.init;
    return {
      name,
      keep,
      timeoutOf,
      isDebugged: () => isDebugged(this.current.channel),
      sendOnce: (type, payload, timeout, transfer, terms) => this.sendOnce(type, payload, timeout, transfer, terms),
      isLost: () => this.incarnations.isLost,
      ensureRunning: () => this.incarnations.ensureRunning(),
    };
  }

  /** Not an async function: that would cost each request another promise. */
  send(type: string, payload?: unknown, options?: SendOptions): Promise<unknown> {
    const told = tellSend('request', this.name, type, payload);
    const sent = this.sendUntold(type, payload, options);
    return told === undefined ? sent : tellOutcome(told, sent);
  }

  private sendUntold(type: string, payload?: unknown, options?: SendOptions): Promise<unknown> {
    try {
      const timeout = givenTimeout(options);
      if (typeof type !== 'string') throw invalidOption('the message type', 'a string', type);
      const transfer = this.checkTransfer(options);
      const terms = termsOf(options, this.init.inject?.());
      if (this.retries !== undefined && this.incarnations.closing === undefined) {
        return this.retries.send(type, payload, timeout, transfer, terms);
      }
      return this.sendOnce(type, payload, timeout, transfer, terms);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /** It begins at once. What goes wrong is told by reading it, and by its result. */
  stream(type: string, payload?: unknown, options?: SendOptions): WorkerStream {
    const answer = new StreamAnswer(type);
    const told = tellSend('stream', this.name, type, payload);
    if (told !== undefined) tellOutcome(told, answer.stream.result).catch(() => {});
    try {
      const timeout = givenTimeout(options);
      if (typeof type !== 'string') throw invalidOption('the message type', 'a string', type);
      const transfer = this.checkTransfer(options);
      const terms = termsOf(options, this.init.inject?.());
      const { retries } = this;
      const { underWay: reconnecting } = this.current.reconnection;
      const begin = () => {
        const { current } = this.incarnations;
        if (this.incarnations.closing !== undefined) answer.reject(workerClosed(`stream "${type}"`, this.name));
        else if (!current.isActive) void current.refusal('stream', type).then(answer.reject);
        else current.requests.stream(type, payload, timeout, transfer, terms, answer);
      };
      const isHeld = retries?.isHeld === true && this.incarnations.closing === undefined;
      if (isHeld) unlessAborted(terms?.signal, retries.whenClear(begin)).catch(answer.abort);
      else if (reconnecting === undefined) begin();
      else unlessAborted(terms?.signal, reconnecting.then(begin, begin)).catch(answer.abort);
    } catch (error) {
      answer.reject(error);
    }
    return answer.stream;
  }

  /** Blocks this thread until the outcome is there. */
  sendSync(type: string, payload?: unknown, options?: SyncOptions): unknown {
    const { name } = this;
    const { current, closing } = this.incarnations;
    if (this.capabilities.sync !== true) throw unsupportedByDriver(this.driver, 'sendSync()', 'child_process');
    const timeout = givenTimeout(options);
    if (typeof type !== 'string') throw invalidOption('the message type', 'a string', type);
    if (closing !== undefined) throw workerClosed(`send "${type}"`, name);
    if (!current.isActive) throw current.refusalNow('send', type);
    const told = tellSend('request', name, type, payload);
    const losses = {
      lost: (fatal: unknown) => current.failures.lostWhileBlocked(type, fatal),
      unready: () => current.failures.unready(),
    };
    const ask = () => sendSync(current.requests, type, payload, timeout, this.init.inject?.(), losses);
    return told === undefined ? ask() : tellOutcomeNow(told, ask);
  }

  private sendOnce(
    type: string,
    payload: unknown,
    timeout: number | undefined,
    transfer: TransferList | undefined,
    terms: RequestTerms | undefined,
  ): Promise<unknown> {
    const { current, closing } = this.incarnations;
    if (closing !== undefined || !current.isActive) return this.refuse(type, payload, timeout, transfer, terms);
    return current.requests.send(type, payload, timeout, transfer, terms);
  }

  private async refuse(
    type: string,
    payload: unknown,
    timeout: number | undefined,
    transfer: TransferList | undefined,
    terms: RequestTerms | undefined,
  ): Promise<unknown> {
    if (this.incarnations.closing !== undefined) throw workerClosed(`send "${type}"`, this.name);
    const { underWay: reconnecting } = this.current.reconnection;
    if (reconnecting === undefined) throw await this.current.refusal('send', type);
    const { name, keep, timeoutOf, isDebugged } = this.init;
    const sent = sendWhenConnected(reconnecting, {
      type,
      worker: name,
      copy: keep(payload, type),
      timeout: timeoutOf(type, timeout),
      isDebugged: () => isDebugged(this.current.channel),
      send: (copy, left) => this.sendOnce(type, copy, left, transfer, terms),
      refusal: () => this.current.refusal('send', type),
    });
    return unlessAborted(terms?.signal, sent);
  }

  post(type: string, payload?: unknown, options?: PostOptions): void {
    if (typeof type !== 'string') throw invalidOption('the message type', 'a string', type);
    const transfer = this.checkTransfer(options);
    tellSend('notification', this.name, type, payload);
    const carrier = this.init.inject?.();
    if (this.incarnations.closing !== undefined) throw workerClosed(`post "${type}"`, this.name);
    if (this.retries?.isHeld === true) return this.postLater(this.retries, type, payload, transfer, carrier);
    if (!this.current.isActive) throw this.current.refusalNow('post', type);
    this.current.requests.post(type, payload, transfer, carrier);
  }

  /** Behind the requests that wait for a new worker. */
  private postLater(
    retries: Retries,
    type: string,
    payload: unknown,
    transfer: TransferList | undefined,
    carrier: Carrier | undefined,
  ): void {
    const copy = transfer === undefined ? this.init.keep(payload, type) : () => payload;
    retries
      .whenClear(() => this.current.requests.post(type, copy(), transfer, carrier))
      .catch((error: unknown) => this.init.log('error', `the message "${type}" was not sent`, error));
  }

  private checkTransfer(options: PostOptions | undefined): TransferList | undefined {
    const transfer = options?.transfer;
    if (transfer === undefined) return undefined;
    if (!Array.isArray(transfer)) throw invalidOption('transfer', 'an array', transfer);
    if (transfer.length === 0) return undefined;
    if (!this.capabilities.sharedMemory) throw unsupportedByDriver(this.driver, '`transfer`', 'worker_threads');
    return transfer as TransferList;
  }
}

function givenTimeout(options: SyncOptions | undefined): number | undefined {
  const timeout = options?.timeout;
  if (timeout !== undefined) checkTimeout('timeout', timeout);
  return timeout;
}
