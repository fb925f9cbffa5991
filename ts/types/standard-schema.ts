/**
 * A validator as zod, valibot, arktype and others make it: the part of [Standard Schema](https://standardschema.dev),
 * version 1, that this library uses.
 *
 * @typeParam I - What it takes.
 * @typeParam O - What it makes of that.
 */
export interface StandardSchema<I = unknown, O = I> {
  readonly '~standard': {
    readonly version: 1;
    /** The library that made it. */
    readonly vendor: string;
    readonly validate: (value: unknown) => SchemaResult<O> | Promise<SchemaResult<O>>;
    /** Never there: for the compiler alone. */
    readonly types?: { readonly input: I; readonly output: O } | undefined;
  };
}

/** What a {@link StandardSchema} says of a value. */
export type SchemaResult<O> =
  { readonly value: O; readonly issues?: undefined } | { readonly issues: ReadonlyArray<SchemaIssue> };

/** What is wrong with a value. */
export interface SchemaIssue {
  readonly message: string;
  readonly path?: ReadonlyArray<PropertyKey | { readonly key: PropertyKey }> | undefined;
}
