// Parts as one sequence of bytes, as the addon writes them to a socket: where a payload must be one value.
import { getNative } from '../native/environment.js';
import { Parts } from './parts.js';

const MARK = 1;
const HEAD = 8;
const ENTRY = 8;

const enum PartKind {
  Bytes = 0,
  Latin1 = 1,
  Utf16 = 2,
}

/** In memory of its own. */
export function join(parts: Parts): Uint8Array {
  const encoded = parts.map((part) => (typeof part === 'string' ? encodeText(part) : encodeBytes(part)));
  const start = HEAD + encoded.length * ENTRY;
  const whole = new Uint8Array(encoded.reduce((sum, { bytes }) => sum + bytes.byteLength, start));
  const view = new DataView(whole.buffer);
  view.setUint32(0, MARK, true);
  view.setUint32(4, encoded.length, true);
  let at = start;
  for (const [index, { kind, bytes }] of Array.from(encoded).entries()) {
    view.setUint32(HEAD + index * ENTRY, bytes.byteLength, true);
    view.setUint8(HEAD + index * ENTRY + 4, kind);
    whole.set(bytes, at);
    at += bytes.byteLength;
  }
  return whole;
}

function encodeBytes(bytes: Uint8Array): { kind: PartKind; bytes: Uint8Array } {
  if (getNative().environment.isShared(bytes)) {
    throw new TypeError('a shared buffer cannot go this way; send a copy: Uint8Array.from(buffer)');
  }
  return { kind: PartKind.Bytes, bytes };
}

function encodeText(text: string): { kind: PartKind; bytes: Uint8Array } {
  const narrow = Buffer.from(text, 'latin1');
  if (narrow.toString('latin1') === text) return { kind: PartKind.Latin1, bytes: narrow };
  return { kind: PartKind.Utf16, bytes: Buffer.from(text, 'utf16le') };
}

/** Each part in memory of its own, but for the first, which is read at once. Throws where a length is not that of a part. */
export function cut(whole: Uint8Array): Parts {
  const view = new DataView(whole.buffer, whole.byteOffset, whole.byteLength);
  if (whole.byteLength < HEAD || view.getUint32(0, true) !== MARK) throw new Error('it has no table of parts');
  const count = view.getUint32(4, true);
  let at = HEAD + count * ENTRY;
  if (at > whole.byteLength) throw new Error(`its table of ${count} parts is cut off`);
  const parts = new Parts();
  for (let entry = HEAD; entry < HEAD + count * ENTRY; entry += ENTRY) {
    const length = view.getUint32(entry, true);
    const kind = view.getUint32(entry + 4, true) as PartKind;
    if (length > whole.byteLength - at) throw new Error(`a part of ${length} bytes is cut off`);
    const bytes = whole.subarray(at, at + length);
    at += length;
    if (kind === PartKind.Bytes) parts.push(entry === HEAD ? bytes : new Uint8Array(bytes));
    else if (kind === PartKind.Latin1) parts.push(toBuffer(bytes).toString('latin1'));
    else if (kind === PartKind.Utf16 && length % 2 === 0) parts.push(toBuffer(bytes).toString('utf16le'));
    else throw new Error(`a part of kind ${kind} and ${length} bytes is none`);
  }
  if (at !== whole.byteLength) throw new Error(`${whole.byteLength - at} bytes belong to no part`);
  return parts;
}

function toBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
