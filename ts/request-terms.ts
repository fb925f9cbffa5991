import { invalidOption } from './errors.js';
import { checkTimeout } from './native/connection-options.js';
import { isIterable } from './streams/is-stream.js';
import type { Carrier } from './types/context-carrier.js';
import type { EscalateOptions } from './types/escalate-options.js';

/** What a request has besides its payload and its timeout. */
export interface RequestTerms {
  readonly signal: AbortSignal | undefined;
  readonly escalate: EscalateOptions | undefined;
  readonly onProgress: ((value: unknown) => void) | undefined;
  /** The chunks that follow its payload. */
  readonly input: unknown;
  /** What its message takes along. */
  readonly carrier?: Carrier | undefined;
}

const NONE: RequestTerms = { signal: undefined, escalate: undefined, onProgress: undefined, input: undefined };

/** `undefined`: it has none of them. */
export function termsOf(options: object | undefined, carrier?: Carrier): RequestTerms | undefined {
  if (options === undefined) return carrier === undefined ? undefined : { ...NONE, carrier };
  const { signal, escalate, onProgress, input } = options as Partial<RequestTerms>;
  if (signal === undefined && onProgress === undefined && input === undefined && escalate === undefined) {
    return carrier === undefined ? undefined : { ...NONE, carrier };
  }
  if (signal !== undefined && !(signal instanceof AbortSignal)) {
    throw invalidOption('signal', 'an AbortSignal', signal);
  }
  if (onProgress !== undefined && typeof onProgress !== 'function') {
    throw invalidOption('onProgress', 'a function', onProgress);
  }
  if (input !== undefined && !isIterable(input)) {
    throw invalidOption('input', 'an iterable, an async iterable or a readable stream', input);
  }
  if (escalate !== undefined) checkEscalate(escalate);
  return { signal, escalate, onProgress, input, carrier };
}

function checkEscalate(escalate: EscalateOptions): void {
  if (typeof escalate !== 'object' || escalate === null) throw invalidOption('escalate', 'an object', escalate);
  for (const name of ['terminateAfter', 'killAfter'] as const) {
    if (escalate[name] !== undefined) checkTimeout(`escalate.${name}`, escalate[name]);
  }
}

/** Settles like the promise, unless the signal is aborted before: then it rejects with the reason. */
export async function unlessAborted<T>(signal: AbortSignal | undefined, promise: Promise<T>): Promise<T> {
  if (signal === undefined) return promise;
  let onAbort!: () => void;
  const aborted = new Promise<never>((_, reject) => {
    onAbort = () => reject(signal.reason);
    if (signal.aborted) onAbort();
    else signal.addEventListener('abort', onAbort);
  });
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}
