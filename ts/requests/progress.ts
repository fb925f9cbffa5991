import { logLimited } from '../logging/limited-log.js';
import { Undecodable } from '../codecs/payload-codec.js';
import type { RequestsOptions } from './options.js';
import type { OutgoingRequest } from './outgoing-request.js';
import { nextTick } from '../util/primordials.js';

/** Passes a progress value of a handler to the caller. */
export function reportProgress(
  { log, checks, incoming }: RequestsOptions,
  request: OutgoingRequest,
  value: unknown,
): void {
  const onProgress = request.terms?.onProgress;
  if (onProgress === undefined) return;
  const dropped = (error: unknown) => logLimited(log, 'warn', 'a progress value was dropped', error);
  if (Undecodable.is(value)) return dropped(value.error);
  const check = checks?.find('progress', request.type);
  if (check === undefined) call(onProgress, value);
  else
    incoming?.order(
      () => check(value),
      (checked) => call(onProgress, checked),
      dropped,
    );
}

function call(onProgress: (value: unknown) => void, value: unknown): void {
  try {
    onProgress(value);
  } catch (error) {
    // The error is the user's, and must not reach the library.
    nextTick(() => {
      throw error;
    });
  }
}
