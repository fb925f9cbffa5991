/** Exactly the same type, which assignability alone cannot tell: `any` is assignable to everything. */
export type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;

/** Compiles where its argument is `true`. */
export type Expect<T extends true> = T;

/** The type has a member of this name. */
export type Has<T, Name extends PropertyKey> = Name extends keyof T ? true : false;
