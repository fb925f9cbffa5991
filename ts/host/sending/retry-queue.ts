import { isOwnTimeout, messageTimeout } from '../../errors/host-errors.js';
import type { OutgoingRequest } from '../../requests/outgoing-request.js';
import { unlessAborted } from '../../requests/request-options.js';
import { settlesWithin } from '../../util/debugger.js';
import { now } from '../../util/primordials.js';
import { mayRetry, type RetryPolicy } from './retry-policy.js';

/** The operations of the worker that retries need. */
export interface Retryable {
  readonly name: string;
  /** Sends to the current worker; rejects with `WorkerCrashedError` when it is lost. */
  sendOnce(request: OutgoingRequest): Promise<unknown>;
  /** A request has its outcome. */
  onSettled(): void;
  /** Whether the worker is lost and another may take its place. */
  readonly isLost: boolean;
  /** Resolves when a worker serves, a new one if needed. */
  ensureRunning(): Promise<void>;
  /** A copy of its payload that later changes do not reach; each call of the result makes a new one. */
  keep(request: OutgoingRequest): () => unknown;
  /** A debugger may have stopped host or worker: the timeout does not count. */
  isDebugged(): boolean;
  /** In milliseconds; 0 and Infinity: none. */
  timeoutOf(request: OutgoingRequest): number;
}

/**
 * Requests that outlive their worker. After a crash it suspects every request that was in flight, and sends them again
 * one at a time, so the next crash identifies its cause. All other messages wait until these settle.
 */
export class Retries {
  /** Settles when the current suspects have settled. */
  private suspects: Promise<unknown> | undefined;
  /** How many requests it has, and how many of them are with the worker. */
  private open = 0;
  private sending = 0;
  /** What has to wait, in order. */
  private readonly waiting: Waiting[] = [];

  constructor(
    readonly policy: RetryPolicy,
    private readonly worker: Retryable,
  ) {}

  /** Whether a new message must wait. */
  get isHeld(): boolean {
    return this.waiting.length > 0 || this.isBusy;
  }

  private get isBusy(): boolean {
    return this.suspects !== undefined || this.worker.isLost;
  }

  /** How many requests wait for a worker. */
  get held(): number {
    return this.open - this.sending;
  }

  async send(request: OutgoingRequest): Promise<unknown> {
    return unlessAborted(request.terms?.signal, this.sendInTurn(request));
  }

  private async sendInTurn(request: OutgoingRequest): Promise<unknown> {
    const { worker, policy } = this;
    const { type, transfer, terms } = request;
    // Moved memory, or a read source, cannot be sent twice.
    const most = transfer === undefined && terms?.input === undefined ? policy.attempts(type) : 1;
    if (most === 1 && !this.isHeld) return worker.sendOnce(request);
    this.open++;
    try {
      return await this.sendKept(this.attemptsOf(request, most));
    } finally {
      this.open--;
      worker.onSettled();
    }
  }

  private attemptsOf(request: OutgoingRequest, most: number): Attempts {
    const { worker, isHeld } = this;
    const { payload, transfer } = request;
    const copy = transfer === undefined ? worker.keep(request) : () => payload;
    const timeout = worker.timeoutOf(request);
    const deadline = timeout > 0 ? now() + timeout : Infinity;
    return { request, most, copy, timeout, deadline, isHeld, isLate: false };
  }

  private async sendKept(attempts: Attempts): Promise<unknown> {
    try {
      if (!attempts.isHeld) return await this.sendOnce(attempts.request);
      const turn = this.whenClear(() => ({ answer: attempts.isLate ? undefined : this.sendAgain(attempts) }));
      await this.settleInTime(attempts, turn);
      return await (
        await turn
      ).answer;
    } catch (error) {
      if (!mayRetry(error, 1, attempts.most)) throw error;
    }
    return this.queue(attempts);
  }

  /** Acts when a worker serves and no message has to wait any more, in the order of the calls. */
  whenClear<T>(act: () => T): Promise<T> {
    return new Promise((resolve, reject) => {
      const go = () => {
        try {
          resolve(act());
        } catch (error) {
          reject(error);
        }
      };
      this.waiting.push({ go, fail: reject });
      if (this.waiting.length === 1) void this.letGo();
    });
  }

  private async letGo(): Promise<void> {
    try {
      do {
        await this.suspects;
        await this.worker.ensureRunning();
      } while (this.isBusy);
    } catch (error) {
      for (const each of this.waiting.splice(0)) each.fail(error);
      return;
    }
    for (const each of this.waiting.splice(0)) each.go();
  }

  /** One at a time. */
  private queue(attempts: Attempts): Promise<unknown> {
    const before = this.suspects ?? Promise.resolve();
    const result = this.settleInTime(attempts, before).then(() => this.retry(attempts));
    const settled: Promise<unknown> = Promise.allSettled([before, result]).then(() => {
      if (this.suspects === settled) this.suspects = undefined;
    });
    this.suspects = settled;
    return result;
  }

  private async retry(attempts: Attempts): Promise<unknown> {
    for (let attempt = 2; ; attempt++) {
      await this.settleInTime(attempts, this.worker.ensureRunning());
      try {
        return await this.sendAgain(attempts);
      } catch (error) {
        if (!mayRetry(error, attempt, attempts.most)) throw error;
      }
    }
  }

  private async sendAgain(attempts: Attempts): Promise<unknown> {
    const { request, copy, timeout } = attempts;
    if (now() > attempts.deadline && this.worker.isDebugged()) attempts.deadline = now() + timeout;
    const left = attempts.deadline === Infinity ? timeout : Math.max(Math.ceil(attempts.deadline - now()), 1);
    try {
      return await this.sendOnce(request.again(copy(), left));
    } catch (error) {
      throw isOwnTimeout(error) ? this.late(attempts) : error;
    }
  }

  private async sendOnce(request: OutgoingRequest): Promise<unknown> {
    this.sending++;
    try {
      return await this.worker.sendOnce(request);
    } finally {
      this.sending--;
    }
  }

  private late({ request, timeout }: Attempts): Error {
    return messageTimeout(request.type, `the worker "${this.worker.name}"`, timeout);
  }

  private async settleInTime(attempts: Attempts, promise: Promise<unknown>): Promise<void> {
    let wasDebugged = false;
    const isDebugged = () => {
      const is = this.worker.isDebugged();
      wasDebugged ||= is;
      return is;
    };
    const came = await settlesWithin(attempts.deadline - now(), promise, isDebugged, attempts.timeout);
    if (wasDebugged) attempts.deadline = now() + attempts.timeout;
    if (came) return;
    attempts.isLate = true;
    throw this.late(attempts);
  }
}

interface Waiting {
  go(): void;
  fail(error: unknown): void;
}

/** A request that may be sent more than once. */
interface Attempts {
  readonly request: OutgoingRequest;
  /** How often it may be sent. */
  readonly most: number;
  readonly copy: () => unknown;
  readonly timeout: number;
  deadline: number;
  /** Its first attempt has to wait. */
  readonly isHeld: boolean;
  /** Its timeout ended before it was sent. */
  isLate: boolean;
}
