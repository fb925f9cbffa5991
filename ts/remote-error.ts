import { WorkerError } from './errors.js';
import type { RemoteErrorPayload, RemoteValue } from './types/message.js';
import type { WorkerErrorCode } from './types/worker-error-code.js';

const builtIns: Record<string, new (message: string) => Error> = {
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

/** The error again, on the other side. */
export function decodeError(data: unknown): Error {
  if (typeof data !== 'object' || data === null) {
    return new WorkerError('ERR_MALFORMED_MESSAGE', 'the worker answered with an error that is none');
  }
  return dataToError(data as Partial<RemoteErrorPayload>);
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

function nameOf(error: Error): string {
  const name = safely(() => error.name);
  const className = safely(() => error.constructor.name);
  // A class that does not set a name has its parent's: the class itself says more.
  if (typeof className === 'string' && className !== '' && (name === 'Error' || name === builtInOf(error))) {
    return className;
  }
  return typeof name === 'string' ? name : 'Error';
}

/** The nearest built-in class, if it is not plain `Error`. */
function builtInOf(error: Error): string | undefined {
  if (error instanceof AggregateError) return 'AggregateError';
  return Object.keys(builtIns).find((name) => error instanceof (builtIns[name] as typeof Error));
}

function dataToError(data: Partial<RemoteErrorPayload>): Error {
  const message = String(data.message ?? '');
  const error = createError(data, message);
  if (data.name !== undefined && error.name !== data.name) hide(error, 'name', String(data.name));
  if (typeof data.stack === 'string') hide(error, 'stack', data.stack);
  if (data.cause !== undefined) hide(error, 'cause', dataToValue(data.cause));
  if (data.thrown !== undefined) hide(error, 'cause', dataToValue(data.thrown));
  if (data.code !== undefined && (error as { code?: unknown }).code !== data.code) define(error, 'code', data.code);
  for (const [key, value] of Object.entries(data.properties ?? {})) define(error, key, dataToValue(value));
  return error;
}

function createError(data: Partial<RemoteErrorPayload>, message: string): Error {
  if (data.name === 'WorkerError' && typeof data.code === 'string') {
    return new WorkerError(data.code as WorkerErrorCode, message);
  }
  if (data.class === 'AggregateError' || (data.class === undefined && Array.isArray(data.errors))) {
    return new AggregateError((data.errors ?? []).map(dataToValue), message);
  }
  const name = data.class ?? data.name ?? '';
  const Class = Object.hasOwn(builtIns, name) ? builtIns[name] : undefined;
  return Class === undefined ? new Error(message) : new Class(message);
}

function dataToValue(data: RemoteValue): unknown {
  if (typeof data !== 'object' || data === null) return data;
  return data.error === undefined ? data.value : dataToError(data.error);
}

/** Adds a property as an assignment would, but also one named `__proto__`. */
function define(target: object, key: string, value: unknown): void {
  Object.defineProperty(target, key, { value, configurable: true, enumerable: true, writable: true });
}

function hide(target: object, key: string, value: unknown): void {
  Object.defineProperty(target, key, { value, configurable: true, enumerable: false, writable: true });
}

function safely<T>(look: () => T): T | undefined {
  try {
    return look();
  } catch {
    return undefined;
  }
}
