/** Whether a handler that returns this value streams: it is an async iterable, a generator, or a readable stream. */
export function isStream(value: object): boolean {
  if (Symbol.asyncIterator in value) return true;
  if (Object.getPrototypeOf(value) === Object.prototype) return false;
  const { getReader, next } = value as { getReader?: unknown; next?: unknown };
  return typeof getReader === 'function' || (typeof next === 'function' && Symbol.iterator in value);
}

/** Whether a value has chunks to read. */
export function isIterable(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return isStream(value) || Symbol.iterator in value;
}
