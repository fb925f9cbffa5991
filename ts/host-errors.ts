// Errors that no worker needs to start.
import { WorkerError } from './errors.js';

/** @param peer - Who was asked: `the worker "…"`, or `the host`. */
export function messageTimeout(type: string, peer: string, millis: number): WorkerError {
  return new WorkerError(
    'ERR_MESSAGE_TIMEOUT',
    `${peer} did not answer "${type}" within ${millis} ms. It may still be working on it; raise ` +
      '`timeout` for this type if that is how long it takes.',
  );
}

export function noRoom(operation: string, type: string, peer: string, limit: number): WorkerError {
  return new WorkerError(
    'ERR_BACKPRESSURE',
    `cannot ${operation} "${type}": ${peer} does not read as fast as it is written to, and no more than ` +
      `${limit} bytes may wait. Await drained() between messages, or raise \`maxPendingBytes\`.`,
  );
}

export function startTimeout(worker: string, millis: number): WorkerError {
  return new WorkerError(
    'ERR_START_TIMEOUT',
    `the worker "${worker}" was not ready within ${millis} ms. Its script must call startWorkerServer(); raise ` +
      '`timeout.startup` if it needs longer.',
    { phase: 'startup' },
  );
}

export function connectTimeout(worker: string, millis: number): WorkerError {
  return new WorkerError(
    'ERR_CONNECT_TIMEOUT',
    `the worker "${worker}" did not answer reconnect() within ${millis} ms, and stays disconnected. It may be busy: call ` +
      'reconnect() again later, or raise `timeout.startup`.',
  );
}

export function workerClosed(operation: string, worker: string): WorkerError {
  return new WorkerError('ERR_WORKER_CLOSED', `cannot ${operation}: the worker "${worker}" is closed`);
}

export function notConnected(operation: string, worker: string): WorkerError {
  return new WorkerError(
    'ERR_WORKER_DISCONNECTED',
    `cannot ${operation}: the worker "${worker}" is disconnected. Call reconnect() first.`,
  );
}

export function spawnFailed(what: string, cause: unknown): WorkerError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new WorkerError('ERR_WORKER_SPAWN_FAILED', `${what}: ${reason}`, { cause, phase: 'spawn' });
}

/** @param peer - As of `messageTimeout`. */
export function unsupportedByPeer(operation: string, peer: string): WorkerError {
  return new WorkerError(
    'ERR_UNSUPPORTED_BY_PEER',
    `cannot ${operation}: ${peer} does not support it. Install the same version of isolated-workers on both sides.`,
  );
}

export function hostGone(operation: string): WorkerError {
  return new WorkerError(
    'ERR_HOST_DISCONNECTED',
    `cannot ${operation}: the host is not connected. Send again when it is; \`isConnected\` of the server tells.`,
  );
}

export function hostBlocked(): WorkerError {
  return new WorkerError(
    'ERR_HOST_BLOCKED',
    'the host waits in sendSync() and can answer nothing until that returns. Ask it before or after, or let it use send().',
  );
}

export function asyncMiddleware(type: string): WorkerError {
  return new WorkerError(
    'ERR_ASYNC_MIDDLEWARE',
    `cannot sendSync "${type}": a middleware or validator returns a promise, for which a blocked thread cannot wait. Use send().`,
  );
}

export function answerIsStream(type: string): WorkerError {
  return new WorkerError(
    'ERR_ANSWER_IS_STREAM',
    `the handler of "${type}" returned a stream, and was asked for one value. Use stream("${type}", …) instead of send().`,
  );
}

/** Of a stream whose writer does not wait for its reader. */
export function notGranted(type: string): WorkerError {
  return new WorkerError(
    'ERR_MALFORMED_MESSAGE',
    `a chunk of "${type}" came that was not granted: the other side must wait for credit or demand`,
  );
}
