import { findJsonLoss } from './json-loss.js';
import { JsonSerializer } from './json-serializer.js';
import { invalidOption, notSerializable, WorkerError } from './errors.js';
import { HEAD, RECORD, RecordKind } from './native/records.js';
import type { Serializer } from './types/serializer.js';

/** What the addon takes as a payload; `undefined` stands for itself. */
export type Encoded = string | Uint8Array | undefined;

/** A payload of a batch that could not be decoded: it fails its own message alone. */
export class Undecodable {
  constructor(readonly error: WorkerError) {}
}

/** Between the values users see and the payloads the addon moves. */
export interface PayloadCodec {
  /** `undefined`: the values themselves travel. */
  readonly serializer: Serializer | undefined;
  /** Payloads of a batch come as one JSON array. */
  readonly json: boolean;
  /** @param what - For the error: which message this is. */
  encode(value: unknown, what: string): unknown;
  /** One value per record, `undefined` where it has no payload. */
  decodeBatch(records: Int32Array, count: number, payloads: Encoded): unknown[];
  decode(payload: unknown): unknown;
  /** A copy of a value that no later change reaches; each call of the result makes it anew. */
  keep(value: unknown, what: string): () => unknown;
}

/** For a connection that moves bytes. */
export function createCodec(serializer: Serializer | undefined): PayloadCodec & { readonly serializer: Serializer } {
  if (serializer === undefined) return new JsonCodec(new JsonSerializer());
  checkSerializer(serializer);
  return Object.getPrototypeOf(serializer) === JsonSerializer.prototype
    ? new JsonCodec(serializer)
    : new CustomCodec(serializer);
}

/** For a connection that moves values: only a serializer that the user gave is used. */
export function createValueCodec(serializer: Serializer | undefined): PayloadCodec {
  if (serializer === undefined) return asIs;
  const codec = createCodec(serializer);
  return {
    serializer,
    json: codec.json,
    encode(value, what) {
      const encoded = codec.encode(value, what);
      // A copy of its own: the memory around a slice, such as that of most buffers, must not travel along.
      return encoded instanceof Uint8Array ? new Uint8Array(encoded) : encoded;
    },
    decodeBatch: codec.decodeBatch.bind(codec),
    decode: codec.decode.bind(codec),
    keep: codec.keep.bind(codec),
  };
}

/** No serializer: what moves the values copies them. */
const asIs: PayloadCodec = {
  serializer: undefined,
  json: false,
  encode: (value) => value,
  decodeBatch: () => [],
  decode: (payload) => payload,
  keep(value, what) {
    let kept: unknown;
    try {
      kept = structuredClone(value);
    } catch (error) {
      throw notSerializable(what, 'structured clone', error);
    }
    return () => structuredClone(kept);
  },
};

function checkSerializer(serializer: Serializer): void {
  if (typeof serializer !== 'object' || serializer === null) throw invalidOption('serializer', 'an object', serializer);
  const { name, terminator } = serializer;
  if (typeof name !== 'string' || name === '') throw invalidOption('serializer.name', 'a non-empty string', name);
  for (const method of ['serialize', 'deserialize'] as const) {
    if (typeof serializer[method] !== 'function') {
      throw invalidOption(`serializer.${method}`, 'a function', serializer[method]);
    }
  }
  if (terminator !== undefined && terminator !== null && (typeof terminator !== 'string' || terminator === '')) {
    throw invalidOption('serializer.terminator', 'a string that is not empty, or null', terminator);
  }
}

function undecodable(error: unknown, serializer: string): Undecodable {
  const reason = error instanceof Error ? error.message : String(error);
  return new Undecodable(
    new WorkerError('ERR_MALFORMED_MESSAGE', `"${serializer}" cannot read a message that came: ${reason}`, {
      cause: error,
    }),
  );
}

/** The offset of record `index`'s length in the records. */
const lengthAt = (index: number) => HEAD + index * RECORD + 3;

/** Cuts the payloads of a batch apart and decodes each on its own. */
function decodeEach(
  records: Int32Array,
  count: number,
  cut: (start: number, end: number) => Encoded,
  gap: number,
  decode: (payload: Encoded, index: number) => unknown,
  name: string,
): unknown[] {
  const values: unknown[] = new Array(count);
  let start = 0;
  for (let index = 0; index < count; index++) {
    const length = records[lengthAt(index)] as number;
    if (length < 0) continue;
    try {
      values[index] = decode(cut(start, start + length), index);
    } catch (error) {
      values[index] = undecodable(error, name);
    }
    start += length + gap;
  }
  return values;
}

/** JSON, with one `parse` for a whole batch. */
class JsonCodec implements PayloadCodec {
  readonly json = true;

  constructor(readonly serializer: Serializer) {}

  encode(value: unknown, what: string): Encoded {
    let text: string | undefined;
    try {
      text = JSON.stringify(value);
    } catch (error) {
      throw notSerializable(what, 'json', error);
    }
    if (typeof value !== 'string') {
      const lost = findJsonLoss(value);
      if (lost !== undefined) {
        throw notSerializable(
          what,
          'json',
          `${lost === '' ? 'it' : lost} is a function or a symbol, which JSON leaves out`,
        );
      }
    }
    return text;
  }

  decodeBatch(records: Int32Array, count: number, payloads: Encoded): unknown[] {
    if (payloads === undefined) return [];
    const text = payloads as string;
    let present = 0;
    for (let index = 0; index < count; index++) {
      if ((records[lengthAt(index)] as number) >= 0) present++;
    }
    try {
      const parsed = JSON.parse(text) as unknown;
      if (present === count) {
        if (count === 1) return [parsed];
        if ((parsed as unknown[]).length === count) return parsed as unknown[];
      } else if (present === 1 || (parsed as unknown[]).length === present) {
        return spread(records, count, present === 1 ? [parsed] : (parsed as unknown[]));
      }
    } catch {
      // One of them is broken; the others are not.
    }
    const first = present === 1 ? 0 : 1;
    const cut = (start: number, end: number) => text.slice(first + start, first + end);
    return decodeEach(records, count, cut, 1, (payload) => JSON.parse(payload as string), 'json');
  }

  decode(payload: unknown): unknown {
    return decodeAlone(payload as Encoded, () => JSON.parse(payload as string), 'json');
  }

  keep(value: unknown, what: string): () => unknown {
    const text = this.encode(value, what);
    return () => (text === undefined ? undefined : (JSON.parse(text as string) as unknown));
  }
}

/** Gives the values of a batch back to the records that have one. */
function spread(records: Int32Array, count: number, present: readonly unknown[]): unknown[] {
  const values: unknown[] = new Array(count);
  let next = 0;
  for (let index = 0; index < count; index++) {
    if ((records[lengthAt(index)] as number) >= 0) values[index] = present[next++];
  }
  return values;
}

function decodeAlone(payload: Encoded, decode: () => unknown, name: string): unknown {
  if (payload === undefined) return undefined;
  try {
    return decode();
  } catch (error) {
    return undecodable(error, name);
  }
}

/** A user's serializer. Errors travel as JSON all the same, so that one in the serializer can be told. */
class CustomCodec implements PayloadCodec {
  readonly json = false;

  constructor(readonly serializer: Serializer) {}

  encode(value: unknown, what: string): Encoded {
    if (value === undefined) return undefined;
    const { serializer } = this;
    let encoded: unknown;
    try {
      encoded = serializer.serialize(value);
    } catch (error) {
      throw notSerializable(what, serializer.name, error);
    }
    if (typeof serializer.terminator === 'string' ? typeof encoded === 'string' : encoded instanceof Uint8Array) {
      return encoded as Encoded;
    }
    const expected = typeof serializer.terminator === 'string' ? 'a string' : 'a Uint8Array';
    throw notSerializable(what, serializer.name, `its serialize() must return ${expected}`);
  }

  decodeBatch(records: Int32Array, count: number, payloads: Encoded): unknown[] {
    if (payloads === undefined) return [];
    const cut =
      typeof payloads === 'string'
        ? (start: number, end: number) => payloads.slice(start, end)
        : (start: number, end: number) => payloads.subarray(start, end);
    const decode = (payload: Encoded, index: number) =>
      isError(records[HEAD + index * RECORD] as RecordKind) ? parseText(payload) : this.read(payload);
    return decodeEach(records, count, cut, 0, decode, this.serializer.name);
  }

  decode(payload: unknown): unknown {
    return decodeAlone(payload as Encoded, () => this.read(payload as Encoded), this.serializer.name);
  }

  keep(value: unknown, what: string): () => unknown {
    const encoded = this.encode(value, what);
    return () => (encoded === undefined ? undefined : this.read(encoded));
  }

  private read(payload: Encoded): unknown {
    return this.serializer.deserialize(payload as string | Uint8Array);
  }
}

/** Errors are JSON, whatever the serializer, and what comes along with a message. */
function isError(kind: RecordKind): boolean {
  return kind === RecordKind.RemoteError || kind === RecordKind.InputEnd || kind === RecordKind.Context;
}

/** JSON text, however it was framed. */
export function parseText(payload: Encoded): unknown {
  return JSON.parse(typeof payload === 'string' ? payload : Buffer.from(payload as Uint8Array).toString());
}
