import type { Outcomes } from '../connection/connection.js';
import { type PayloadCodec, Undecodable } from '../codecs/payload-codec.js';
import { unhandled } from '../errors/malformed-message.js';
import type { NativeAnswerer } from './answerer.js';
import { getNative } from '../addon/environment.js';
import { Slice } from '../util/time-slice.js';
import { HEAD, RECORD, RecordKind, SEGMENTS } from '../protocol/generated.js';

/** How long the rest of a message may take to arrive that has begun to arrive, in milliseconds. */
export const REST_TIMEOUT = 5000;

/** The recipients of the messages of a connection. */
export interface Sinks {
  readonly codec: PayloadCodec;
  readonly answerer: NativeAnswerer;
  /** `undefined` if this side has sent no request yet. */
  readonly outcomes: Outcomes | undefined;
  /** The batch before was cut short: its last records are delivered again, later. */
  wasCut: boolean;
  /** A record of a batch could not be handled, by a fault of this library or its user. */
  onWarning(text: string): void;
}

/**
 * Dispatches a batch that the addon has written into the shared memory. It handles each record alone: an error fails
 * its own request, and the others continue. Returns how many records were handled: if that takes long, the addon
 * delivers the others again in a later turn.
 */
export function dispatchBatch(sinks: Sinks, count: number, payloads: unknown): number {
  const { codec, outcomes } = sinks;
  const native = getNative();
  const slice = count > 1 ? new Slice(native.flushEarly) : undefined;
  let { records } = native;
  native.beginBatch(count);
  sinks.wasCut = false;
  const shared = records;
  const values = decodeAll(codec, records, count, payloads);
  for (let index = 0; index < count; index++) {
    const at = HEAD + index * RECORD;
    const kind = records[at] as RecordKind;
    const number = records[at + 1] as number;
    const second = records[at + 2] as number;
    // User code may cause a batch of another connection, in this memory.
    if (kind > RecordKind.TimedOut && records === shared && count > 1) records = shared.slice(0, HEAD + count * RECORD);
    try {
      if (kind <= RecordKind.TimedOut) outcomes?.settle(number, kind, values[index], second);
      else dispatchOther(sinks, kind, number, second, values[index], records[at + 3] as number);
    } catch (error) {
      fail(sinks, kind, number, error);
    }
    // Most outcomes only settle a promise.
    const isOver =
      kind <= RecordKind.TimedOut
        ? (index & 31) === 31 && slice?.isLate()
        : kind !== RecordKind.Context && slice?.isOver();
    if (isOver === true) {
      sinks.wasCut = index + 1 < count;
      count = index + 1;
      break;
    }
  }
  outcomes?.batchEnd();
  native.batchEnd();
  return count;
}

function dispatchOther(
  { outcomes, answerer }: Sinks,
  kind: RecordKind,
  number: number,
  second: number,
  value: unknown,
  length: number,
): void {
  if (kind === RecordKind.Progress) outcomes?.onProgress(number, value);
  else if (kind === RecordKind.Chunk) outcomes?.onChunk(number, value, second);
  else if (kind === RecordKind.Demand) outcomes?.onDemand(number, second);
  else answerer.onRecord(kind, number, second, value, sizeOf(length));
}

/** Fails the request of a record; without one, logs the error. */
function fail({ outcomes, answerer, onWarning }: Sinks, kind: RecordKind, number: number, error: unknown): void {
  const failure = unhandled(error);
  onWarning(failure.message);
  const isOurs = kind <= RecordKind.TimedOut || kind === RecordKind.Progress || kind === RecordKind.Chunk;
  if (isOurs || kind === RecordKind.Demand) outcomes?.refuse(number, failure);
  else if (kind !== RecordKind.Notification && kind !== RecordKind.Context) answerer.refuse(number, failure);
}

/** A codec fails each payload alone; if it fails as a whole, all fail. */
function decodeAll(codec: PayloadCodec, records: Int32Array, count: number, payloads: unknown): unknown[] {
  try {
    return codec.decodeBatch(records, count, payloads);
  } catch (error) {
    return Array.from({ length: count }, () => new Undecodable(unhandled(error)));
  }
}

/** The size of a payload, from the length in its record. */
function sizeOf(length: number): number {
  return length <= SEGMENTS ? SEGMENTS - length : length;
}
