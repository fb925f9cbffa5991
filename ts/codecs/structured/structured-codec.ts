import { types } from 'node:util';

import { notSerializable } from '../../errors/worker-error.js';
import { isError as isThrown } from '../../util/safely.js';
import type { Serializer } from '../../types/serializer.js';
import { type Encoded, type PayloadCodec, type Undecodable } from '../codec.js';
import { isError, lengthAt, undecodable } from '../decoding.js';
import { JsonCodec } from '../json/json-codec.js';
import { cut, join } from '../segment-layout.js';
import { looksNoted, readNoted } from './annotated-json.js';
import { Parts } from '../segments.js';
import { preparedPayloads } from '../prepared-payload.js';
import { read } from './v8-reader.js';
import { warnOnce } from '../../util/warn-once.js';
import { write } from './v8-writer.js';
import { HEAD, RECORD, type RecordKind, SEGMENTS } from '../../protocol/generated.js';

const name = 'structured';

/** Payloads with segments up to this size arrive together, as in the addon. */
const SMALL = 4096;

/** The form of a `Serializer` without the addon: a payload is text or bytes. */
const serializer: Serializer = {
  name,
  serialize(data) {
    const encoded = write(data);
    return typeof encoded === 'string' ? Buffer.from(encoded) : join(encoded);
  },
  deserialize: (data) => read(cut(data as Uint8Array)),
};

/**
 * Everything that structured clone carries, and errors in full. Values that JSON preserves are JSON, which is faster.
 */
export class StructuredCodec implements PayloadCodec {
  readonly serializer: Serializer = serializer;
  readonly json = true;
  private readonly text = new JsonCodec({ ...serializer, terminator: undefined });

  /** @param sharesMemory - This side has opted in; otherwise it copies a shared buffer. */
  constructor(private readonly sharesMemory: boolean) {}

  encode(value: unknown, what: string): Encoded {
    if (value === undefined) return undefined;
    let encoded: Encoded;
    try {
      encoded = write(value);
    } catch (error) {
      throw notSerializable(what, name, error);
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
    if (preparedPayloads.has(value)) return () => value;
    const encoded = this.encode(value, what);
    if (!(encoded instanceof Parts)) return () => this.decode(encoded);
    const kept = encoded.copy();
    return () => decodeParts(kept.copy());
  }
}

/** The result of JSON. */
function decodeNoted(json: unknown): unknown {
  try {
    return readNoted(json);
  } catch (error) {
    return undecodable(error, name);
  }
}

/** The addon's segments, or bytes; an error, or `null`, if the addon could not split them. */
function decodeParts(payload: unknown): unknown {
  try {
    if (types.isUint8Array(payload)) return read(cut(payload));
    if (isThrown(payload)) return broken(payload.message);
    if (!Array.isArray(payload)) return broken('its table of parts does not fit it');
    return read(payload as Parts);
  } catch (error) {
    return undecodable(error, name);
  }
}

function warnOfCopy(): void {
  warnOnce(
    'ISOLATED_WORKERS_SHARED_BUFFER_COPIED',
    'a shared buffer was sent as a copy: to share it, give `sharedMemory: true` to createWorker or attachWorker, and to startWorkerServer',
  );
}

function broken(reason: string): Undecodable {
  return undecodable(reason, name);
}
