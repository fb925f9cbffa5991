/** The context of a message: names and values, all text. At most 16,384 characters as JSON. */
export type Carrier = Record<string, string>;

/**
 * Carries context of the caller, such as the values of an `AsyncLocalStorage` or a trace, with each message to its
 * handler. Set it as the option `context` on both sides; a side without the option neither sends nor receives context.
 *
 * @example
 * ```ts
 * const context: ContextCarrier = {
 *   inject: () => (storage.getStore() === undefined ? undefined : { user: storage.getStore()!.user }),
 *   extract: ({ user }, run) => storage.run({ user }, run),
 * };
 * ```
 */
export interface ContextCarrier {
  /** `send`, `post` and `stream` call it synchronously, and rethrow its errors. `undefined`: no context. */
  inject(): Carrier | undefined;
  /**
   * Runs before the handler, with the received context. It must call `run`, at once: the handler runs in `run`. The
   * library does not call it for a message without context.
   */
  extract<T>(carrier: Carrier, run: () => T): T;
}
