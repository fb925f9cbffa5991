// What the library uses of `node:util`. Types are found out by functions of the language that no script can replace.
const { call } = Function.prototype;
const bound = <T>(of: T): T => call.bind(of as never) as never;
const getter = (of: object, name: PropertyKey): ((value: unknown) => unknown) =>
  bound(Object.getOwnPropertyDescriptor(of, name)?.get) as never;

const mapSize = getter(Map.prototype, 'size');
const setSize = getter(Set.prototype, 'size');
const bufferLength = getter(ArrayBuffer.prototype, 'byteLength');
const sharedLength = getter(SharedArrayBuffer.prototype, 'byteLength');
const viewTag = getter(Object.getPrototypeOf(Uint8Array.prototype) as object, Symbol.toStringTag);
const time = bound(Date.prototype.getTime) as never as (value: unknown) => unknown;
const flags = bound(RegExp.prototype.exec) as never as (value: unknown, text: string) => unknown;
const valueOf = [Number, String, Boolean, BigInt, Symbol].map(
  ({ prototype }) => bound((prototype as { valueOf(): unknown }).valueOf) as never as (value: unknown) => unknown,
);
const tagOf = bound(Object.prototype.toString) as never as (value: unknown) => string;
const { isView } = ArrayBuffer;
// Of the engine: whether it is an error, of any class, whatever its prototype is now.
const { isError } = Error as ErrorConstructor & { isError?: (value: unknown) => boolean };

function works(look: (value: unknown) => unknown, value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  try {
    look(value);
    return true;
  } catch {
    return false;
  }
}

export const types = {
  isMap: (value: unknown): boolean => works(mapSize, value),
  isSet: (value: unknown): boolean => works(setSize, value),
  isArrayBuffer: (value: unknown): boolean => works(bufferLength, value),
  isSharedArrayBuffer: (value: unknown): boolean => works(sharedLength, value),
  isAnyArrayBuffer: (value: unknown): boolean => works(bufferLength, value) || works(sharedLength, value),
  isUint8Array: (value: unknown): boolean => isView(value) && viewTag(value) === 'Uint8Array',
  isDate: (value: unknown): boolean => works(time, value),
  isRegExp: (value: unknown): boolean => tagOf(value) === '[object RegExp]' && works((of) => flags(of, ''), value),
  isBoxedPrimitive: (value: unknown): boolean => valueOf.some((look) => works(look, value)),
  isModuleNamespaceObject: (value: unknown): boolean => tagOf(value) === '[object Module]',
  isNativeError: (value: unknown): boolean => isError?.(value) ?? value instanceof Error,
  isPromise: (value: unknown): boolean => value instanceof Promise,
  isProxy: (): boolean => false,
};

const DEEPEST = 4;
const MOST = 100;

/** A value as text for the console. */
export function inspect(value: unknown): string {
  try {
    return show(value, 0, []);
  } catch (error) {
    return `[a value that cannot be shown: ${String(error)}]`;
  }
}

function show(value: unknown, depth: number, path: readonly unknown[]): string {
  if (typeof value === 'string') return depth === 0 ? value : JSON.stringify(value);
  if (typeof value === 'bigint') return `${value}n`;
  if (Object.is(value, -0)) return '-0';
  if (typeof value === 'function') return `[function ${value.name}]`;
  if (typeof value !== 'object' || value === null) return String(value);
  if (path.includes(value)) return '[circular]';
  if (types.isNativeError(value)) return showError(value as Error);
  if (types.isDate(value)) return (value as Date).toJSON() ?? 'Invalid Date';
  if (types.isRegExp(value)) return String(value);
  if (depth >= DEEPEST) return Array.isArray(value) ? '[array]' : '[object]';
  const inner = [...path, value];
  const each = (members: readonly unknown[]) => members.map((member) => show(member, depth + 1, inner));
  if (Array.isArray(value) || types.isUint8Array(value)) {
    const { length } = value as unknown[];
    const shown = each(Array.prototype.slice.call(value, 0, MOST));
    return `[ ${shown.join(', ')}${length > shown.length ? `, … ${length - shown.length} more` : ''} ]`;
  }
  if (types.isSet(value)) return `Set { ${each([...(value as Set<unknown>)].slice(0, MOST)).join(', ')} }`;
  if (types.isMap(value)) {
    const entries = [...(value as Map<unknown, unknown>)].slice(0, MOST);
    return `Map { ${entries.map((entry) => each(entry).join(' => ')).join(', ')} }`;
  }
  const members = Object.entries(value)
    .slice(0, MOST)
    .map(([name, member]) => `${name}: ${show(member, depth + 1, inner)}`);
  return members.length === 0 ? '{}' : `{ ${members.join(', ')} }`;
}

function showError(error: Error): string {
  const { name, message, stack } = error;
  return `${name}: ${message}${stack === undefined || stack === '' ? '' : `\n${stack}`}`.trimEnd();
}

export function stripVTControlCharacters(text: string): string {
  return text;
}
