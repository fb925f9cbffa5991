import { original } from '../originals.js';
import { isShared } from '../values/snapshot.js';

const told = new Set<string>();

/** Emits a process warning, once for each code and subject. */
export function warnOnce(code: string, subject: string, text: string): void {
  const key = `${code} ${subject}`;
  if (told.has(key)) return;
  told.add(key);
  process.emitWarning(text, { type: 'IsolatedWorkersWarning', code });
}

/** @param reason - What only a thread can receive. */
export function warnOfThread(script: string, reason: object): void {
  const does = isShared(reason)
    ? 'shares memory with its host'
    : `receives an object that only a thread can (${kindOf(reason)})`;
  warnOnce(
    'ISOLATED_WORKERS_THREAD',
    script,
    `the worker ${script} ${does}, so it is a thread of this process and no process of its own. ` +
      'Give it `isolation: "thread"`, or exclude it by ISOLATED_WORKERS_EXCLUDE, to say that this is meant.',
  );
}

export function warnOfNoMemory(): void {
  // The threads of a program load this, too.
  if (!original.isMainThread) return;
  warnOnce(
    'ISOLATED_WORKERS_NO_SHARED_MEMORY',
    '',
    'this runtime cannot share memory between processes, which needs Linux and Node 22.23, 24.22 or 26, or Bun 1.4.5, or later. A ' +
      'worker that shares memory with its host is a thread, and piscina and tinypool do without.',
  );
}

export function warnOfCallback(): void {
  process.emitWarning(
    'Passing a callback to worker.terminate() is deprecated. It returns a Promise instead.',
    'DeprecationWarning',
    'DEP0132',
  );
}

export function warnOfSharedEnv(): void {
  warnOnce(
    'ISOLATED_WORKERS_SHARE_ENV',
    '',
    'a worker that is a process of its own gets a copy of the environment in place of SHARE_ENV.',
  );
}

function kindOf(object: object): string {
  return Object.prototype.toString.call(object).slice('[object '.length, -1);
}
