import { Serializer } from 'node:v8';

import { Blocks } from './buffers.js';
import { checkMemory, SHARED_MEMORY } from './memory.js';
import { writeNoted } from './annotated-json.js';
import type { NativeSharedMemory } from '../../addon/binding.js';
import { findHostObject } from '../host-objects.js';
import { type Part, Parts } from '../segments.js';
import { type PreparedPayload, preparedPayloads } from '../prepared-payload.js';
import { Form, type Scan, scan } from './classify.js';
import { SharedBuffer } from './shared-buffer.js';
import { Substitutes } from './stand-ins.js';
import { hasSerializer, noSerializer } from './runtime-serializer.js';
import { numberOf } from './view-types.js';

/** The shape, in front of a value. */
export const enum Shape {
  /** The value stands alone. */
  Plain = 0,
  /** The value is in an array, with the data to complete it. */
  Whole = 1,
  /** The value is the JSON text in the other segment. */
  Json = 2,
  /** The value is the text in the other segment. */
  Text = 3,
  /** The value is a view of the other segment, of the type whose number follows. */
  View = 4,
  /** The value is the shared buffer in the other segment, or a `Buffer` of its bytes. */
  Shared = 8,
  /** The value is the annotated JSON text in the first of the other segments, with the shared buffers behind it. */
  NotedShared = 9,
}

/** The first bytes of V8's output, and the version of its format without header. */
export const VERSION_TAG = 0xff;
const VERSION = 15;

/** The tag in front of host objects. */
export const enum HostObject {
  View = 0,
  Error = 1,
  /** A value of a user's type. */
  Typed = 2,
  /** A shared buffer, or a `Buffer` of its bytes. */
  Shared = 8,
}

/** Undocumented by Node: the behaviour of its own serializer. */
const TREAT_VIEWS = '_setTreatArrayBufferViewsAsHostObjects';

interface Hooks {
  [TREAT_VIEWS](asHostObjects: boolean): void;
}

/** For values that V8 writes alone. */
class PlainWriter extends Serializer {
  _getSharedArrayBufferId(): never {
    throw new TypeError(SHARED_MEMORY);
  }
}

class Writer extends PlainWriter {
  /** @param firstShared - The segment number of the first shared buffer. */
  constructor(
    private blocks: Blocks,
    private substitutes: Substitutes | undefined,
    private readonly firstShared: number,
  ) {
    super();
    // V8 sees errors as views.
    (this as unknown as Hooks)[TREAT_VIEWS](true);
    this.writeHeader();
  }

  /** Like the reader: V8 retains it, and its references. */
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
    const shared = this.substitutes?.sharedMarks.get(view as Uint8Array);
    if (shared !== undefined) {
      this.writeUint32(HostObject.Shared);
      this.writeUint32(this.firstShared + shared);
      return;
    }
    const typed = this.substitutes?.typedMarks.get(view as Uint8Array);
    if (typed !== undefined) {
      this.writeUint32(HostObject.Typed);
      this.writeUint32(typed);
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

/** The segments of a value that has no JSON, or too long a one. They refer to memory of the value. */
export function writeFound(value: unknown, found: Scan): Parts {
  if (found.form === Form.Prepared) return preparedPayloads.partsOf(value as PreparedPayload);
  const isNoted = found.form === Form.Noted && found.hasShared && !(value instanceof SharedBuffer);
  if (isNoted) return writeNotedShared(value, found);
  return (found.needsCopy && isTyped(value, found) ? undefined : writeAlone(value)) ?? partsOf(value, found);
}

/** The segments of JSON text. */
export function writeLongText(text: string): Parts {
  return behind(text, Shape.Json);
}

function isTyped(value: unknown, { typed }: Scan): boolean {
  return typeof value === 'object' && value !== null && typed?.known(value) !== undefined;
}

/** A large value alone needs no V8, which not every runtime has, and which retains what it has written and read. */
function writeAlone(value: unknown): Parts | undefined {
  if (typeof value === 'string') return behind(value, Shape.Text);
  if (value instanceof SharedBuffer) {
    const parts = behind(SharedBuffer.memoryOf(value), Shape.Shared);
    parts.hasShared = true;
    return parts;
  }
  if (!ArrayBuffer.isView(value) || (value.buffer as { resizable?: boolean }).resizable === true) return undefined;
  checkMemory(value.buffer);
  return behind(new Uint8Array(value.buffer, value.byteOffset, value.byteLength), Shape.View, numberOf(value));
}

/** Where there is no V8: shared buffers in a value that JSON carries. */
function writeNotedShared(value: unknown, { typed }: Scan): Parts {
  const shared: NativeSharedMemory[] = [];
  const numbers = new Map<SharedBuffer, number>();
  const numberOfShared = (buffer: SharedBuffer): number => {
    const known = numbers.get(buffer) ?? shared.push(SharedBuffer.memoryOf(buffer)) - 1;
    numbers.set(buffer, known);
    return known;
  };
  const parts = behind(writeNoted(value, typed, numberOfShared), Shape.NotedShared);
  parts.push(...shared);
  parts.hasShared = true;
  return parts;
}

/** One segment, and its shape. */
function behind(part: Part, ...shape: [Shape, number?]): Parts {
  const parts = new Parts();
  parts.push(Uint8Array.of(VERSION_TAG, VERSION, ...(shape as number[])), part);
  parts.isNarrow = typeof part === 'string' && !WIDE.test(part);
  return parts;
}

/** Segments in any case. */
export function writeParts(value: unknown): Parts {
  return partsOf(value, scan(value));
}

/** V8 does not search a string that it stores with one byte for each character. */
const WIDE = /[\u0100-\uffff]/;

function partsOf(value: unknown, found: Scan): Parts {
  const lost = found.hasHostObject ? findLost(value, found) : undefined;
  if (lost !== undefined) throw new TypeError(lost);
  if (!hasSerializer) throw noSerializer();
  const { views, buffers, needsCopy } = found;
  if (!needsCopy && views.length === 0 && buffers.length === 0) return plainParts(value);
  const blocks = new Blocks(views, buffers);
  const bytes = blocks.bytes();
  const substitutes = needsCopy ? new Substitutes(bytes.length, found.typed) : undefined;
  const root = substitutes?.root(value);
  const firstShared = bytes.length + (substitutes?.strings.length ?? 0);
  blocks.firstLate = firstShared + (substitutes?.shared.length ?? 0);
  const writer = new Writer(blocks, substitutes, firstShared);
  for (const [number, memory] of buffers.entries()) writer.transferArrayBuffer(number, memory);
  const growing = buffers.flatMap((buffer, number) => limitOf(buffer, number));
  if (root === undefined && growing.length === 0) {
    writer.writeUint32(Shape.Plain);
    writer.writeValue(value);
  } else {
    writer.writeUint32(Shape.Whole);
    const { errors = [], places = [], typed = [] } = substitutes ?? {};
    writer.writeUint32(growing.length / 2);
    for (const number of growing) writer.writeDouble(number);
    const whole = [root ?? [value], errors, places.flat()];
    writer.writeValue(typed.length === 0 ? whole : [...whole, typed]);
  }
  const parts = new Parts();
  const { strings = [], shared = [] } = substitutes ?? {};
  parts.push(writer.releaseBuffer(), ...bytes, ...strings, ...shared, ...blocks.lateBytes());
  parts.hasShared = shared.length > 0;
  writer.letGo();
  parts.isNarrow = strings.length > 0 && !strings.some((text) => WIDE.test(text));
  return parts;
}

/** An object of the runtime, in a value or in what takes the place of values of users' types. */
function findLost(value: unknown, { typed }: Scan): string | undefined {
  if (typed === undefined) return findHostObject(value);
  const isCarried = (object: object) => typed.known(object) !== undefined;
  return [value, ...typed.encoded()]
    .map((each) => findHostObject(each, isCarried))
    .find((reason) => reason !== undefined);
}

/** A value that V8 writes alone. */
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

/** For a growable buffer, its number and its limit. */
function limitOf(buffer: ArrayBuffer, number: number): number[] {
  const { resizable, maxByteLength } = buffer as { resizable?: boolean; maxByteLength?: number };
  return resizable === true && maxByteLength !== undefined ? [number, maxByteLength] : [];
}
