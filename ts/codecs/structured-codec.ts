import { notSerializable } from '../errors.js';
import { HEAD, RECORD, type RecordKind } from '../native/records.js';
import type { Serializer } from '../types/serializer.js';
import { type Encoded, type PayloadCodec, type Undecodable } from './codec.js';
import { isError, lengthAt, undecodable } from './decoding.js';
import { JsonCodec } from './json-codec.js';
import { cut, join } from './layout.js';
import { looksNoted, readNoted } from './notes.js';
import { Parts } from './parts.js';
import { PreparedPayload } from './prepared-payload.js';
import { read } from './reader.js';
import { write } from './writer.js';

const name = 'structured';

/** Payloads with parts that are no larger come together, as in the addon. */
const SMALL = 4096;

/** As `Serializer`s are used where there is no addon: a payload is text or bytes. */
const serializer: Serializer = {
  name,
  serialize(data) {
    const encoded = write(data);
    return typeof encoded === 'string' ? Buffer.from(encoded) : join(encoded);
  },
  deserialize: (data) => read(cut(data as Uint8Array)),
};

/** Everything that structured clone carries, and errors in full. What JSON can carry as well is JSON: that is faster. */
export class StructuredCodec implements PayloadCodec {
  readonly serializer: Serializer = serializer;
  readonly json = true;
  private readonly text = new JsonCodec({ ...serializer, terminator: undefined });

  encode(value: unknown, what: string): Encoded {
    if (value === undefined) return undefined;
    if (value instanceof PreparedPayload) return value.parts;
    try {
      return write(value);
    } catch (error) {
      throw notSerializable(what, name, error);
    }
  }

  decodeBatch(records: Int32Array, count: number, payloads: unknown): unknown[] {
    if (!Array.isArray(payloads)) return this.decodeTexts(records, count, payloads);
    const [text, small, ...large] = payloads as [string | undefined, Uint8Array, ...unknown[]];
    const values = this.decodeTexts(records, count, text);
    values.length = count;
    for (let index = 0, next = 0, at = 0; index < count; index++) {
      const size = -2 - (records[lengthAt(index)] as number);
      if (size < 0) continue;
      const parts = size > SMALL ? large[next++] : small?.subarray(at, (at += size));
      const kind = records[HEAD + index * RECORD] as RecordKind;
      values[index] = isError(kind) ? broken('an error is not JSON') : decodeParts(parts);
    }
    return values;
  }

  private decodeTexts(records: Int32Array, count: number, texts: unknown): unknown[] {
    const values = this.text.decodeBatch(records, count, texts);
    for (let index = 0; index < values.length; index++) {
      const value = values[index];
      if (looksNoted(value)) values[index] = decodeNoted(value);
    }
    return values;
  }

  decode(payload: unknown): unknown {
    if (payload === undefined || typeof payload === 'string') return decodeNoted(this.text.decode(payload));
    return decodeParts(payload);
  }

  keep(value: unknown, what: string): () => unknown {
    if (value instanceof PreparedPayload) return () => value;
    const encoded = this.encode(value, what);
    if (!(encoded instanceof Parts)) return () => this.decode(encoded);
    const kept = encoded.copy();
    return () => decodeParts(kept.copy());
  }
}

/** As JSON gave it. */
function decodeNoted(json: unknown): unknown {
  try {
    return readNoted(json);
  } catch (error) {
    return undecodable(error, name);
  }
}

/** As the addon has cut them, or as bytes; an error, or `null`, where the addon cannot. */
function decodeParts(payload: unknown): unknown {
  try {
    if (payload instanceof Uint8Array) return read(cut(payload));
    if (payload instanceof Error) return broken(payload.message);
    if (!Array.isArray(payload)) return broken('its table of parts does not fit it');
    return read(payload as Parts);
  } catch (error) {
    return undecodable(error, name);
  }
}

function broken(reason: string): Undecodable {
  return undecodable(reason, name);
}
