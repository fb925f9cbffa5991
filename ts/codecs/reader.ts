import { Deserializer } from 'node:v8';

import { define } from '../remote-error.js';
import { beginError, completeError, type ErrorData } from './error-data.js';
import type { Parts } from './parts.js';
import { createView } from './view-types.js';
import { HostObject, Shape } from './writer.js';

class Reader extends Deserializer {
  readonly errors: Map<number, Error> = new Map();

  constructor(
    bytes: Uint8Array,
    private readonly attachments: readonly (Uint8Array | string)[],
  ) {
    super(bytes);
  }

  _readHostObject(): object {
    if (this.readUint32() === HostObject.Error) {
      const number = this.readUint32();
      const head = Buffer.from(this.readRawBytes(this.readUint32())).toString();
      if (this.errors.has(number)) throw new Error(`the error ${number} is there twice`);
      const error = beginError(JSON.parse(head) as Partial<ErrorData>);
      this.errors.set(number, error);
      return error;
    }
    const type = this.readUint32();
    const [block, offset, length] = [this.readUint32(), this.readUint32(), this.readUint32()];
    return createView(type, this.attachment(block), offset, length);
  }

  attachment(number: number): Uint8Array {
    const attachment = this.attachments[number];
    if (!(attachment instanceof Uint8Array)) throw new Error(`there is no attachment ${number}`);
    return attachment;
  }

  text(number: number): string {
    const attachment = this.attachments[number];
    if (typeof attachment !== 'string') throw new Error(`there is no text ${number}`);
    return attachment;
  }
}

const VERSION_TAG = 0xff;
/** Older formats are those of Node 8 and before. */
const LEAST_VERSION = 13;

/** The value again. What it has of memory is that of the parts. */
export function read(parts: Parts): unknown {
  const [bytes, ...attachments] = parts;
  if (!(bytes instanceof Uint8Array) || bytes[0] !== VERSION_TAG || (bytes[1] ?? 0) < LEAST_VERSION) {
    throw new Error('its bytes are not those of a structured clone');
  }
  const blocks = attachments.map((block) => (typeof block === 'string' ? block : alone(block)));
  const reader = new Reader(bytes, blocks);
  reader.readHeader();
  const shape = reader.readUint32() as Shape;
  const growing = new Map<number, number>();
  if (shape === Shape.Whole) {
    for (let left = reader.readUint32(); left > 0; left--) growing.set(reader.readDouble(), reader.readDouble());
  } else if (shape !== Shape.Plain) throw new Error('its bytes have no shape');
  for (const [number, limit] of growing) blocks[number] = grown(reader.attachment(number), limit);
  for (const [number, block] of blocks.entries()) {
    if (typeof block !== 'string') reader.transferArrayBuffer(number, block.buffer as ArrayBuffer);
  }
  const value: unknown = reader.readValue();
  return shape === Shape.Plain ? value : whole(reader, value);
}

/** Alone in its memory, and at an offset where each kind of number can be read. */
function alone(block: Uint8Array): Uint8Array {
  return block.byteLength === block.buffer.byteLength ? block : new Uint8Array(block);
}

/** In memory that can grow up to a limit. */
function grown(block: Uint8Array, limit: number): Uint8Array {
  const Growing = ArrayBuffer as new (length: number, options: object) => ArrayBuffer;
  const bytes = new Uint8Array(new Growing(block.byteLength, { maxByteLength: limit }));
  bytes.set(block);
  return bytes;
}

/** Puts large strings into their places, and into errors what they refer to. */
function whole(reader: Reader, value: unknown): unknown {
  const [root, errors, places] = value as [unknown[], Partial<ErrorData>[], unknown[]];
  if (!Array.isArray(root) || !Array.isArray(errors) || !Array.isArray(places)) throw new Error('its parts are none');
  for (let at = 0; at < places.length; at += 3) {
    const [holder, key] = [places[at], places[at + 1]];
    const text = reader.text(places[at + 2] as number);
    if (holder instanceof Map) holder.set(key, text);
    else if (typeof holder !== 'object' || holder === null || !Object.hasOwn(holder, key as string)) {
      throw new Error('a text has no place');
    } else if (key === '__proto__') define(holder, key, text);
    else (holder as Record<string, unknown>)[key as string] = text;
  }
  for (const [number, error] of reader.errors) {
    const data = errors[number];
    if (typeof data !== 'object' || data === null) throw new Error(`the error ${number} is missing`);
    completeError(error, data);
  }
  return root[0];
}
