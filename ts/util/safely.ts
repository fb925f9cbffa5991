// Reads values of users and peers without throwing: getters, proxies and odd errors may throw.
import { types } from 'node:util';

/** The result of `look`; `undefined` if it throws. */
export function safely<T>(look: () => T): T | undefined {
  try {
    return look();
  } catch {
    return undefined;
  }
}

/** Whether a value is an error, of this realm or of another (`vm`, the sandbox of a test runner). */
export function isError(value: unknown): value is Error {
  if (typeof value !== 'object' || value === null) return false;
  return types.isNativeError(value) || safely(() => value instanceof Error) === true;
}

/** The text of a thrown value. */
export function reasonOf(thrown: unknown): string {
  const text = isError(thrown) ? safely(() => thrown.message) : safely(() => String(thrown));
  return typeof text === 'string' ? text : 'what was thrown cannot be shown as text';
}
