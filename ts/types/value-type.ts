/**
 * A type of values that `StructuredSerializer` is to carry in place of refusing them, or in place of their members.
 *
 * @typeParam T - The values.
 * @typeParam E - What travels in their place: anything that the serializer carries, values of other types included.
 */
export interface ValueType<T = unknown, E = unknown> {
  /**
   * Whether a value is of this type. The serializer asks for each function, and for each object that is no plain object and no array.
   */
  is(value: object): boolean;
  /** What travels in its place. It must not contain the value itself. */
  encode(value: T): E;
  /** The value that the other side receives. */
  decode(encoded: E): T;
}

/** Options of `StructuredSerializer`. */
export interface StructuredSerializerOptions {
  /** Types of values by their names. Both sides need each of them: the names belong to the serializer's own. */
  types: Readonly<Record<string, ValueType>>;
}
