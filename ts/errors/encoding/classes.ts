import { safely } from '../../util/safely.js';

/** The built-in error classes that take only a message. */
export const builtIns: Record<string, new (message: string) => Error> = {
  TypeError,
  RangeError,
  SyntaxError,
  ReferenceError,
  URIError,
  EvalError,
};

/** A chain of prototypes may be endless, because of a proxy. */
const MOST_PROTOTYPES = 32;

/** The error's name, or that of its class if that is more specific. */
export function nameOf(error: Error): string {
  const name = safely(() => error.name);
  const className = safely(() => error.constructor.name);
  // A class that does not set a name has its parent's: the class name is more specific.
  if (typeof className === 'string' && className !== '' && (name === 'Error' || name === builtInOf(error))) {
    return className;
  }
  return typeof name === 'string' ? name : 'Error';
}

/** The nearest built-in class, if it is not plain `Error`. */
export function builtInOf(error: Error): string | undefined {
  return safely(() => {
    if (error instanceof AggregateError) return 'AggregateError';
    if (error instanceof Error)
      return Object.keys(builtIns).find((name) => error instanceof (builtIns[name] as typeof Error));
    return foreignBuiltInOf(error);
  });
}

/** Names identify classes of another realm. */
function foreignBuiltInOf(error: object): string | undefined {
  let prototype: unknown = Object.getPrototypeOf(error);
  for (let count = 0; typeof prototype === 'object' && prototype !== null && count < MOST_PROTOTYPES; count++) {
    const name = (prototype as { constructor?: { name?: unknown } }).constructor?.name;
    if (name === 'AggregateError' || (typeof name === 'string' && Object.hasOwn(builtIns, name))) return name;
    prototype = Object.getPrototypeOf(prototype);
  }
  return undefined;
}
