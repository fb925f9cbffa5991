import { isOwnTimeout } from '../errors/host-errors.js';
import { WorkerCrashedError, WorkerError } from '../errors/worker-error.js';
import { endedWithHost, RetryPolicy } from '../host/sending/retry-policy.js';
import { watchGroupSignals } from '../host/group-signals.js';
import type { Member } from './member.js';
import type { PoolRequest } from './pool-request.js';
import { ValueRequest } from './kinds.js';
import type { WorkerSettings } from './settings.js';
import { MESSAGE_TIMEOUT } from '../protocol/generated.js';

/** Which requests are sent again when their worker crashes, and how long they may take in all. */
export class Retries {
  private readonly policy: RetryPolicy | undefined;

  constructor(
    option: WorkerSettings['unexpectedShutdown'],
    private readonly timeout: WorkerSettings['timeout'],
  ) {
    this.policy = RetryPolicy.from(option);
    if (this.policy !== undefined) watchGroupSignals();
  }

  get mayRetryAny(): boolean {
    return this.policy !== undefined;
  }

  /** How often a request may be tried in all. */
  attempts(request: PoolRequest): number {
    if (this.policy === undefined || !(request instanceof ValueRequest) || !request.call.isRepeatable) return 1;
    return this.policy.attempts(request.type);
  }

  /** Tells a crash which attempt it ended, and whether there is another. */
  mayRetry(request: PoolRequest, error: unknown): boolean {
    if (!isCrash(error) || endedWithHost(error)) return false;
    const most = this.attempts(request);
    if (this.policy !== undefined) Object.assign(error, { attempt: request.attempt, maxAttempts: most });
    return request.attempt < most;
  }

  /** The timeout of a request, in milliseconds; `Infinity`: none. */
  timeoutOf({ type, call }: PoolRequest): number {
    const { timeout } = this;
    const { message, types } = typeof timeout === 'number' ? { message: timeout, types: undefined } : (timeout ?? {});
    return (call.options?.timeout ?? types?.[type] ?? message ?? MESSAGE_TIMEOUT) || Infinity;
  }
}

/** What a request has come to whose worker was killed because it did not respond. */
export function lossOf(member: Member, type: string, error: unknown): unknown {
  if (member.unresponsiveFor === undefined || !isClosed(error)) return error;
  const cause = new Error(`the worker did not respond for ${member.unresponsiveFor} ms, so its pool killed it`);
  const { worker } = member;
  return new WorkerCrashedError(worker.name, {
    pid: worker.pid,
    reason: { type: 'exit', code: null, signal: 'SIGKILL' },
    phase: 'running',
    messageType: type,
    cause,
  });
}

/** Whether the worker of a request was lost. A worker may also tell an error of the same class. */
export function isCrash(error: unknown): error is WorkerCrashedError {
  return error instanceof WorkerCrashedError && error.isRemote !== true;
}

function isClosed(error: unknown): boolean {
  return error instanceof WorkerError && error.code === 'ERR_WORKER_CLOSED' && error.isRemote !== true;
}

/** Whether somebody has stopped to wait for a request that its worker may still be at. */
export function wasLeft(request: PoolRequest, error: unknown): boolean {
  return isOwnTimeout(error) || request.call.signal?.aborted === true;
}
