// Errors that nothing in the worker has caught: the host hears of them, and the worker goes on.
import { bridge } from '../bridge.js';
import { types } from '../node/util.js';
import { isOverflow } from '../overflow.js';
import { send } from './parent.js';

/** The deepest chain of causes, and the most errors of an `AggregateError`, that the host hears of. */
const DEEPEST = 8;
const MOST_ERRORS = 100;
const ownNames = new Set(['name', 'message', 'stack', 'cause', 'errors']);
const classes = Object.entries({
  AggregateError,
  TypeError,
  RangeError,
  SyntaxError,
  ReferenceError,
  URIError,
  EvalError,
});

/** An error as data: structured clone would leave out its name and its other members. */
interface ErrorData {
  /** The nearest class of the language. */
  readonly class: string;
  readonly name: string;
  readonly message: string;
  readonly stack: string;
  readonly members?: Readonly<Record<string, unknown>>;
  cause?: unknown;
  errors?: readonly unknown[];
}

/** Returns `true`: the error does not end the worker, unless it is an overflow of the stack. */
export function report(thrown: unknown): boolean {
  if (isOverflow(thrown)) {
    bridge.overflowStack();
    return false;
  }
  // What cannot be sent is left out: first the members that are no text, then all but the text.
  for (const withMembers of [true, false]) {
    try {
      const data = new Describer(withMembers).describe(thrown, 0);
      send('error', { text: textOf(thrown), ...placeOf(thrown), data });
      return true;
    } catch {}
  }
  send('error', { text: textOf(thrown).slice(0, bridge.maxResultBytes >> 3) });
  return true;
}

function textOf(thrown: unknown): string {
  try {
    return types.isNativeError(thrown) ? String((thrown as Error).message) : String(thrown);
  } catch {
    return 'a value without a text';
  }
}

/** The module and the line of the first call of its stack. */
function placeOf(thrown: unknown): { module?: string; line?: number } {
  if (!types.isNativeError(thrown)) return {};
  const [, module, line] = /([^\s()]+):(\d+):\d+\)?$/m.exec(stackOf(thrown as Error)) ?? [];
  return module === undefined ? {} : { module, line: Number(line) };
}

/** Without the calls of this library. */
function stackOf({ stack }: Error): string {
  const lines = String(stack ?? '').split('\n');
  return lines.filter((line) => !/\((?:<null>|quickjs:\w+):/.test(line)).join('\n');
}

class Describer {
  /** An error may be its own cause. */
  private readonly known = new Map<unknown, ErrorData>();

  constructor(private readonly withMembers: boolean) {}

  /** `undefined`: it is no error. */
  describe(thrown: unknown, depth: number): ErrorData | undefined {
    if (!types.isNativeError(thrown)) return undefined;
    const known = this.known.get(thrown);
    if (known !== undefined || depth > DEEPEST) return known;
    const error = thrown as Error & { errors?: unknown };
    const { name, message } = error;
    const data: ErrorData = {
      class: classes.find(([, each]) => error instanceof each)?.[0] ?? 'Error',
      name: String(name),
      message: String(message),
      stack: `${name}: ${message}\n${stackOf(error)}`.trimEnd(),
    };
    this.known.set(thrown, data);
    const nested = (value: unknown) => this.describe(value, depth + 1) ?? (this.withMembers ? value : undefined);
    if (Object.hasOwn(error, 'cause')) data.cause = nested(error.cause);
    if (Array.isArray(error.errors)) data.errors = error.errors.slice(0, MOST_ERRORS).map(nested);
    return this.withMembers ? Object.assign(data, { members: membersOf(error) }) : data;
  }
}

function membersOf(error: Error): Record<string, unknown> {
  return Object.fromEntries(Object.entries(error).filter(([name]) => !ownNames.has(name)));
}
