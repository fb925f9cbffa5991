import type * as AsyncHooks from 'node:async_hooks';

import { invalidOption } from '../errors/worker-error.js';
import { checkKnown } from '../options/check-known.js';
import { sendOptions } from '../options/call-options.js';
import { checkTimeout } from '../connection/options.js';
import { isIterable } from '../streams/is-stream.js';
import type { Carrier } from '../types/context-carrier.js';
import type { EscalateOptions } from '../types/escalate-options.js';
import { abortReason, isSignal } from './cancellation.js';

/** Per-request options besides payload and timeout: signal, escalate, onProgress, input, context. */
export interface RequestTerms {
  readonly signal: AbortSignal | undefined;
  readonly escalate: EscalateOptions | undefined;
  readonly onProgress: ((value: unknown) => void) | undefined;
  /** The chunks that follow its payload. */
  readonly input: unknown;
  /** The context of its message. */
  readonly carrier?: Carrier | undefined;
}

const NONE: RequestTerms = { signal: undefined, escalate: undefined, onProgress: undefined, input: undefined };

/**
 * `undefined`: it has none of them.
 *
 * @param operation - For the error: `send` or `stream`.
 */
export function termsOf(operation: string, options: object | undefined, carrier?: Carrier): RequestTerms | undefined {
  if (options === undefined) return carrier === undefined ? undefined : { ...NONE, carrier };
  checkKnown(operation, options, sendOptions);
  const { escalate, onProgress, input } = options as Partial<RequestTerms>;
  // As in `fetch`, null means none.
  const signal = (options as Partial<RequestTerms>).signal ?? undefined;
  if (signal === undefined && onProgress === undefined && input === undefined && escalate === undefined) {
    return carrier === undefined ? undefined : { ...NONE, carrier };
  }
  if (signal !== undefined && !isSignal(signal)) {
    throw invalidOption('signal', 'an AbortSignal', signal);
  }
  if (onProgress !== undefined && typeof onProgress !== 'function') {
    throw invalidOption('onProgress', 'a function', onProgress);
  }
  if (input !== undefined && !isIterable(input)) {
    throw invalidOption('input', 'an iterable, an async iterable or a readable stream', input);
  }
  if (escalate !== undefined) checkEscalate(escalate);
  return { signal, escalate, onProgress: onProgress && bound(onProgress), input, carrier };
}

function checkEscalate(escalate: EscalateOptions): void {
  if (typeof escalate !== 'object' || escalate === null) throw invalidOption('escalate', 'an object', escalate);
  for (const name of ['terminateAfter', 'killAfter'] as const) {
    if (escalate[name] !== undefined) checkTimeout(`escalate.${name}`, escalate[name]);
  }
}

/** Settles like the promise, unless the signal aborts first: then it rejects with the reason. */
export async function unlessAborted<T>(signal: AbortSignal | undefined, promise: Promise<T>): Promise<T> {
  if (signal === undefined) return promise;
  let onAbort!: () => void;
  const aborted = new Promise<never>((_, reject) => {
    onAbort = () => reject(abortReason(signal));
    if (signal.aborted) onAbort();
    else signal.addEventListener('abort', onAbort);
  });
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}

/** Runs the callback in the asynchronous context of the caller. */
function bound(onProgress: (value: unknown) => void): (value: unknown) => void {
  const { AsyncResource } = require('node:async_hooks') as typeof AsyncHooks;
  return AsyncResource.bind(onProgress);
}
