import type { Parts } from './parts.js';

/**
 * A payload that is encoded once, for any number of `send`s and `post`s, to any workers. What becomes of the value afterwards
 * does not reach it. Made with `preparePayload`.
 *
 * @typeParam T - The payload.
 */
export class PreparedPayload<T = unknown> {
  /** For the type alone. */
  declare private readonly payload: T;
  readonly #parts: Parts;
  readonly #read: (parts: Parts) => unknown;
  readonly #encoded = new Map<unknown, unknown>();

  /** @internal */
  constructor(parts: Parts, read: (parts: Parts) => unknown) {
    this.#parts = parts;
    this.#read = read;
  }

  /** What the serializer `'structured'` makes of it. @internal */
  get parts(): Parts {
    return this.#parts;
  }

  /** What another makes of it, made when it is first needed. @internal */
  encodedBy<E>(serializer: unknown, encode: (value: unknown) => E): E {
    if (!this.#encoded.has(serializer)) this.#encoded.set(serializer, encode(this.#read(this.#parts.copy())));
    return this.#encoded.get(serializer) as E;
  }
}
