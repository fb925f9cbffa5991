declare const guarded: unique symbol;

/** A function that never throws. Only `guard` makes one, and the addon accepts no other. */
export type Guarded<F> = F & { readonly [guarded]: true };

/**
 * Makes a function that the addon may call: its errors go to `report`, and never into Node-API, where they would end
 * the process.
 *
 * @param report - Its own errors are dropped.
 */
export function guard<A extends unknown[], R>(
  act: (...args: A) => R,
  report: (error: unknown) => void,
): Guarded<(...args: A) => R | undefined> {
  const safe = (...args: A): R | undefined => {
    try {
      return act(...args);
    } catch (error) {
      try {
        report(error);
      } catch {
        // No other code could receive this error.
      }
      return undefined;
    }
  };
  return safe as Guarded<typeof safe>;
}
