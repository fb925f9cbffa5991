import { inTime } from './debugging.js';
import { invalidOption, WorkerCrashedError, type WorkerError } from './errors.js';
import { messageTimeout } from './host-errors.js';
import { type RequestTerms, unlessAborted } from './request-terms.js';
import type { TransferList } from './types/transfer-list.js';

/** What retrying needs of the worker. */
export interface Retryable {
  readonly name: string;
  /** Sends to the worker that is there now; rejects with `WorkerCrashedError` when it is lost. */
  sendOnce(
    type: string,
    payload: unknown,
    timeout: number | undefined,
    transfer?: TransferList,
    terms?: RequestTerms,
  ): Promise<unknown>;
  /** Whether the worker is lost and another may take its place. */
  isLost(): boolean;
  /** Resolves when a worker serves, a new one if need be. */
  ensureRunning(): Promise<void>;
  /** A copy of a payload that no later change reaches, made anew by each call of the result. */
  keep(payload: unknown, type: string): () => unknown;
  /** A debugger may have stopped host or worker: what is late does not count. */
  isDebugged(): boolean;
  /** In milliseconds; 0 and Infinity: none. */
  timeoutOf(type: string, perCall: number | undefined): number;
}

/** How often requests are tried. */
export class RetryPolicy {
  private constructor(
    private readonly general: number,
    private readonly types: ReadonlyMap<string, number>,
  ) {}

  /** `undefined` where nothing is ever tried again. */
  static from(option: unknown): RetryPolicy | undefined {
    if (option === undefined) return undefined;
    const name = 'unexpectedShutdown';
    const general = attemptsOf(option, name);
    const { types } = option as { types?: unknown };
    if (types !== undefined && (typeof types !== 'object' || types === null)) {
      throw invalidOption(`${name}.types`, 'an object', types);
    }
    const each = Object.entries(types ?? {}).filter(([, strategy]) => strategy !== undefined);
    const policy = new RetryPolicy(
      general,
      new Map(each.map(([type, strategy]) => [type, attemptsOf(strategy, `${name}.types.${type}`)])),
    );
    return policy.most > 1 ? policy : undefined;
  }

  attempts(type: string): number {
    return this.types.get(type) ?? this.general;
  }

  /** The most attempts that anything has. */
  get most(): number {
    return Math.max(this.general, ...this.types.values());
  }
}

const DEFAULT_ATTEMPTS = 2;

function attemptsOf(option: unknown, name: string): number {
  const { strategy, attempts = DEFAULT_ATTEMPTS } = (option ?? {}) as { strategy?: unknown; attempts?: unknown };
  if (strategy === 'reject') return 1;
  if (strategy !== 'retry') throw invalidOption(`${name}.strategy`, '"reject" or "retry"', strategy);
  if (typeof attempts !== 'number' || !(attempts >= 1)) {
    throw invalidOption(`${name}.attempts`, 'a number, 1 or more', attempts);
  }
  return Math.floor(attempts);
}

/**
 * Requests that outlive their worker. After a crash every request that was in flight is suspected: they are sent again
 * one after the other, so that the next crash tells whose it is. Everything else waits until they are through.
 */
export class Retries {
  /** Settles when the suspects so far are through. */
  private suspects: Promise<unknown> | undefined;
  /** What has to wait, in order. */
  private readonly waiting: Waiting[] = [];

  constructor(
    readonly policy: RetryPolicy,
    private readonly worker: Retryable,
  ) {}

  /** Whether what is sent now has to wait. */
  get isHeld(): boolean {
    return this.waiting.length > 0 || this.isBusy;
  }

  private get isBusy(): boolean {
    return this.suspects !== undefined || this.worker.isLost();
  }

  async send(
    type: string,
    payload: unknown,
    perCall: number | undefined,
    transfer: TransferList | undefined,
    terms: RequestTerms | undefined,
  ): Promise<unknown> {
    return unlessAborted(terms?.signal, this.sendInTurn(type, payload, perCall, transfer, terms));
  }

  private async sendInTurn(
    type: string,
    payload: unknown,
    perCall: number | undefined,
    transfer: TransferList | undefined,
    terms: RequestTerms | undefined,
  ): Promise<unknown> {
    const { worker, policy } = this;
    // What was moved away, or read from a source, cannot be sent twice.
    const most = transfer === undefined && terms?.input === undefined ? policy.attempts(type) : 1;
    const { isHeld } = this;
    if (most === 1 && !isHeld) return worker.sendOnce(type, payload, perCall, transfer, terms);
    const copy = transfer === undefined ? worker.keep(payload, type) : () => payload;
    const timeout = worker.timeoutOf(type, perCall);
    const deadline = timeout > 0 ? performance.now() + timeout : Infinity;
    const job: Job = { type, most, transfer, terms, copy, timeout, deadline, isLate: false };
    try {
      if (!isHeld) return await worker.sendOnce(type, payload, perCall, transfer, terms);
      const turn = this.whenClear(() => ({ answer: job.isLate ? undefined : this.sendJob(job) }));
      await this.inTime(job, turn);
      return await (
        await turn
      ).answer;
    } catch (error) {
      if (!mayRetry(error, 1, most)) throw error;
    }
    return this.queue(job);
  }

  /** Acts as soon as a worker serves and nothing has to wait any more, in the order of the calls. */
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

  /** One after the other. */
  private queue(job: Job): Promise<unknown> {
    const before = this.suspects ?? Promise.resolve();
    const result = this.inTime(job, before).then(() => this.attempt(job));
    const settled: Promise<unknown> = Promise.allSettled([before, result]).then(() => {
      if (this.suspects === settled) this.suspects = undefined;
    });
    this.suspects = settled;
    return result;
  }

  private async attempt(job: Job): Promise<unknown> {
    for (let attempt = 2; ; attempt++) {
      await this.inTime(job, this.worker.ensureRunning());
      try {
        return await this.sendJob(job);
      } catch (error) {
        if (!mayRetry(error, attempt, job.most)) throw error;
      }
    }
  }

  private async sendJob(job: Job): Promise<unknown> {
    if (performance.now() > job.deadline && this.worker.isDebugged()) job.deadline = performance.now() + job.timeout;
    const left = job.deadline === Infinity ? job.timeout : Math.max(Math.ceil(job.deadline - performance.now()), 1);
    try {
      return await this.worker.sendOnce(job.type, job.copy(), left, job.transfer, job.terms);
    } catch (error) {
      throw (error as WorkerError).code === 'ERR_MESSAGE_TIMEOUT' ? this.late(job) : error;
    }
  }

  private late(job: Job): Error {
    return messageTimeout(job.type, `the worker "${this.worker.name}"`, job.timeout);
  }

  private async inTime(job: Job, promise: Promise<unknown>): Promise<void> {
    let wasDebugged = false;
    const isDebugged = () => {
      const is = this.worker.isDebugged();
      wasDebugged ||= is;
      return is;
    };
    const came = await inTime(job.deadline - performance.now(), promise, isDebugged, job.timeout);
    if (wasDebugged) job.deadline = performance.now() + job.timeout;
    if (came) return;
    job.isLate = true;
    throw this.late(job);
  }
}

interface Waiting {
  go(): void;
  fail(error: unknown): void;
}

interface Job {
  readonly type: string;
  readonly most: number;
  readonly transfer: TransferList | undefined;
  readonly terms: RequestTerms | undefined;
  readonly copy: () => unknown;
  readonly timeout: number;
  deadline: number;
  /** Its time was over before its turn came. */
  isLate: boolean;
}

/** Tells a crash which attempt it ended, and whether there is another. */
function mayRetry(error: unknown, attempt: number, most: number): boolean {
  if (!(error instanceof WorkerCrashedError)) return false;
  Object.assign(error, { attempt, maxAttempts: most });
  return attempt < most;
}
