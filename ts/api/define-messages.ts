import type { MessageSchemas, OnlySchemas, Unchecked } from '../types/message-schemas.js';

/**
 * Defines messages with validators in one place, for both sides: zod, valibot, arktype and others that support Standard
 * Schema. TypeScript infers the types from them.
 *
 * @example
 * ```ts
 * export const messages = defineMessages({
 *   load: { payload: z.object({ config: z.string() }), result: z.object({ loaded: z.literal(true) }) },
 *   log: { payload: unchecked<{ line: string }>() },
 *   stop: {},
 * });
 * const worker = await createWorker({ script, messages });
 * ```
 */
export function defineMessages<T extends MessageSchemas>(messages: T & OnlySchemas<T>): T {
  return messages;
}

/** Declares a type without a validator, which only the compiler knows. */
export function unchecked<T>(): Unchecked<T> {
  return undefined as unknown as Unchecked<T>;
}
