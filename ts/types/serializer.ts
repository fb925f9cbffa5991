/**
 * Encodes and decodes payloads. Host and worker must name one serializer; otherwise the worker's start fails with
 * `ERR_SERIALIZER_MISMATCH`, which names both.
 *
 * - A text serializer has a `terminator`: `serialize` returns a string, `deserialize` receives one. A message that
 *   would contain the terminator fails alone, with `ERR_TERMINATOR_IN_MESSAGE`.
 * - A binary serializer has none: bytes in both directions, framed by their length, so they may contain any byte.
 *
 * An error of `serialize` rejects its `send`, with `ERR_NOT_SERIALIZABLE` and the error as its `cause`.
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
  /** Identifies the serializer; host and worker compare it when the worker starts. */
  readonly name: string;
  /** The end of each message of a text serializer, one character or more. Absent or `null`: a binary serializer. */
  readonly terminator?: string | null | undefined;
  /** @returns A string if there is a terminator, bytes if there is none. */
  serialize(data: unknown): string | Uint8Array;
  /** @param data - A string if there is a terminator, bytes if there is none. Bytes are valid during the call only. */
  deserialize(data: string | Uint8Array): unknown;
}

/** The serializers of this library, by their names. */
export type BuiltInSerializer = 'json' | 'structured';

/** The type of the option `serializer`. */
export type SerializerValue = Serializer | BuiltInSerializer;

/** Options of `JsonSerializer`. */
export interface JsonSerializerOptions {
  /** The end of each message. Default: `'\n'`, which JSON text never contains. */
  terminator?: string | undefined;
}
