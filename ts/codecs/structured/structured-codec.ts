import { types } from 'node:util';

import { notSerializable } from '../../errors/worker-error.js';
import { isError as isThrown } from '../../util/safely.js';
import type { Serializer } from '../../types/serializer.js';
import { type Encoded, type PayloadCodec, type Undecodable } from '../codec.js';
import { isError, lengthAt, undecodable } from '../decoding.js';
import { JsonCodec } from '../json/json-codec.js';
import { looksNoted, readNoted } from './annotated-json.js';
import { clone } from '../load-clone.js';
import { Parts } from '../segments.js';
import { preparedPayloads } from '../prepared-payload.js';
import type { ValueTypes } from './typed-values.js';
import { warnOnce } from '../../util/warn-once.js';
import { write } from './write.js';
import { HEAD, RECORD, type RecordKind, SEGMENTS, SEGMENTS_MARK } from '../../protocol/generated.js';

const NAME = 'structured';

/** Payloads with segments up to this size arrive together, as in the addon. */
const SMALL = 4096;

/** The form of a `Serializer` without the addon: a payload is text or bytes. */
function serializerOf(name: string, valueTypes: ValueTypes | undefined): Serializer {
  return {
    name,
    serialize(data) {
      const encoded = write(data, valueTypes);
      return typeof encoded === 'string' ? Buffer.from(encoded) : clone().join(encoded);
    },
    deserialize: (data) => readBytes(data as Uint8Array, valueTypes),
  };
}

function readBytes(data: Uint8Array, valueTypes: ValueTypes | undefined): unknown {
  if (data[0] !== SEGMENTS_MARK) return readNoted(JSON.parse(Buffer.from(data).toString()), { types: valueTypes });
  const { cut, read } = clone();
  return read(cut(data), valueTypes);
}

/** The codec of the serializer that a program has made, with its types. */
export function codecOf(
  made: { readonly name: string; readonly types: ValueTypes },
  sharesMemory = false,
): StructuredCodec {
  return new StructuredCodec(sharesMemory, made.name, made.types);
}

/**
 * Everything that structured clone carries, and errors in full. Values that JSON preserves are JSON, which is faster.
 */
export class StructuredCodec implements PayloadCodec {
  readonly serializer: Serializer;
  readonly json = true;
  private readonly text: JsonCodec;

  /**
   * @param sharesMemory - This side has opted in; otherwise it copies a shared buffer.
   * @param valueTypes - Of values that the program encodes itself.
   */
  constructor(
    private readonly sharesMemory: boolean,
    name = 'structured',
    private readonly valueTypes?: ValueTypes,
  ) {
    this.serializer = serializerOf(name, valueTypes);
    this.text = new JsonCodec({ ...this.serializer, terminator: undefined });
  }

  encode(value: unknown, what: string): Encoded {
    if (value === undefined) return undefined;
    let encoded: Encoded;
    try {
      encoded = write(value, this.valueTypes);
    } catch (error) {
      throw notSerializable(what, this.serializer.name, error);
    }
    if (typeof encoded === 'object' && encoded instanceof Parts && encoded.hasShared && !this.sharesMemory)
      warnOfCopy();
    return encoded;
  }

  decodeBatch(records: Int32Array, count: number, payloads: unknown): unknown[] {
    if (!Array.isArray(payloads)) return this.decodeTexts(records, count, payloads);
    const [text, small, ...large] = payloads as [string | undefined, Uint8Array, ...unknown[]];
    const values = this.decodeTexts(records, count, text);
    values.length = count;
    for (let index = 0, next = 0, at = 0; index < count; index++) {
      const size = SEGMENTS - (records[lengthAt(index)] as number);
      if (size < 0) continue;
      const parts = size > SMALL ? large[next++] : small?.subarray(at, (at += size));
      const kind = records[HEAD + index * RECORD] as RecordKind;
      values[index] = isError(kind) ? broken('an error is not JSON') : this.decodeParts(parts);
    }
    return values;
  }

  private decodeTexts(records: Int32Array, count: number, texts: unknown): unknown[] {
    const values = this.text.decodeBatch(records, count, texts);
    for (let index = 0; index < values.length; index++) {
      const value = values[index];
      if (looksNoted(value)) values[index] = decodeNoted(value, this.valueTypes);
    }
    return values;
  }

  decode(payload: unknown): unknown {
    if (payload === undefined || typeof payload === 'string')
      return decodeNoted(this.text.decode(payload), this.valueTypes);
    return this.decodeParts(payload);
  }

  keep(value: unknown, what: string): () => unknown {
    if (preparedPayloads.has(value)) return () => value;
    const encoded = this.encode(value, what);
    if (!(encoded instanceof Parts)) return () => this.decode(encoded);
    const kept = encoded.copy();
    return () => this.decodeParts(kept.copy());
  }

  /** The addon's segments, or bytes; an error, or `null`, if the addon could not split them. */
  private decodeParts(payload: unknown): unknown {
    try {
      if (isThrown(payload)) return broken(payload.message);
      const { cut, read } = clone();
      if (types.isUint8Array(payload)) return read(cut(payload), this.valueTypes);
      if (!Array.isArray(payload)) return broken('its table of parts does not fit it');
      return read(payload as Parts, this.valueTypes);
    } catch (error) {
      return undecodable(error, NAME);
    }
  }
}

/** The result of JSON. */
function decodeNoted(json: unknown, valueTypes: ValueTypes | undefined): unknown {
  try {
    return readNoted(json, { types: valueTypes });
  } catch (error) {
    return undecodable(error, NAME);
  }
}

function warnOfCopy(): void {
  warnOnce(
    'ISOLATED_WORKERS_SHARED_BUFFER_COPIED',
    'a shared buffer was sent as a copy: to share it, give `sharedMemory: true` to createWorker or attachWorker, and to startWorkerServer',
  );
}

function broken(reason: string): Undecodable {
  return undecodable(reason, NAME);
}
