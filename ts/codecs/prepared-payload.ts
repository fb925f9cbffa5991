import type { Parts } from './segments.js';

type Read = (parts: Parts) => unknown;

/** What the library does with a prepared payload, and its users cannot. */
interface Access {
  /** Whether it is one. Here, where the class is at hand, `instanceof` costs an ordinary payload least. */
  has(value: unknown): value is PreparedPayload;
  create<T>(parts: Parts, read: Read): PreparedPayload<T>;
  /** What the serializer `'structured'` makes of it. */
  partsOf(prepared: PreparedPayload): Parts;
  /** What another serializer makes of it, made when it is first needed. */
  encodedBy<E>(prepared: PreparedPayload, serializer: unknown, encode: (value: unknown) => E): E;
}

export const preparedPayloads = {} as Access;

/**
 * A payload that is encoded once, for any number of `send`s and `post`s to any workers. Later changes of the value do
 * not reach it. Made with `preparePayload`.
 *
 * @typeParam T - The payload.
 */
export class PreparedPayload<T = unknown> {
  /** For the type alone. */
  declare private readonly payload: T;
  readonly #parts: Parts;
  readonly #read: Read;
  readonly #encoded = new Map<unknown, unknown>();

  private constructor(parts: Parts, read: Read) {
    this.#parts = parts;
    this.#read = read;
  }

  static {
    preparedPayloads.create = (parts, read) => new PreparedPayload(parts, read);
    preparedPayloads.has = (value): value is PreparedPayload => value instanceof PreparedPayload;
    preparedPayloads.partsOf = (prepared) => prepared.#parts;
    preparedPayloads.encodedBy = (prepared, serializer, encode) => {
      const encoded = prepared.#encoded as Map<unknown, ReturnType<typeof encode>>;
      if (!encoded.has(serializer)) encoded.set(serializer, encode(prepared.#read(prepared.#parts.copy())));
      return encoded.get(serializer) as ReturnType<typeof encode>;
    };
  }
}
