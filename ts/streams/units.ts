import { types } from 'node:util';
import { STREAM_UNIT, STREAM_WINDOW } from '../protocol/generated.js';

/** A reader grants consumed units in portions of at least this many. */
export const PORTION = STREAM_WINDOW / 4;

/** The cost of a chunk whose encoded payload has this many bytes. */
export function unitsOf(bytes: number): number {
  return 1 + Math.floor(bytes / STREAM_UNIT);
}

/** The cost of a payload that travels as a value: only text and memory count. */
export function unitsOfValue(payload: unknown): number {
  if (typeof payload === 'string') return unitsOf(payload.length);
  return ArrayBuffer.isView(payload) || types.isArrayBuffer(payload) ? unitsOf(payload.byteLength) : 1;
}

/** Whether a peer may grant that. */
export function isUnits(payload: unknown): payload is number {
  return Number.isSafeInteger(payload) && (payload as number) >= 0;
}
