import { Serializer } from 'node:v8';

import { Blocks, checkMemory } from './blocks.js';
import { looksNoted, writeNoted } from './notes.js';
import { Parts } from './parts.js';
import { Form, type Scan, scan } from './scan.js';
import { Substitutes } from './substitutes.js';
import { numberOf } from './view-types.js';

/** In front of a value. */
export const enum Shape {
  /** It stands alone. */
  Plain = 0,
  /** It is in an array, with what it takes to make it whole. */
  Whole = 1,
  /** It is the JSON text that is the other part. */
  Json = 2,
  /** It is the text that is the other part. */
  Text = 3,
  /** It is a view of the other part, of the type whose number is behind this. */
  View = 4,
}

/** What bytes of V8 begin with, and the version of their format that is written without it. */
export const VERSION_TAG = 0xff;
const VERSION = 15;

/** In front of what V8 leaves to this library. */
export const enum HostObject {
  View = 0,
  Error = 1,
}

/** What Node does not document is what its own serializer does. */
const TREAT_VIEWS = '_setTreatArrayBufferViewsAsHostObjects';

interface Hooks {
  [TREAT_VIEWS](asHostObjects: boolean): void;
}

/** For what V8 writes alone. */
class PlainWriter extends Serializer {
  _getSharedArrayBufferId(): never {
    throw new TypeError('a SharedArrayBuffer cannot leave its process; send a copy: new Uint8Array(shared).slice()');
  }
}

class Writer extends PlainWriter {
  constructor(
    private blocks: Blocks,
    private substitutes: Substitutes | undefined,
  ) {
    super();
    // Errors are views to V8.
    (this as unknown as Hooks)[TREAT_VIEWS](true);
    this.writeHeader();
  }

  /** As for a reader: V8 keeps it, and what it refers to. */
  letGo(): void {
    this.blocks = NO_BLOCKS;
    this.substitutes = undefined;
  }

  _writeHostObject(view: ArrayBufferView): void {
    const error = this.substitutes?.marks.get(view as Uint8Array);
    if (error !== undefined) {
      this.writeUint32(HostObject.Error);
      this.writeUint32(error);
      const { name, message, class: of, code } = this.substitutes?.errors[error] ?? {};
      const head = Buffer.from(JSON.stringify({ name, message, class: of, code }));
      this.writeUint32(head.length);
      this.writeRawBytes(head);
      return;
    }
    const { block, offset } = this.blocks.spotOf(view);
    this.writeUint32(HostObject.View);
    this.writeUint32(numberOf(view));
    this.writeUint32(block);
    this.writeUint32(offset);
    this.writeUint32(view.byteLength);
  }
}

const NO_BLOCKS = new Blocks([], []);

/** JSON where that gives the same value again, alone or with notes, else parts. Those refer to memory of the value. */
export function write(value: unknown): string | Parts {
  const found = scan(value);
  const { form } = found;
  if (form === Form.Parts || looksNoted(value)) return writeAlone(value) ?? partsOf(value, found);
  const text = form === Form.Json ? JSON.stringify(value) : writeNoted(value);
  return text.length < LARGE_JSON ? text : behind(text, Shape.Json);
}

/** A text of this length is worth a part, which may go another way than the frame. */
const LARGE_JSON = 65_536;

/** What is large and alone needs no V8, which not every runtime has, and which keeps what it has written and read for long. */
function writeAlone(value: unknown): Parts | undefined {
  if (typeof value === 'string') return behind(value, Shape.Text);
  if (!ArrayBuffer.isView(value) || (value.buffer as { resizable?: boolean }).resizable === true) return undefined;
  checkMemory(value.buffer);
  return behind(new Uint8Array(value.buffer, value.byteOffset, value.byteLength), Shape.View, numberOf(value));
}

/** One part, and what it is. */
function behind(part: string | Uint8Array, ...shape: [Shape, number?]): Parts {
  const parts = new Parts();
  parts.push(Uint8Array.of(VERSION_TAG, VERSION, ...(shape as number[])), part);
  parts.isNarrow = typeof part === 'string' && !WIDE.test(part);
  return parts;
}

/** Parts in any case. */
export function writeParts(value: unknown): Parts {
  return partsOf(value, scan(value));
}

/** V8 does not look for it in a string that it keeps with one byte for each character. */
const WIDE = /[\u0100-\uffff]/;

function partsOf(value: unknown, found: Scan): Parts {
  const { views, buffers, needsCopy } = found;
  if (!needsCopy && views.length === 0 && buffers.length === 0) return plainParts(value);
  const blocks = new Blocks(views, buffers);
  const bytes = blocks.bytes();
  const substitutes = needsCopy ? new Substitutes(bytes.length) : undefined;
  const root = substitutes?.root(value);
  blocks.firstLate = bytes.length + (substitutes?.strings.length ?? 0);
  const writer = new Writer(blocks, substitutes);
  for (const [number, memory] of buffers.entries()) writer.transferArrayBuffer(number, memory);
  const growing = buffers.flatMap((buffer, number) => limitOf(buffer, number));
  if (root === undefined && growing.length === 0) {
    writer.writeUint32(Shape.Plain);
    writer.writeValue(value);
  } else {
    writer.writeUint32(Shape.Whole);
    const { errors = [], places = [] } = substitutes ?? {};
    writer.writeUint32(growing.length / 2);
    for (const number of growing) writer.writeDouble(number);
    writer.writeValue([root ?? [value], errors, places.flat()]);
  }
  const parts = new Parts();
  const { strings = [] } = substitutes ?? {};
  parts.push(writer.releaseBuffer(), ...bytes, ...strings, ...blocks.lateBytes());
  writer.letGo();
  parts.isNarrow = strings.length > 0 && !strings.some((text) => WIDE.test(text));
  return parts;
}

/** What V8 writes alone. */
function plainParts(value: unknown): Parts {
  const writer = new PlainWriter();
  writer.writeHeader();
  writer.writeUint32(Shape.Plain);
  writer.writeValue(value);
  const parts = new Parts();
  // For a small value, `push` takes a while.
  parts[0] = writer.releaseBuffer();
  return parts;
}

/** Of one that can grow, its number and how far. */
function limitOf(buffer: ArrayBuffer, number: number): number[] {
  const { resizable, maxByteLength } = buffer as { resizable?: boolean; maxByteLength?: number };
  return resizable === true && maxByteLength !== undefined ? [number, maxByteLength] : [];
}
