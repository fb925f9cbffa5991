import type { NativeCode } from '../protocol/native-code.js';
import { reasonOf, safely } from '../util/safely.js';
import type { WorkerErrorCode } from '../types/worker-error-code.js';
import { WorkerError } from './worker-error.js';

/** The members of an error of the addon, thrown or reported as a `NativeFailure`. */
interface Failure {
  readonly code: unknown;
  readonly message: unknown;
  /** Of a mismatch of serializers. */
  readonly difference: unknown;
}

/** What the two sides use, by the error of a mismatch of their serializers. */
const differences = new WeakMap<WorkerError, string>();

/** Converts an error of the addon. Returns a `WorkerError` unchanged. */
export function fromNative(error: unknown): WorkerError {
  if (error instanceof WorkerError) return error;
  const { code, message, difference } = safely(() => membersOf(error as Partial<Failure>)) ?? {};
  const text = typeof message === 'string' ? message : reasonOf(error);
  const known: WorkerErrorCode = typeof code === 'string' ? (code as NativeCode) : 'ERR_SYSTEM';
  const converted = new WorkerError(known, text);
  if (typeof difference === 'string') differences.set(converted, difference);
  return converted;
}

function membersOf({ code, message, difference }: Partial<Failure>): Partial<Failure> {
  return { code, message, difference };
}

/**
 * The error of two sides with different serializers.
 *
 * @param difference - What each side uses: a sentence without its end.
 * @param advice - The next step.
 */
export function serializerMismatch(difference: string, advice: string, cause?: unknown): WorkerError {
  const text = `${difference}. ${advice}`;
  const error = new WorkerError('ERR_SERIALIZER_MISMATCH', text, cause === undefined ? undefined : { cause });
  differences.set(error, difference);
  return error;
}

/** What each side uses, if the error is a mismatch of serializers that this side has found. */
export function differenceOf(error: unknown): string | undefined {
  return error instanceof WorkerError ? differences.get(error) : undefined;
}
