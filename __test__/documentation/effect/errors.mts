// The documented errors of Effect's workers, block by block.
import * as WorkerError from 'effect/workers/WorkerError';

export const err = new WorkerError.WorkerError({
  reason: new WorkerError.WorkerSendError({
    message: 'Failed to send message to worker',
    cause: new Error('DataCloneError'),
  }),
});

export const ReasonSchema = WorkerError.WorkerErrorReason;

export const reasons = [
  new WorkerError.WorkerSpawnError({ message: 'Worker failed to start' }),
  new WorkerError.WorkerSendError({ message: 'Failed to send message to worker' }),
  new WorkerError.WorkerReceiveError({ message: 'messageerror event' }),
  new WorkerError.WorkerUnknownError({ message: 'Unexpected worker failure' }),
];

export const e = new WorkerError.WorkerError({
  reason: new WorkerError.WorkerUnknownError({ message: 'boom' }),
});
export const isOne = WorkerError.isWorkerError(e);
export const isOther = WorkerError.isWorkerError(new Error('x'));

export type Id = WorkerError.TypeId;
export const id: Id = '~effect/workers/WorkerError';
