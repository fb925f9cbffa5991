// What the library uses of `node:crypto`: random numbers of the addon.

/** A random UUID. */
export function randomUUID(): string {
  return (globalThis as unknown as { crypto: { randomUUID(): string } }).crypto.randomUUID();
}
