import { inspect } from 'node:util';

import { exit } from '../../util/primordials.js';
import { unserializable } from '../errors.js';
import type { Frame } from '../frames.js';

/**
 * Reports the error that nobody catches to the host, which emits it, and ends this process. It prints nothing: a thread does not,
 * either.
 */
export function reportUncaught(post: (frame: Frame) => void): void {
  process.on('uncaughtException', (error: unknown) => {
    // The program has listeners of its own.
    if (process.listenerCount('uncaughtException') > 1) return;
    send(error, post);
    process.exitCode = 1;
    exit();
  });
}

function send(error: unknown, post: (frame: Frame) => void): void {
  for (const make of [() => error, () => plain(error), unserializable]) {
    try {
      return post({ kind: 'error', error: make() });
    } catch {
      // The next one says less.
    }
  }
}

/** An error without what no other process can have. */
function plain(thrown: unknown): unknown {
  if (!(thrown instanceof Error)) return inspect(thrown);
  const { name, message, stack } = thrown;
  return Object.assign(new Error(message), { name, stack });
}
