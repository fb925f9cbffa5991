/**
 * A validator of zod, valibot, arktype and others: the part of [Standard Schema](https://standardschema.dev), version
 * 1, that this library uses.
 *
 * @typeParam I - Its input.
 * @typeParam O - Its output.
 */
export interface StandardSchema<I = unknown, O = I> {
  readonly '~standard': {
    readonly version: 1;
    /** The library of the validator. */
    readonly vendor: string;
    readonly validate: (value: unknown) => SchemaResult<O> | Promise<SchemaResult<O>>;
    /** Never present: for the compiler alone. */
    readonly types?: { readonly input: I; readonly output: O } | undefined;
  };
}

/** The verdict of a {@link StandardSchema}. */
export type SchemaResult<O> =
  { readonly value: O; readonly issues?: undefined } | { readonly issues: ReadonlyArray<SchemaIssue> };

/** A fault of a value. */
export interface SchemaIssue {
  readonly message: string;
  readonly path?: ReadonlyArray<PropertyKey | { readonly key: PropertyKey }> | undefined;
}
