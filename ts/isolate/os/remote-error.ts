// Errors of a worker, from the data that ts/isolate/inside/os/report.ts sends. Code of a user may have sent anything.

/** The deepest chain of causes. */
const DEEPEST = 16;
const classes = { TypeError, RangeError, SyntaxError, ReferenceError, URIError, EvalError };
const ownNames = new Set(['name', 'message', 'stack', 'cause', 'errors']);

type Data = Readonly<Record<string, unknown>>;

/** `null`: it is the data of no error. */
export function toError(data: unknown): Error | null {
  return rebuild(data, new Map(), 0) ?? null;
}

function rebuild(data: unknown, known: Map<unknown, Error>, depth: number): Error | undefined {
  if (!isErrorData(data) || depth > DEEPEST) return undefined;
  const before = known.get(data);
  if (before !== undefined) return before;
  const error = create(data);
  known.set(data, error);
  const nested = (value: unknown) => rebuild(value, known, depth + 1) ?? value;
  if (text(data.name) !== error.name) define(error, 'name', text(data.name));
  define(error, 'stack', text(data.stack));
  if (Object.hasOwn(data, 'cause')) define(error, 'cause', nested(data.cause));
  if (Array.isArray(data.errors)) define(error, 'errors', data.errors.map(nested));
  for (const [name, value] of Object.entries(data.members ?? {})) {
    if (!ownNames.has(name)) define(error, name, value, true);
  }
  return error;
}

function create(data: Data): Error {
  const message = text(data.message);
  if (data.class === 'AggregateError') return new AggregateError([], message);
  const name = data.class as keyof typeof classes;
  return new (Object.hasOwn(classes, name) ? classes[name] : Error)(message);
}

/** The names of classes tell it from any value that an error may have as its cause. */
function isErrorData(data: unknown): data is Data {
  return typeof data === 'object' && data !== null && typeof (data as Data).class === 'string' && 'stack' in data;
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function define(error: Error, name: string, value: unknown, enumerable = false): void {
  Object.defineProperty(error, name, { value, enumerable, writable: true, configurable: true });
}
