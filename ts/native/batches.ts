import type { Outcomes } from '../connection.js';
import type { PayloadCodec } from '../payload-codec.js';
import type { NativeAnswerer } from './answerer.js';
import { getNative } from './environment.js';
import { HEAD, RECORD, RecordKind } from './records.js';

/** Who takes what a connection brings. */
export interface Takers {
  readonly codec: PayloadCodec;
  readonly answerer: NativeAnswerer;
  /** `undefined` where this side has asked nothing yet. */
  readonly outcomes: Outcomes | undefined;
}

/** Hands on a batch that the addon has written into the shared memory. */
export function handOn({ codec, answerer, outcomes }: Takers, count: number, payloads: unknown): void {
  const native = getNative();
  let { records } = native;
  native.beginBatch(count);
  const shared = records;
  const values = codec.decodeBatch(records, count, payloads);
  for (let index = 0; index < count; index++) {
    const at = HEAD + index * RECORD;
    const kind = records[at] as RecordKind;
    if (kind <= RecordKind.TimedOut) {
      outcomes?.settle(records[at + 1] as number, kind, values[index], records[at + 2] as number);
      continue;
    }
    // What users do with it may bring a batch of another connection, in the same memory.
    if (records === shared && count > 1) records = shared.slice(0, HEAD + count * RECORD);
    const [number, second] = [records[at + 1] as number, records[at + 2] as number];
    if (kind === RecordKind.Progress) outcomes?.onProgress(number, values[index]);
    else if (kind === RecordKind.Chunk) outcomes?.onChunk(number, values[index], second);
    else if (kind === RecordKind.Demand) outcomes?.onDemand(number, second);
    else answerer.onRecord(kind, number, second, values[index], sizeOf(records[at + 3] as number));
  }
  outcomes?.batchEnd();
}

/** A payload that has parts has its size below -2. */
function sizeOf(length: number): number {
  return length < -1 ? -2 - length : length;
}
