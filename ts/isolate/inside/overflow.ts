/** The error of the engine. A script may throw one like it, and so end itself. */
export function isOverflow(payload: unknown): boolean {
  const { name, message } = (payload ?? {}) as { name?: unknown; message?: unknown };
  return name === 'RangeError' && message === 'Maximum call stack size exceeded';
}
