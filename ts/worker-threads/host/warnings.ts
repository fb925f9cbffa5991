const told = new Set<string>();

/** Emits a process warning, once for each code and subject. */
export function warnOnce(code: string, subject: string, text: string): void {
  const key = `${code} ${subject}`;
  if (told.has(key)) return;
  told.add(key);
  process.emitWarning(text, { type: 'IsolatedWorkersWarning', code });
}

export function warnOfThread(script: string): void {
  warnOnce(
    'ISOLATED_WORKERS_THREAD',
    script,
    `the worker ${script} shares memory with its host, so it is a thread of this process and no process of its own. ` +
      'Give it `isolation: "thread"`, or exclude it by ISOLATED_WORKERS_EXCLUDE, to say that this is meant.',
  );
}

export function warnOfSharedEnv(): void {
  warnOnce(
    'ISOLATED_WORKERS_SHARE_ENV',
    '',
    'a worker that is a process of its own gets a copy of the environment in place of SHARE_ENV.',
  );
}
