/**
 * Turns data into what travels, and back. Host and worker must name the same one; otherwise the worker's start fails
 * with `ERR_SERIALIZER_MISMATCH`, which names both.
 *
 * - A text serializer has a `terminator`: `serialize` returns a string, `deserialize` is given one. A message that
 *   would contain the terminator is refused with `ERR_TERMINATOR_IN_MESSAGE`, alone.
 * - A binary serializer has none: bytes both ways, framed by their length, so any byte may occur in them.
 *
 * What `serialize` throws rejects the one `send` it was called for, with `ERR_NOT_SERIALIZABLE` and the thrown value as
 * its `cause`.
 *
 * @example
 * ```ts
 * class V8Serializer implements Serializer {
 *   readonly name = 'v8';
 *   serialize(data: unknown): Uint8Array {
 *     return v8.serialize(data);
 *   }
 *   deserialize(data: Uint8Array): unknown {
 *     return v8.deserialize(data);
 *   }
 * }
 * ```
 */
export interface Serializer {
  /** Tells serializers apart; compared when a worker starts. */
  readonly name: string;
  /** What ends each message of a text serializer, one character or more. Absent or `null`: a binary serializer. */
  readonly terminator?: string | null | undefined;
  /** @returns A string if there is a terminator, bytes if there is none. */
  serialize(data: unknown): string | Uint8Array;
  /** @param data - A string if there is a terminator, bytes if there is none. Bytes are valid during the call only. */
  deserialize(data: string | Uint8Array): unknown;
}

/** The serializers of this library, by their names. */
export type BuiltInSerializer = 'json' | 'structured';

/** What the option `serializer` takes. */
export type SerializerValue = Serializer | BuiltInSerializer;

/** Options of the default serializer, `JsonSerializer`. */
export interface JsonSerializerOptions {
  /** What ends each message. Default: `'\n'`, which JSON text never contains. */
  terminator?: string | undefined;
}
