// Segments as one sequence of bytes, as the addon writes them to a socket: where a payload must be one value.
import type { NativeSharedMemory } from '../addon/binding.js';
import { Parts } from './segments.js';
import { SegmentKind, SEGMENTS_ENTRY, SEGMENTS_HEAD, SEGMENTS_MARK } from '../protocol/generated.js';

/** In new memory. */
export function join(parts: Parts): Uint8Array {
  const encoded = parts.map((part) => (typeof part === 'string' ? encodeText(part) : encodeBytes(part)));
  const start = SEGMENTS_HEAD + encoded.length * SEGMENTS_ENTRY;
  const whole = new Uint8Array(encoded.reduce((sum, { bytes }) => sum + bytes.byteLength, start));
  const view = new DataView(whole.buffer);
  view.setUint32(0, SEGMENTS_MARK, true);
  view.setUint32(4, encoded.length, true);
  let at = start;
  for (const [index, { kind, bytes }] of Array.from(encoded).entries()) {
    view.setUint32(SEGMENTS_HEAD + index * SEGMENTS_ENTRY, bytes.byteLength, true);
    view.setUint8(SEGMENTS_HEAD + index * SEGMENTS_ENTRY + 4, kind);
    whole.set(bytes, at);
    at += bytes.byteLength;
  }
  return whole;
}

/** Shared memory is copied: such a payload passes no descriptors. */
function encodeBytes(part: Uint8Array | NativeSharedMemory): { kind: SegmentKind; bytes: Uint8Array } {
  return { kind: SegmentKind.Bytes, bytes: part instanceof Uint8Array ? part : part.read(0, part.byteLength) };
}

function encodeText(text: string): { kind: SegmentKind; bytes: Uint8Array } {
  const narrow = Buffer.from(text, 'latin1');
  if (narrow.toString('latin1') === text) return { kind: SegmentKind.Latin1, bytes: narrow };
  return { kind: SegmentKind.Utf16, bytes: Buffer.from(text, 'utf16le') };
}

/** Each segment in new memory, except the first, which is read at once. Throws if a length does not fit. */
export function cut(whole: Uint8Array): Parts {
  const view = new DataView(whole.buffer, whole.byteOffset, whole.byteLength);
  if (whole.byteLength < SEGMENTS_HEAD || view.getUint32(0, true) !== SEGMENTS_MARK)
    throw new Error('it has no table of parts');
  const count = view.getUint32(4, true);
  let at = SEGMENTS_HEAD + count * SEGMENTS_ENTRY;
  if (at > whole.byteLength) throw new Error(`its table of ${count} parts is cut off`);
  const parts = new Parts();
  for (let entry = SEGMENTS_HEAD; entry < SEGMENTS_HEAD + count * SEGMENTS_ENTRY; entry += SEGMENTS_ENTRY) {
    const length = view.getUint32(entry, true);
    const kind = view.getUint32(entry + 4, true) as SegmentKind;
    if (length > whole.byteLength - at) throw new Error(`a part of ${length} bytes is cut off`);
    const bytes = whole.subarray(at, at + length);
    at += length;
    if (kind === SegmentKind.Bytes) parts.push(entry === SEGMENTS_HEAD ? bytes : new Uint8Array(bytes));
    else if (kind === SegmentKind.Latin1) parts.push(toBuffer(bytes).toString('latin1'));
    else if (kind === SegmentKind.Utf16 && length % 2 === 0) parts.push(toBuffer(bytes).toString('utf16le'));
    else throw new Error(`a part of kind ${kind} and ${length} bytes is none`);
  }
  if (at !== whole.byteLength) throw new Error(`${whole.byteLength - at} bytes belong to no part`);
  return parts;
}

function toBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
