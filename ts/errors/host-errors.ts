// Errors that no worker needs to start.
import { WorkerError } from './worker-error.js';
import { serializerMismatch } from './from-native.js';
import { quoted } from '../util/printable.js';
import { reasonOf } from '../util/safely.js';

/** @param peer - The answering side: `the worker "…"`, or `the host`. */
export function messageTimeout(type: string, peer: string, millis: number): WorkerError {
  return new WorkerError(
    'ERR_MESSAGE_TIMEOUT',
    `${peer} did not answer "${type}" within ${millis} ms. It may still be working on it; raise ` +
      '`timeout` for this type if that is how long it takes.',
  );
}

/** Whether this side has waited too long: a peer may send an error with that code too. */
export function isOwnTimeout(error: unknown): boolean {
  return error instanceof WorkerError && error.code === 'ERR_MESSAGE_TIMEOUT' && error.isRemote !== true;
}

export function noCapacity(operation: string, type: string, peer: string, limit: number): WorkerError {
  return new WorkerError(
    'ERR_BACKPRESSURE',
    `cannot ${operation} "${type}": ${peer} reads more slowly than this side sends, and at most ` +
      `${limit} bytes may wait. Await drained() between messages, or raise \`maxPendingBytes\`.`,
  );
}

/** How long JavaScript must have run without a pause for a start to count as busy, in milliseconds. */
const BUSY = 100;

/** @param found - `busyFor`: how many milliseconds the worker's JavaScript had run without a pause, if known. */
export function startTimeout(
  worker: string,
  millis: number,
  found: { readonly busyFor?: number | undefined; readonly stderr?: readonly string[] | undefined } = {},
): WorkerError {
  const { busyFor, stderr = [] } = found;
  // Its native thread, which answers, exists after the library is loaded.
  const state =
    busyFor === undefined
      ? ''
      : busyFor >= BUSY
        ? ` Its script has been running for ${Math.round(busyFor)} ms without a pause.`
        : ' Its script has loaded isolated-workers, and waits without having called startWorkerServer().';
  const lines = stderr.length > 0 ? ` Its last output:\n${stderr.join('\n')}` : '';
  return new WorkerError(
    'ERR_START_TIMEOUT',
    `the worker "${worker}" was not ready within ${millis} ms.${state} Its script must call startWorkerServer(); raise ` +
      `\`timeout.startup\` if it needs longer.${lines}`,
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

/** @param difference - As in `serializerMismatch`. */
export function unnamedSerializer(difference: string): WorkerError {
  return serializerMismatch(
    difference,
    "This host names no serializer, so it takes 'structured', which only a worker of this library has. Give " +
      "`createWorker` the worker's: for a worker in another language, or one that names JSON, `serializer: 'json'`.",
  );
}

export function workerClosed(operation: string, worker: string): WorkerError {
  return new WorkerError('ERR_WORKER_CLOSED', `cannot ${operation}: the worker "${worker}" is closed`);
}

/** A detached worker is another host's to end. */
export function occupied(worker: string): WorkerError {
  return new WorkerError(
    'ERR_WORKER_OCCUPIED',
    `cannot restart: another host has the worker "${worker}". Let that host restart it, or attach to it with \`takeOver: true\`.`,
  );
}

/** @param worker - The name of a worker that another host has started. */
export function notOurs(worker: string): WorkerError {
  return new WorkerError(
    'ERR_UNSUPPORTED_BY_DRIVER',
    `cannot restart: this host has attached to the worker "${worker}", and does not know how it was started. Close it, and let ` +
      'the host that has its script call createWorker().',
  );
}

export function notConnected(operation: string, worker: string): WorkerError {
  return new WorkerError(
    'ERR_WORKER_DISCONNECTED',
    `cannot ${operation}: the worker "${worker}" is disconnected. Call reconnect() first.`,
  );
}

export function spawnFailed(what: string, cause: unknown): WorkerError {
  return new WorkerError('ERR_WORKER_SPAWN_FAILED', `${what}: ${reasonOf(cause)}`, { cause, phase: 'spawn' });
}

/** @param peer - As in `messageTimeout`. */
export function unsupportedByPeer(operation: string, peer: string): WorkerError {
  return new WorkerError(
    'ERR_UNSUPPORTED_BY_PEER',
    `cannot ${operation}: ${peer} does not support it. Install the same version of isolated-workers on both sides.`,
  );
}

export function hostGone(operation: string): WorkerError {
  return new WorkerError(
    'ERR_HOST_DISCONNECTED',
    `cannot ${operation}: the host is not connected. Send again when \`isConnected\` of the server is true.`,
  );
}

export function severalHosts(operation: string): WorkerError {
  return new WorkerError(
    'ERR_SEVERAL_HOSTS',
    `cannot ${operation}: this worker may have several hosts (\`maxHosts\`), so \`host\` of its server and getHost() only post, to all. ` +
      'Use `host` in the context of a handler, or one of `hosts` of the server.',
  );
}

export function hostBlocked(): WorkerError {
  return new WorkerError(
    'ERR_HOST_BLOCKED',
    'the host waits in sendSync() and can answer nothing until that returns. Ask it before or after, or let it use send().',
  );
}

export function syncOverflow(limit: number): WorkerError {
  return new WorkerError(
    'ERR_SYNC_OVERFLOW',
    `the worker has sent more than ${limit / 1024 / 1024} MiB besides the answer that the host waits for in sendSync(). Let it ` +
      'send less meanwhile, or use send().',
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
    `the handler of ${quoted(type)} returned a stream, but the request expects one value. Use stream(${quoted(type)}, …) instead of send().`,
  );
}

/** For a stream whose writer does not wait for its reader. */
export function notGranted(type: string): WorkerError {
  return new WorkerError(
    'ERR_MALFORMED_MESSAGE',
    `a chunk of ${quoted(type)} arrived without credit: the other side must wait for credit or demand`,
  );
}
