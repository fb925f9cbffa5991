import { types } from 'node:util';

/** Gives what takes the place of an object; `undefined`: the object stays, and its members are visited. */
export type Replace = (object: object) => object | undefined;

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
    if (other !== undefined) return other;
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
  if (types.isNativeError(object)) return visitMember(object as { cause?: unknown }, 'cause', visit);
  const members = object as Record<string, unknown>;
  for (const name of Object.keys(members)) visitMember(members, name, visit);
}

function visitMember<K extends string>(
  object: { [N in K]?: unknown },
  name: K,
  visit: (value: unknown) => unknown,
): void {
  const before = object[name];
  const after = visit(before);
  if (after !== before) object[name] = after;
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
