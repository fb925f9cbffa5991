/** Stands for a value that must travel alone. */
export const ALONE = Symbol('alone');

const MAX_MEMBERS = 64;
const MAX_OBJECTS = 16;

/**
 * A copy that shares no object with anything else, so that it can wait for the end of the tick and travel in one
 * structured clone together with other messages. `ALONE` for a value that is too large, has an identity to keep (one
 * object twice), or is more than plain objects, arrays and primitives: `postMessage` clones that at once.
 */
export function snapshot(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return isPrimitive(value) ? value : ALONE;
  try {
    return copy(value, []);
  } catch {
    // A getter throws, which the structured clone will report.
    return ALONE;
  }
}

function copy(source: object, seen: object[]): unknown {
  if (seen.length === MAX_OBJECTS || seen.includes(source)) return ALONE;
  seen.push(source);
  if (Array.isArray(source)) return copyArray(source, seen);
  const prototype: unknown = Object.getPrototypeOf(source);
  if (prototype !== Object.prototype && prototype !== null) return ALONE;
  const result: Record<string, unknown> = { ...source };
  let members = 0;
  for (const key in result) {
    const value = result[key];
    if (++members > MAX_MEMBERS) return ALONE;
    if (typeof value === 'object' && value !== null) {
      // A program has added a member to all objects.
      if (!Object.hasOwn(result, key)) continue;
      const nested = copy(value, seen);
      // An assignment to `__proto__` would not make a member.
      if (nested === ALONE || key === '__proto__') return ALONE;
      result[key] = nested;
    } else if (!isPrimitive(value)) return ALONE;
  }
  return result;
}

function copyArray(source: readonly unknown[], seen: object[]): unknown {
  // An array with holes, or with members besides its elements, needs the structured clone.
  if (source.length > MAX_MEMBERS || Object.keys(source).length !== source.length) return ALONE;
  // V8 serializes an array that was made with a length member by member, as if it had holes.
  const result: unknown[] = [];
  for (let index = 0; index < source.length; index++) {
    const value = source[index];
    if (typeof value === 'object' && value !== null) {
      const nested = copy(value, seen);
      if (nested === ALONE) return ALONE;
      result.push(nested);
    } else if (!isPrimitive(value)) return ALONE;
    // A hole that an extra member makes up for.
    else if (value === undefined && !Object.hasOwn(source, index)) return ALONE;
    else result.push(value);
  }
  return result;
}

/** Primitives that structured clone accepts. */
function isPrimitive(value: unknown): boolean {
  return typeof value !== 'function' && typeof value !== 'symbol';
}
