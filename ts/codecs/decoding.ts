import { WorkerError } from '../errors/worker-error.js';
import { printable } from '../util/printable.js';
import { reasonOf } from '../util/safely.js';
import { type Encoded, Undecodable } from './codec.js';
import { HEAD, RECORD, RecordKind } from '../protocol/generated.js';

export function undecodable(error: unknown, serializer: string): Undecodable {
  return new Undecodable(
    new WorkerError(
      'ERR_MALFORMED_MESSAGE',
      `"${serializer}" cannot decode an incoming message: ${printable(reasonOf(error), 500)}`,
      {
        cause: error,
      },
    ),
  );
}

/** The offset of record `index`'s length in the records. */
export const lengthAt = (index: number) => HEAD + index * RECORD + 3;

/** Splits the payloads of a batch and decodes each alone. */
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

/** Whether the addon passes an error in place of payloads: the runtime could not represent their bytes. */
export function isUnreadable(payloads: unknown): payloads is Error {
  return payloads instanceof Error;
}

/** Fails each record that has a payload, with the reason. */
export function refuseEach(records: Int32Array, count: number, reason: Error, name: string): unknown[] {
  const refuse = () => {
    throw reason;
  };
  return decodeEach(records, count, refuse, 0, refuse, name);
}

export function decodeAlone(payload: Encoded, decode: () => unknown, name: string): unknown {
  if (payload === undefined) return undefined;
  if (isUnreadable(payload)) return undecodable(payload, name);
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

/** JSON text, in any framing. */
export function parseText(payload: Encoded): unknown {
  return JSON.parse(typeof payload === 'string' ? payload : Buffer.from(payload as Uint8Array).toString());
}
