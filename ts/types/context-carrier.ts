/** What goes with a message: names and values, all text. At most 16,384 characters as JSON. */
export type Carrier = Record<string, string>;

/**
 * Takes what belongs to the caller, such as the values of an `AsyncLocalStorage` or a trace, with each message to its
 * handler. The option `context` of both sides; a side that has it not neither sends nor gets any.
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
  /** Called by `send`, `post` and `stream`, where they are called. What it throws they throw. `undefined`: nothing goes along. */
  inject(): Carrier | undefined;
  /**
   * Called before the handler, with what came along. It must call `run`, at once: the handler runs in there. Where nothing
   * came along it is not called.
   */
  extract<T>(carrier: Carrier, run: () => T): T;
}
