import {
  WorkerError,
  WorkerReceiveError,
  type WorkerErrorReason,
  WorkerSpawnError,
  WorkerUnknownError,
} from 'effect/workers/WorkerError';

import type { ShutdownReason, WorkerCrashedError, WorkerError as LibraryError } from '../../index.js';

const failure = (reason: WorkerErrorReason): WorkerError => new WorkerError({ reason });

/** The worker could not be started. */
export function notStarted(cause: unknown): WorkerError {
  const message = `The worker could not be started: ${textOf(cause)}`;
  return failure(new WorkerSpawnError({ message, cause }));
}

/** The worker ended by itself. */
export function crashed(cause: WorkerCrashedError): WorkerError {
  return failure(new WorkerReceiveError({ message: cause.message, cause }));
}

/** Somebody else has closed the worker. */
export function ended(name: string, reason: ShutdownReason): WorkerError {
  const cause = reason.type === 'error' ? { cause: reason.error } : {};
  return failure(new WorkerReceiveError({ message: `The worker "${name}" has ended: it was closed`, ...cause }));
}

/** A message of the worker could not be deserialised: what `node:worker_threads` calls a `messageerror`. */
export function lost(cause: LibraryError): WorkerError {
  return failure(new WorkerReceiveError({ message: `A message from the worker is lost: ${cause.message}`, cause }));
}

/** What the worker has sent is no frame. */
export function unreadable(name: string): WorkerError {
  const message = `The worker "${name}" sent a message that is none of Effect's: does its script use another runner?`;
  return failure(new WorkerReceiveError({ message }));
}

/** The worker lives, and another has the connection, or nobody. */
export function disconnected(name: string): WorkerError {
  return failure(new WorkerUnknownError({ message: `The worker "${name}" was disconnected from this host` }));
}

function textOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
