import { deserialize, serialize } from 'node:v8';

import { type DriverMessage, WorkerError } from '../index.js';
import { copyPlain, NOT_PLAIN } from './plain.js';

/** The first byte of a message. */
enum Form {
  /** The whole message is JSON. */
  Json,
  /** The length of the JSON of all members but the payload, that JSON, and the payload as text, */
  Text,
  /** as bytes, */
  Bytes,
  /** or in V8's format: where no serializer has made text or bytes of it. */
  Value,
}

const JSON_MARK = String.fromCodePoint(Form.Json);
/** Before the JSON of the other members. */
const HEAD = 5;

/** One message as bytes: a copy. */
export function encodeMessage(message: DriverMessage, limit: number): Buffer {
  const bytes = encode(message);
  if (bytes.length <= limit) return bytes;
  throw new WorkerError(
    'ERR_MESSAGE_TOO_LARGE',
    `the message "${message.type}" has ${bytes.length} bytes, and the driver "nats" moves at most ${limit}. Raise its \`maxMessageSize\` ` +
      'on both sides, or send less at once.',
  );
}

/** Throws where the bytes are no message. */
export function decodeMessage(bytes: Buffer): DriverMessage {
  const form = bytes[0] as Form;
  if (form === Form.Json) return JSON.parse(bytes.toString('utf8', 1)) as DriverMessage;
  const end = HEAD + bytes.readUInt32LE(1);
  const members = JSON.parse(bytes.toString('utf8', HEAD, end)) as DriverMessage;
  return { ...members, payload: decodePayload(form, bytes.subarray(end)) };
}

function encode(message: DriverMessage): Buffer {
  const { type, payload } = message;
  const isText = typeof payload === 'string' || payload instanceof Uint8Array;
  const copy = isText ? NOT_PLAIN : copyPlain(payload);
  if (copy !== NOT_PLAIN) return Buffer.from(JSON_MARK + jsonOf(message, copy));
  const [form, body] = encodePayload(type, payload);
  const json = Buffer.from(jsonOf(message));
  const head = Buffer.allocUnsafe(HEAD);
  head[0] = form;
  head.writeUInt32LE(json.length, 1);
  return Buffer.concat([head, json, body], HEAD + json.length + body.length);
}

/** Without the members that are absent. */
function jsonOf({ type, tx, kind, context }: DriverMessage, payload?: unknown): string {
  return JSON.stringify({ type, tx, kind, context, payload });
}

function encodePayload(type: string, payload: unknown): [Form, Uint8Array] {
  // UTF-8 has no lone surrogates.
  if (typeof payload === 'string' && (payload as string & { isWellFormed(): boolean }).isWellFormed()) {
    return [Form.Text, Buffer.from(payload)];
  }
  if (payload instanceof Uint8Array && Object.getPrototypeOf(payload) === Uint8Array.prototype) {
    return [Form.Bytes, payload];
  }
  try {
    return [Form.Value, serialize(payload)];
  } catch (cause) {
    const text = `"${type}" cannot be serialised by the driver "nats": ${String(cause)}`;
    throw new WorkerError('ERR_NOT_SERIALIZABLE', text, { cause });
  }
}

function decodePayload(form: Form, body: Buffer): unknown {
  if (form === Form.Text) return body.toString();
  // Memory of its own: the other messages of the frame are in this one.
  const bytes = Uint8Array.prototype.slice.call(new Uint8Array(body.buffer, body.byteOffset, body.length));
  if (form === Form.Bytes) return bytes;
  if (form === Form.Value) return deserialize(bytes);
  throw new Error(`a payload has the unknown form ${String(form)}`);
}
