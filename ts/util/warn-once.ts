const warned = new Set<string>();

/** Emits a process warning: once for each code, because it may concern each message. */
export function warnOnce(code: string, text: string): void {
  if (warned.has(code)) return;
  warned.add(code);
  process.emitWarning(text, { type: 'IsolatedWorkersWarning', code });
}
