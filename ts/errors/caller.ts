// The frames of the code that has called the library, at the end of the stack of an error that came later.
import { isError, safely } from '../util/safely.js';
import { hide } from './decoding/create-error.js';
import { WorkerError } from './worker-error.js';

/** Who has called; empty where `Error.stackTraceLimit` is 0. */
export interface Caller {
  readonly stack?: string | undefined;
}

/** The frames below those of `operation`. */
export function callerOf(operation: (...args: never[]) => unknown): Caller {
  const caller: Caller = {};
  Error.captureStackTrace?.(caller, operation);
  return caller;
}

/** Rejects with the error, and the frames. */
export function withCaller(caller: Caller): (error: unknown) => never {
  return (error) => {
    throw addCaller(error, caller);
  };
}

/** Adds the frames below the error's own. */
export function addCaller(error: unknown, caller: Caller): unknown {
  // The reason of an abort is the user's.
  if (!isError(error) || !(error instanceof WorkerError || (error as WorkerError).isRemote === true)) return error;
  const frames = caller.stack?.split('\n').filter((line) => /^\s+at /.test(line)) ?? [];
  const [first] = frames;
  const stack = safely(() => error.stack);
  if (first === undefined || typeof stack !== 'string' || stack.includes(first)) return error;
  safely(() => hide(error, 'stack', `${stack}\n${frames.join('\n')}`));
  return error;
}
