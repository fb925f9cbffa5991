import { WorkerError } from '../worker-error.js';
import { builtIns } from '../encoding/classes.js';
import type { WorkerErrorCode } from '../../types/worker-error-code.js';

/** The data that determine the class and the text of an error. */
export interface ErrorHead {
  readonly name?: string | undefined;
  readonly class?: string | undefined;
  readonly code?: string | number | undefined;
}

/** Creates an error of the class in the data, without its referenced values. */
export function createError(data: ErrorHead, message: string): Error {
  if (data.name === 'WorkerError' && typeof data.code === 'string') {
    return new WorkerError(data.code as WorkerErrorCode, message);
  }
  const name = data.class ?? data.name ?? '';
  if (name === 'AggregateError') return new AggregateError([], message);
  const Class = Object.hasOwn(builtIns, name) ? builtIns[name] : undefined;
  return Class === undefined ? new Error(message) : new Class(message);
}

export function hide(target: object, key: string, value: unknown): void {
  Object.defineProperty(target, key, { value, configurable: true, enumerable: false, writable: true });
}

/** Marks the error as made by the other side: no data of the peer can remove the mark or add it. */
export function markRemote(error: Error): void {
  Object.defineProperty(error, 'isRemote', { value: true, configurable: false, enumerable: false, writable: false });
}
