import { inspect } from 'node:util';

import { exit } from '../../util/primordials.js';
import { unserializable } from '../errors.js';
import type { ErrorText, Frame } from '../frames.js';

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
  const frames: (() => Frame)[] = [
    () => ({ kind: 'error', error }),
    () => ({ kind: 'error', error: plain(error) }),
    () => ({ kind: 'error-text', ...textOf(error) }),
    () => ({ kind: 'error-text', ...textOf(unserializable()) }),
  ];
  for (const make of frames) {
    try {
      return post(make());
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

function textOf(thrown: unknown): ErrorText {
  const { name, message, stack, code } = thrown as Error & { readonly code?: unknown };
  return {
    name: String(name),
    message: String(message),
    stack: typeof stack === 'string' ? stack : undefined,
    code: typeof code === 'string' ? code : undefined,
  };
}
