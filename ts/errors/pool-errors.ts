import { reasonOf } from '../util/safely.js';
import { WorkerError } from './worker-error.js';

export function poolClosed(operation: string, pool: string): WorkerError {
  return new WorkerError('ERR_WORKER_CLOSED', `cannot ${operation}: the pool "${pool}" is closed, or about to be`);
}

export function queueFull(operation: string, pool: string, limit: number): WorkerError {
  return new WorkerError(
    'ERR_BACKPRESSURE',
    `cannot ${operation}: ${limit} requests wait for a worker of the pool "${pool}", and no more may. Await drained() ` +
      'between requests, or raise `maxQueue` or `maxWorkers`.',
  );
}

export function queueTimeout(type: string, pool: string, millis: number): WorkerError {
  return new WorkerError(
    'ERR_QUEUE_TIMEOUT',
    `"${type}" reached no worker of the pool "${pool}" within ${millis} ms: all had other requests. Raise \`queueTimeout\` or ` +
      '`maxWorkers`, or send less at once.',
  );
}

/** @param wait - Milliseconds until the pool tries again. */
export function poolUnavailable(operation: string, pool: string, wait: number, cause: unknown): WorkerError {
  return new WorkerError(
    'ERR_POOL_UNAVAILABLE',
    `cannot ${operation}: the pool "${pool}" has no worker for it and can start none: ${reasonOf(cause)} The pool tries again ` +
      `with what is sent after ${Math.ceil(wait)} ms.`,
    { cause },
  );
}

export function strategyFailed(pool: string, returned: string): WorkerError {
  return new WorkerError(
    'ERR_INVALID_OPTION',
    `the strategy of the pool "${pool}" must return one of the workers that it was given, not ${returned}`,
  );
}
