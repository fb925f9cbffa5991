import { types } from 'node:util';

/** The object stays, and its members are visited. */
export const KEEP: unique symbol = Symbol('keep');

/** Gives what takes the place of an object, or {@link KEEP}. */
export type Replace = (object: object) => unknown;

/**
 * Replaces objects in a graph of plain values, which belongs to the caller: a structured clone. Visits each object once, without
 * recursion.
 */
export function replaceIn(root: unknown, replace: Replace): unknown {
  const seen = new Set<object>();
  const waiting: object[] = [];
  const visit = (value: unknown): unknown => {
    if (typeof value !== 'object' || value === null) return value;
    const other = replace(value);
    if (other !== KEEP) return other;
    if (!seen.has(value)) {
      seen.add(value);
      waiting.push(value);
    }
    return value;
  };
  const result = visit(root);
  for (let object = waiting.pop(); object !== undefined; object = waiting.pop()) visitMembers(object, visit);
  return result;
}

function visitMembers(object: object, visit: (value: unknown) => unknown): void {
  if (types.isMap(object)) return visitMap(object, visit);
  if (types.isSet(object)) return visitSet(object, visit);
  if (types.isArrayBufferView(object) || types.isAnyArrayBuffer(object)) return;
  for (const name of Object.keys(object)) visitMember(object, name, visit);
  if (!types.isNativeError(object)) return;
  for (const name of ['cause', 'errors']) if (Object.hasOwn(object, name)) visitMember(object, name, visit);
}

function visitMember(object: object, name: string, visit: (value: unknown) => unknown): void {
  const before = (object as Record<string, unknown>)[name];
  const after = visit(before);
  if (after === before) return;
  // An assignment to `__proto__` would do something else.
  Object.defineProperty(object, name, { ...Object.getOwnPropertyDescriptor(object, name), value: after });
}

/** In their order, also where a key changes. */
function visitMap(map: Map<unknown, unknown>, visit: (value: unknown) => unknown): void {
  const before = [...map];
  const after = before.map(([key, value]) => [visit(key), visit(value)] as const);
  if (after.every(([key, value], index) => key === before[index]?.[0] && value === before[index]?.[1])) return;
  map.clear();
  for (const [key, value] of after) map.set(key, value);
}

function visitSet(set: Set<unknown>, visit: (value: unknown) => unknown): void {
  const before = [...set];
  const after = before.map(visit);
  if (after.every((value, index) => value === before[index])) return;
  set.clear();
  for (const value of after) set.add(value);
}
