import { invalidOption, messageTimeout, WorkerCrashedError } from './errors.js';
import type { TransferList } from './types/transfer-list.js';
import { within } from './within.js';

/** What retrying needs of the worker. */
export interface Retryable {
  readonly name: string;
  /** Sends to the worker that is there now; rejects with `WorkerCrashedError` when it is lost. */
  sendOnce(type: string, payload: unknown, timeout: number | undefined, transfer?: TransferList): Promise<unknown>;
  /** Whether the worker is lost and another may take its place. */
  isLost(): boolean;
  /** Resolves when a worker serves, a new one if need be. */
  ensureRunning(): Promise<void>;
  /** A copy of a payload that no later change reaches, made anew by each call of the result. */
  keep(payload: unknown, type: string): () => unknown;
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

  constructor(
    readonly policy: RetryPolicy,
    private readonly worker: Retryable,
  ) {}

  /** Whether what is sent now has to wait. */
  get isHeld(): boolean {
    return this.suspects !== undefined || this.worker.isLost();
  }

  async send(
    type: string,
    payload: unknown,
    perCall: number | undefined,
    transfer: TransferList | undefined,
  ): Promise<unknown> {
    const { worker, policy } = this;
    // What was moved away cannot be sent twice.
    const most = transfer === undefined ? policy.attempts(type) : 1;
    if (most === 1 && !this.isHeld) return worker.sendOnce(type, payload, perCall, transfer);
    const copy = worker.keep(payload, type);
    const timeout = worker.timeoutOf(type, perCall);
    const job: Job = {
      type,
      most,
      transfer,
      copy,
      timeout,
      deadline: timeout > 0 ? performance.now() + timeout : Infinity,
    };
    if (!this.isHeld) {
      try {
        return await worker.sendOnce(type, payload, perCall, transfer);
      } catch (error) {
        if (!mayRetry(error, 1, most)) throw error;
      }
      return this.queue(() => this.attempt(job, 2));
    }
    // The worker is lost, and nothing that was in flight asks for another.
    if (most === 1 && this.suspects === undefined) return worker.sendOnce(type, payload, perCall, transfer);
    await this.inTime(job, this.clear());
    return this.queue(() => this.attempt(job, 1));
  }

  /** Resolves when a worker serves and nothing has to wait. */
  async whenClear(): Promise<void> {
    await this.clear();
    await this.worker.ensureRunning();
  }

  private async clear(): Promise<void> {
    while (this.suspects !== undefined) await this.suspects;
  }

  /** One after the other. */
  private queue(act: () => Promise<unknown>): Promise<unknown> {
    const result = (this.suspects ?? Promise.resolve()).then(act);
    const settled: Promise<unknown> = result
      .catch(() => {})
      .finally(() => {
        if (this.suspects === settled) this.suspects = undefined;
      });
    this.suspects = settled;
    return result;
  }

  private async attempt(job: Job, first: number): Promise<unknown> {
    for (let attempt = first; ; attempt++) {
      await this.inTime(job, this.worker.ensureRunning());
      const left = job.deadline === Infinity ? job.timeout : Math.max(job.deadline - performance.now(), 1);
      try {
        return await this.worker.sendOnce(job.type, job.copy(), left, job.transfer);
      } catch (error) {
        if (!mayRetry(error, attempt, job.most)) throw error;
      }
    }
  }

  private async inTime(job: Job, promise: Promise<unknown>): Promise<void> {
    const deadline = Date.now() + (job.deadline - performance.now());
    if (!(await within(deadline, promise))) throw messageTimeout(job.type, this.worker.name, job.timeout);
  }
}

interface Job {
  readonly type: string;
  readonly most: number;
  readonly transfer: TransferList | undefined;
  readonly copy: () => unknown;
  readonly timeout: number;
  readonly deadline: number;
}

/** Tells a crash which attempt it ended, and whether there is another. */
function mayRetry(error: unknown, attempt: number, most: number): boolean {
  if (!(error instanceof WorkerCrashedError)) return false;
  Object.assign(error, { attempt, maxAttempts: most });
  return attempt < most;
}
