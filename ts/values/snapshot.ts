/** Stands for a value that has to travel alone. */
export const ALONE = Symbol('alone');

const MAX_MEMBERS = 64;
const MAX_OBJECTS = 16;

/**
 * A copy that shares no object with anything else, so that it can wait for the end of the tick and travel in one
 * structured clone together with other messages. `ALONE` for what is too large, has an identity to keep (one object
 * twice), or is more than plain objects, arrays and primitives: that is cloned at once, by itself.
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
      // Somebody has given all objects a member.
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
  // One with holes, or with members besides its elements, is for the structured clone.
  if (source.length > MAX_MEMBERS || Object.keys(source).length !== source.length) return ALONE;
  const result = new Array<unknown>(source.length);
  for (let index = 0; index < source.length; index++) {
    const value = source[index];
    if (typeof value === 'object' && value !== null) {
      const nested = copy(value, seen);
      if (nested === ALONE) return ALONE;
      result[index] = nested;
    } else if (!isPrimitive(value)) return ALONE;
    // A hole that a member besides the elements makes up for.
    else if (value === undefined && !Object.hasOwn(source, index)) return ALONE;
    else result[index] = value;
  }
  return result;
}

/** What the structured clone takes, of what is no object. */
function isPrimitive(value: unknown): boolean {
  return typeof value !== 'function' && typeof value !== 'symbol';
}
