import { types } from 'node:util';
import { Deserializer } from 'node:v8';

import { Attachments } from './attachments.js';
import { beginError, type ErrorData } from './error-data.js';
import { complete } from './placeholders.js';
import { readNoted } from './annotated-json.js';
import type { Part, Parts } from '../segments.js';
import { TypedHole } from './typed-holes.js';
import type { ValueTypes } from './typed-values.js';
import { createView, isBufferNumber } from './view-types.js';
import { HostObject, Shape, VERSION_TAG } from './v8-writer.js';

class Reader extends Deserializer {
  readonly errors: Map<number, Error> = new Map();
  readonly holes: Map<number, TypedHole> = new Map();

  constructor(
    bytes: Uint8Array,
    private attachments: Attachments,
  ) {
    super(bytes);
  }

  /** V8 retains such an object, and its references, until a full collection. */
  letGo(): void {
    this.attachments = nothing;
    this.errors.clear();
    this.holes.clear();
    (this as { buffer?: unknown }).buffer = undefined;
  }

  _readHostObject(): object {
    const kind = this.readUint32() as HostObject;
    if (kind === HostObject.Error) return this.readError();
    if (kind === HostObject.Typed) return this.readTyped();
    if (kind === HostObject.Shared) return this.attachments.shared(this.readUint32());
    if (kind !== HostObject.View) throw new Error(`there is no host object of kind ${kind as number}`);
    const type = this.readUint32();
    const [block, offset, length] = [this.readUint32(), this.readUint32(), this.readUint32()];
    return createView(type, this.attachments.forView(block, isBufferNumber(type)), offset, length);
  }

  private readTyped(): TypedHole {
    const number = this.readUint32();
    if (this.holes.has(number)) throw new Error(`the typed value ${number} is there twice`);
    const hole = new TypedHole(number);
    this.holes.set(number, hole);
    return hole;
  }

  private readError(): Error {
    const number = this.readUint32();
    const head = Buffer.from(this.readRawBytes(this.readUint32())).toString();
    if (this.errors.has(number)) throw new Error(`the error ${number} is there twice`);
    const error = beginError(JSON.parse(head) as Partial<ErrorData> | null);
    this.errors.set(number, error);
    return error;
  }
}

const nothing = new Attachments([]);

/** Older formats are those of Node 8 and before. */
const LEAST_VERSION = 13;

/** Rebuilds the value. Its memory is that of the segments. Throws if the segments do not fit each other. */
export function read(parts: Parts, valueTypes?: ValueTypes): unknown {
  const [bytes, ...rest] = parts;
  if (!types.isUint8Array(bytes) || bytes[0] !== VERSION_TAG || (bytes[1] ?? 0) < LEAST_VERSION) {
    throw new Error('its bytes are not those of a structured clone');
  }
  if ((bytes[2] as Shape) >= Shape.Json) return readAlone(bytes, rest, valueTypes);
  const attachments = new Attachments(rest.map((block) => (block instanceof Uint8Array ? alone(block) : block)));
  const reader = new Reader(bytes, attachments);
  try {
    return readWith(reader, bytes, attachments, valueTypes);
  } finally {
    reader.letGo();
  }
}

function readWith(
  reader: Reader,
  bytes: Uint8Array,
  attachments: Attachments,
  valueTypes: ValueTypes | undefined,
): unknown {
  reader.readHeader();
  const shape = reader.readUint32() as Shape;
  if (shape === Shape.Whole) readGrowing(reader, attachments);
  else if (shape !== Shape.Plain) throw new Error('its bytes have no shape');
  for (const [number, block] of attachments.list.entries()) {
    if (block instanceof Uint8Array) reader.transferArrayBuffer(number, block.buffer as ArrayBuffer);
  }
  const found: unknown = reader.readValue();
  const left = bytes.byteOffset + bytes.byteLength - reader.readRawBytes(0).byteOffset;
  if (left !== 0) throw new Error(`${left} bytes belong to no value`);
  const isComplete = reader.errors.size === 0 && reader.holes.size === 0;
  if (shape === Shape.Plain && !isComplete) throw new Error('its errors or typed values have no data');
  const value = shape === Shape.Plain ? found : complete(found, reader, attachments, valueTypes);
  attachments.checkUse();
  return value;
}

/** A value that V8 has not written. */
function readAlone(bytes: Uint8Array, parts: readonly Part[], valueTypes: ValueTypes | undefined): unknown {
  if ((bytes[2] as Shape) === Shape.NotedShared && bytes.length === 3) return readNotedShared(parts, valueTypes);
  if ((bytes[2] as Shape) === Shape.Shared && bytes.length === 3 && parts.length === 1) {
    const attachments = new Attachments(parts.map((block) => (block instanceof Uint8Array ? alone(block) : block)));
    return attachments.shared(0);
  }
  const [part] = parts;
  const [, , shape, type] = bytes;
  const isBytes = shape === (Shape.View as number);
  if (bytes.length !== (isBytes ? 4 : 3) || (shape as number) > (Shape.View as number))
    throw new Error('its bytes have no shape');
  if (parts.length !== 1) throw new Error('its value is not the one part it has');
  if (isBytes && part instanceof Uint8Array) return createView(type as number, alone(part), 0, part.length);
  if (isBytes || typeof part !== 'string') throw new Error('its value is not the one part it has');
  return shape === (Shape.Json as number) ? readNoted(JSON.parse(part), { types: valueTypes }) : part;
}

function readNotedShared([text, ...rest]: readonly Part[], valueTypes: ValueTypes | undefined): unknown {
  if (typeof text !== 'string') throw new Error('its first part is no text');
  const attachments = new Attachments(rest.map((block) => (block instanceof Uint8Array ? alone(block) : block)));
  const shared = (number: number) => attachments.shared(number);
  const value = readNoted(JSON.parse(text), { types: valueTypes, shared });
  attachments.checkUse();
  return value;
}

/** Puts blocks into growable memory, which precedes the value. */
function readGrowing(reader: Reader, attachments: Attachments): void {
  const known = new Set<number>();
  for (let left = reader.readUint32(); left > 0; left--) {
    const [number, limit] = [reader.readDouble(), reader.readDouble()];
    const block = attachments.bytes(number);
    if (known.has(number) || !Number.isSafeInteger(limit) || limit < block.byteLength) {
      throw new Error(`the attachment ${number} cannot grow to ${limit} bytes`);
    }
    known.add(number);
    attachments.list[number] = grown(block, limit);
  }
}

/** Alone in its memory, and aligned for each kind of number. */
function alone(block: Uint8Array): Uint8Array {
  return block.byteLength === block.buffer.byteLength ? block : new Uint8Array(block);
}

/** Memory that can grow up to a limit. */
function grown(block: Uint8Array, limit: number): Uint8Array {
  const Growing = ArrayBuffer as new (length: number, options: object) => ArrayBuffer;
  const bytes = new Uint8Array(new Growing(block.byteLength, { maxByteLength: limit }));
  bytes.set(block);
  return bytes;
}
