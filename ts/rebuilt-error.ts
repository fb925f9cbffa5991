import { WorkerError } from './errors.js';
import { builtIns, define } from './remote-error.js';
import type { RemoteErrorPayload, RemoteValue } from './types/message.js';
import type { WorkerErrorCode } from './types/worker-error-code.js';

/** The error again, on the other side. */
export function decodeError(data: unknown): Error {
  if (typeof data !== 'object' || data === null) {
    return new WorkerError('ERR_MALFORMED_MESSAGE', 'the worker answered with an error that is none');
  }
  return dataToError(data as Partial<RemoteErrorPayload>);
}

function dataToError(data: Partial<RemoteErrorPayload>): Error {
  const message = String(data.message ?? '');
  const error = createError(data, message);
  if (data.name !== undefined && error.name !== data.name) hide(error, 'name', String(data.name));
  if (typeof data.stack === 'string') hide(error, 'stack', data.stack);
  if (data.cause !== undefined) hide(error, 'cause', dataToValue(data.cause));
  if (data.thrown !== undefined) hide(error, 'cause', dataToValue(data.thrown));
  if (data.code !== undefined && (error as { code?: unknown }).code !== data.code) define(error, 'code', data.code);
  for (const [key, value] of Object.entries(data.properties ?? {})) define(error, key, dataToValue(value));
  return error;
}

/** Without what it refers to. */
export function createError(data: Partial<RemoteErrorPayload>, message: string): Error {
  if (data.name === 'WorkerError' && typeof data.code === 'string') {
    return new WorkerError(data.code as WorkerErrorCode, message);
  }
  if (data.class === 'AggregateError' || (data.class === undefined && Array.isArray(data.errors))) {
    return new AggregateError((data.errors ?? []).map(dataToValue), message);
  }
  const name = data.class ?? data.name ?? '';
  const Class = Object.hasOwn(builtIns, name) ? builtIns[name] : undefined;
  return Class === undefined ? new Error(message) : new Class(message);
}

function dataToValue(data: RemoteValue): unknown {
  if (typeof data !== 'object' || data === null) return data;
  return data.error === undefined ? data.value : dataToError(data.error);
}

export function hide(target: object, key: string, value: unknown): void {
  Object.defineProperty(target, key, { value, configurable: true, enumerable: false, writable: true });
}
