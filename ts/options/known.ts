/**
 * The names of options. `true`: nothing below the name is checked, because users invent it or because it has no
 * members. The name {@link ANY} matches every name that a user chooses.
 */
export interface Known {
  readonly [name: string]: true | Known;
}

/** A table with each option of `T`, and no other. */
export type KnownOf<T> = { readonly [K in keyof Required<T>]: true | Known };

export const ANY = '*';
/** An object whose members have user-defined names. */
export const NAMES: Known = { [ANY]: true };
