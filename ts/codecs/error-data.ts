import { createError, hide } from '../rebuilt-error.js';
import { builtInOf, define, nameOf } from '../remote-error.js';

/** An error without its members' own errors. */
export interface ErrorData {
  readonly name: string;
  readonly message: string;
  /** The nearest built-in class, if it is not plain `Error`. */
  readonly class: string | undefined;
  readonly stack: string | undefined;
  readonly code: unknown;
  /** In an array, as there may be one that is `undefined`. */
  cause: [unknown] | undefined;
  errors: unknown[] | undefined;
  properties: Record<string, unknown>;
}

const special = new Set(['name', 'message', 'stack', 'cause', 'errors']);

/** What is to be told of an error. Functions among its members are left out. */
export function describeError(error: Error): ErrorData {
  const { stack, code, errors } = error as { stack?: unknown; code?: unknown; errors?: unknown };
  const properties: Record<string, unknown> = {};
  for (const key of Object.keys(error)) {
    const value = (error as unknown as Record<string, unknown>)[key];
    if (!special.has(key) && typeof value !== 'function' && typeof value !== 'symbol') define(properties, key, value);
  }
  return {
    name: nameOf(error),
    message: String(error.message),
    class: builtInOf(error),
    stack: typeof stack === 'string' ? stack : undefined,
    code: typeof code === 'string' || typeof code === 'number' ? code : undefined,
    cause: Object.hasOwn(error, 'cause') ? [error.cause] : undefined,
    errors: Array.isArray(errors) ? errors : undefined,
    properties,
  };
}

/** The error, before what it refers to is known. Throws where its data are none. */
export function beginError(head: Partial<ErrorData> | null): Error {
  const { name, message, class: of } = head ?? {};
  // A number that is none is `null` in JSON.
  const code = head?.code ?? undefined;
  if (typeof name !== 'string' || typeof message !== 'string') throw new Error('an error has no name or no message');
  if (!isText(of) || !isCode(code)) throw new Error(`the class or the code of an error "${name}" is none`);
  const data = {
    name,
    message,
    ...(of !== undefined && { class: of }),
    ...(typeof code === 'string' && { code }),
  };
  const error = createError(data, message);
  if (error.name !== name) hide(error, 'name', name);
  return error;
}

/** Gives an error what it refers to. Throws where the data are none. */
export function completeError(error: Error, data: Partial<ErrorData>): void {
  const { stack, code, cause, errors, properties = {} } = data;
  const fits =
    isText(stack) &&
    isCode(code) &&
    (cause === undefined || (Array.isArray(cause) && cause.length === 1)) &&
    (errors === undefined || Array.isArray(errors)) &&
    Object.getPrototypeOf(properties) === Object.prototype &&
    Object.keys(properties).every((key) => !special.has(key));
  if (!fits) throw new Error(`the data of an error "${error.name}" are none`);
  if (stack !== undefined) hide(error, 'stack', stack);
  if (cause !== undefined) hide(error, 'cause', cause[0]);
  if (errors !== undefined) hide(error, 'errors', errors);
  if (code !== undefined && (error as { code?: unknown }).code !== code) define(error, 'code', code);
  for (const [key, value] of Object.entries(properties)) define(error, key, value);
}

function isText(value: unknown): boolean {
  return value === undefined || typeof value === 'string';
}

function isCode(code: unknown): boolean {
  return code === undefined || typeof code === 'string' || typeof code === 'number';
}
