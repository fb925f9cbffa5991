import { WorkerError } from '../errors.js';
import { HEAD, RECORD, RecordKind } from '../native/records.js';
import { type Encoded, Undecodable } from './codec.js';

export function undecodable(error: unknown, serializer: string): Undecodable {
  const reason = error instanceof Error ? error.message : String(error);
  return new Undecodable(
    new WorkerError('ERR_MALFORMED_MESSAGE', `"${serializer}" cannot read a message that came: ${reason}`, {
      cause: error,
    }),
  );
}

/** The offset of record `index`'s length in the records. */
export const lengthAt = (index: number) => HEAD + index * RECORD + 3;

/** Cuts the payloads of a batch apart and decodes each on its own. */
export function decodeEach(
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

export function decodeAlone(payload: Encoded, decode: () => unknown, name: string): unknown {
  if (payload === undefined) return undefined;
  try {
    return decode();
  } catch (error) {
    return undecodable(error, name);
  }
}

/** Errors are JSON, whatever the serializer. */
export function isError(kind: RecordKind): boolean {
  return kind === RecordKind.RemoteError || kind === RecordKind.InputEnd || kind === RecordKind.Context;
}

/** JSON text, however it was framed. */
export function parseText(payload: Encoded): unknown {
  return JSON.parse(typeof payload === 'string' ? payload : Buffer.from(payload as Uint8Array).toString());
}
