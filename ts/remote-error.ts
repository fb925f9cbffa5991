import type { RemoteErrorPayload, RemoteValue } from './types/message.js';

export const builtIns: Record<string, new (message: string) => Error> = {
  TypeError,
  RangeError,
  SyntaxError,
  ReferenceError,
  URIError,
  EvalError,
};

const ownMembers = new Set(['name', 'message', 'stack', 'code', 'cause', 'errors']);
const MAX_DEPTH = 8;
/** How many errors one error may bring along: shared members would else grow without bound. */
const MAX_ERRORS = 1000;

/** A thrown value as data. Never throws itself, whatever the value does when it is looked at. */
export function encodeError(thrown: unknown): RemoteErrorPayload {
  try {
    const path: Path = { outer: [], budget: { left: MAX_ERRORS } };
    return thrown instanceof Error ? errorToData(thrown, path) : thrownToData(thrown, path);
  } catch (failure) {
    const message = `a value was thrown that cannot be told: ${safely(() => String(failure)) ?? 'looking at it throws'}`;
    return { name: 'WorkerError', message, code: 'ERR_THROWN_VALUE' };
  }
}

/** How deep inside which errors we are. */
interface Path {
  readonly outer: readonly Error[];
  readonly budget: { left: number };
}

function errorToData(error: Error, { outer, budget }: Path): RemoteErrorPayload {
  const data: RemoteErrorPayload = { name: nameOf(error), message: String(safely(() => error.message) ?? '') };
  const builtIn = builtInOf(error);
  if (builtIn !== undefined) data.class = builtIn;
  const stack = safely(() => error.stack);
  if (typeof stack === 'string') data.stack = stack;
  const code = safely(() => (error as { code?: unknown }).code);
  if (typeof code === 'string' || typeof code === 'number') data.code = code;

  const path: Path = { outer: [...outer, error], budget };
  if (Object.hasOwn(error, 'cause'))
    data.cause = valueToData(
      safely(() => error.cause),
      path,
    );
  const errors = safely(() => (error as { errors?: unknown }).errors);
  if (Array.isArray(errors)) data.errors = errors.map((each) => valueToData(each, path));

  const properties: Record<string, RemoteValue> = {};
  for (const key of Object.keys(error)) {
    if (ownMembers.has(key) && !(key === 'code' && data.code === undefined)) continue;
    define(
      properties,
      key,
      valueToData(
        safely(() => (error as unknown as Record<string, unknown>)[key]),
        path,
      ),
    );
  }
  if (Object.keys(properties).length > 0) data.properties = properties;
  return data;
}

function thrownToData(thrown: unknown, path: Path): RemoteErrorPayload {
  const text = typeof thrown === 'object' && thrown !== null ? 'an object' : String(thrown);
  const message = `a handler threw ${text}, which is no Error; it is the cause of this one`;
  return { name: 'WorkerError', message, code: 'ERR_THROWN_VALUE', thrown: valueToData(thrown, path) };
}

function valueToData(value: unknown, path: Path): RemoteValue {
  if (value instanceof Error) {
    if (path.outer.includes(value)) return { value: '[Circular]' };
    if (path.outer.length >= MAX_DEPTH || path.budget.left-- <= 0) return { value: `[${nameOf(value)}]` };
    return { error: errorToData(value, path) };
  }
  if (value === undefined) return {};
  const text = safely(() => JSON.stringify(value)) ?? safely(() => JSON.stringify(String(value)));
  return { value: text === undefined ? '[not serialisable]' : (JSON.parse(text) as unknown) };
}

export function nameOf(error: Error): string {
  const name = safely(() => error.name);
  const className = safely(() => error.constructor.name);
  // A class that does not set a name has its parent's: the class itself says more.
  if (typeof className === 'string' && className !== '' && (name === 'Error' || name === builtInOf(error))) {
    return className;
  }
  return typeof name === 'string' ? name : 'Error';
}

/** The nearest built-in class, if it is not plain `Error`. */
export function builtInOf(error: Error): string | undefined {
  if (error instanceof AggregateError) return 'AggregateError';
  return Object.keys(builtIns).find((name) => error instanceof (builtIns[name] as typeof Error));
}

/** Adds a property as an assignment would, but also one named `__proto__`. */
export function define(target: object, key: string, value: unknown): void {
  Object.defineProperty(target, key, { value, configurable: true, enumerable: true, writable: true });
}

function safely<T>(look: () => T): T | undefined {
  try {
    return look();
  } catch {
    return undefined;
  }
}
