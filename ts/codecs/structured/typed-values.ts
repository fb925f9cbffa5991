import type { ValueType } from '../../types/value-type.js';

export type ValueTypes = ReadonlyMap<string, ValueType>;

/** A value of a user's type, as it travels: the name of the type, and what takes the place of the value. */
export type TypedValue = readonly [name: string, encoded: unknown];

/** The values of users' types that the writer has found. */
export class TypedValues {
  private readonly found = new Map<object, TypedValue>();

  constructor(private readonly types: ValueTypes) {}

  /** One that was found before. */
  known(value: object): TypedValue | undefined {
    return this.found.get(value);
  }

  /** What travels in place of those that were found. */
  encoded(): unknown[] {
    return Array.from(this.found.values(), ([, encoded]) => encoded);
  }

  /** @returns `undefined`: the value is of none of the types. */
  find(value: object): TypedValue | undefined {
    if (this.found.has(value)) return this.found.get(value);
    for (const [name, type] of this.types) {
      if (!type.is(value)) continue;
      const typed = [name, type.encode(value)] as const;
      this.found.set(value, typed);
      return typed;
    }
    return undefined;
  }
}

/** Makes a value of its data. Throws if this side does not know its type, or the type refuses it. */
export function decodeTyped(data: unknown, types: ValueTypes | undefined): unknown {
  const [name, encoded] = typedValueOf(data);
  if (types === undefined) throw new Error('this side has no types of values');
  const type = types.get(name);
  if (type === undefined) throw new Error(`this side has no type of values ${JSON.stringify(name.slice(0, 100))}`);
  return type.decode(encoded);
}

/** Throws if the data are none. */
export function typedValueOf(data: unknown): TypedValue {
  if (!Array.isArray(data) || data.length !== 2 || typeof data[0] !== 'string') {
    throw new Error('the data of a typed value are none');
  }
  return data as unknown as TypedValue;
}
