import { createError, hide, markRemote } from '../../errors/decoding/create-error.js';
import { builtInOf, nameOf } from '../../errors/encoding/classes.js';
import { define } from '../../errors/encoding/define.js';
import { isRecord } from '../../util/is-record.js';

/** An error without its nested errors. */
export interface ErrorData {
  readonly name: string;
  readonly message: string;
  /** The nearest built-in class, if it is not plain `Error`. */
  readonly class: string | undefined;
  readonly stack: string | undefined;
  readonly code: unknown;
  /** In an array, because it may be `undefined`. */
  cause: [unknown] | undefined;
  errors: unknown[] | undefined;
  properties: Record<string, unknown>;
}

const special = new Set(['name', 'message', 'stack', 'cause', 'isRemote']);

/** The data of an error. Omits functions among its members. */
export function describeError(error: Error): ErrorData {
  const { stack, code } = error as { stack?: unknown; code?: unknown };
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
    errors: hiddenErrorsOf(error),
    properties,
  };
}

/** The errors of an `AggregateError`; an ordinary property stays one. */
export function hiddenErrorsOf(error: Error): unknown[] | undefined {
  const { errors } = error as { errors?: unknown };
  return Array.isArray(errors) && !Object.keys(error).includes('errors') ? errors : undefined;
}

/** Creates the error, before its referenced values are known. Throws if its data are invalid. */
export function beginError(head: Partial<ErrorData> | null): Error {
  const { name, message, class: of } = head ?? {};
  // An invalid number is `null` in JSON.
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

/** Adds the referenced values to an error. Throws if the data are invalid. */
export function completeError(error: Error, data: Partial<ErrorData>): void {
  const { stack, code, cause, errors, properties = {} } = data;
  const fits =
    isText(stack) &&
    isCode(code) &&
    (cause === undefined || (Array.isArray(cause) && cause.length === 1)) &&
    (errors === undefined || Array.isArray(errors)) &&
    isRecord(properties) &&
    Object.keys(properties).every((key) => !special.has(key));
  if (!fits) throw new Error(`the data of an error "${error.name}" are none`);
  if (stack !== undefined) hide(error, 'stack', stack);
  if (cause !== undefined) hide(error, 'cause', cause[0]);
  if (errors !== undefined) hide(error, 'errors', errors);
  if (code !== undefined && (error as { code?: unknown }).code !== code) define(error, 'code', code);
  for (const [key, value] of Object.entries(properties)) define(error, key, value);
  markRemote(error);
}

function isText(value: unknown): boolean {
  return value === undefined || typeof value === 'string';
}

function isCode(code: unknown): boolean {
  return code === undefined || typeof code === 'string' || typeof code === 'number';
}
