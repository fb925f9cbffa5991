import { WorkerError, WorkerReceiveError, WorkerSpawnError } from 'effect/workers/WorkerError';

/** This program is no worker, or its host does not fit it. */
export function notServing(cause: unknown): WorkerError {
  const text = cause instanceof Error ? cause.message : String(cause);
  const message = `The runner cannot serve a host: ${text}`;
  return new WorkerError({ reason: new WorkerSpawnError({ message, cause }) });
}

/** A message of the host could not be deserialised. */
export function lost(cause: Error): WorkerError {
  return new WorkerError({
    reason: new WorkerReceiveError({ message: `A message from the host is lost: ${cause.message}`, cause }),
  });
}

/** What the host has sent is no frame. */
export function unreadable(): WorkerError {
  const message =
    "The host sent a message that is none of Effect's: it must start this worker by isolated-workers/effect";
  return new WorkerError({ reason: new WorkerReceiveError({ message }) });
}
