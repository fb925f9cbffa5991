import { Undecodable } from '../payload-codec.js';
import type { RequestsOptions } from './options.js';
import type { Pending } from './pending.js';

/** A value that a handler tells before its outcome goes to who wants it. */
export function tellProgress({ log, checks, incoming }: RequestsOptions, pending: Pending, value: unknown): void {
  const onProgress = pending.extras?.terms?.onProgress;
  if (onProgress === undefined) return;
  const dropped = (error: unknown) => log('warn', 'a progress value was dropped', error);
  if (value instanceof Undecodable) return dropped(value.error);
  const check = checks?.find('progress', pending.type);
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
    // It is its user's, and must not reach ours.
    process.nextTick(() => {
      throw error;
    });
  }
}
