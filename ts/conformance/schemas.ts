// Validators like those of libraries, without one: Standard Schema, written by hand.
import type { SchemaIssue, SchemaResult, StandardSchema } from '../index.js';

/** An error of `validate` is an error of the validator. */
export function schema(validate: (value: unknown) => SchemaResult<unknown> | Promise<SchemaResult<unknown>>): Schema {
  return { '~standard': { version: 1, vendor: 'conformance', validate } };
}

export type Schema = StandardSchema;

/** A number, and the output for it. */
export function numberTo(make: (value: number) => unknown = (value) => value): Schema {
  return schema((value) => (typeof value === 'number' ? { value: make(value) } : wrong('must be a number')));
}

/** An object with this member of this type, and the output for it. */
export function memberOf(name: string, kind: 'number' | 'string', make: (value: Members) => unknown): Schema {
  return schema((value) => {
    if (typeof value !== 'object' || value === null) return wrong('must be an object');
    const members = value as Members;
    return typeof members[name] === kind ? { value: make(members) } : wrong(`must be a ${kind}`, name);
  });
}

export type Members = Record<string, unknown>;

export function wrong(message: string, ...path: readonly PropertyKey[]): { issues: readonly SchemaIssue[] } {
  return { issues: [path.length === 0 ? { message } : { message, path }] };
}
