import { invalidOption } from '../errors/worker-error.js';
import { checkKnown } from '../options/check-known.js';
import { ANY, type KnownOf } from '../options/known.js';
import type { Serializer } from '../types/serializer.js';
import type { StructuredSerializerOptions, ValueType } from '../types/value-type.js';
import { structured } from './load-structured.js';

const type: KnownOf<ValueType> = { is: true, encode: true, decode: true };
const options: KnownOf<StructuredSerializerOptions> = { types: { [ANY]: type } };

/**
 * The serializer `'structured'` with types of values that it refuses, or of which it carries the members alone: such as a `URL`, an
 * instance of a class, a function. Host and worker create it with the same names. Errors that a handler throws travel without such
 * values; errors in payloads and results carry them.
 *
 * @example
 * ```ts
 * const serializer = new StructuredSerializer({
 *   types: {
 *     url: { is: (value) => value instanceof URL, encode: (url: URL) => url.href, decode: (href: string) => new URL(href) },
 *   },
 * });
 * ```
 */
export class StructuredSerializer implements Serializer {
  /** `structured`, and the names of the types. */
  readonly name: string;
  readonly types: ReadonlyMap<string, ValueType>;

  constructor(given: StructuredSerializerOptions) {
    if (typeof given !== 'object' || given === null) throw invalidOption('options', 'an object', given);
    checkKnown('StructuredSerializer', given, options);
    const { types } = given;
    if (typeof types !== 'object' || types === null) throw invalidOption('types', 'an object', types);
    const names = Object.keys(types).toSorted();
    for (const name of names) checkType(name, types[name]);
    this.types = new Map(names.map((name) => [name, types[name] as ValueType]));
    this.name = ['structured', ...names].join('+');
  }

  serialize(data: unknown): Uint8Array {
    return structured().codecOf(this).serializer.serialize(data) as Uint8Array;
  }

  deserialize(data: string | Uint8Array): unknown {
    return structured().codecOf(this).serializer.deserialize(data);
  }
}

function checkType(name: string, given: unknown): void {
  if (name === '' || name.includes('+')) throw invalidOption('the name of a type', "a text without '+'", name);
  for (const method of ['is', 'encode', 'decode'] as const) {
    const found = (given as Partial<ValueType> | null | undefined)?.[method];
    if (typeof found !== 'function') throw invalidOption(`types.${name}.${method}`, 'a function', found);
  }
}
