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

/** The error, before what it refers to is known. */
export function beginError({ name, message, class: of, code }: Partial<ErrorData>): Error {
  const data = {
    name: String(name),
    message: String(message),
    ...(typeof of === 'string' && { class: of }),
    ...(typeof code === 'string' && { code }),
  };
  const error = createError(data, data.message);
  if (error.name !== data.name) hide(error, 'name', data.name);
  return error;
}

export function completeError(error: Error, data: Partial<ErrorData>): void {
  const { stack, code, cause, errors, properties } = data;
  if (typeof stack === 'string') hide(error, 'stack', stack);
  if (Array.isArray(cause)) hide(error, 'cause', cause[0]);
  if (Array.isArray(errors)) hide(error, 'errors', errors);
  if (code !== undefined && (error as { code?: unknown }).code !== code) define(error, 'code', code);
  for (const [key, value] of Object.entries(properties ?? {})) define(error, key, value);
}
