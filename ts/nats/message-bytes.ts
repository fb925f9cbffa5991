import { deserialize, serialize } from 'node:v8';

import { type DriverMessage, WorkerError } from '../index.js';

/** How the payload of a message is encoded. */
enum Form {
  Absent,
  Text,
  Bytes,
  /** By V8's structured clone: where no serializer has made text or bytes of it. */
  Value,
}

/** Before the JSON of the other members: its length, and the form of the payload. */
const HEAD = 5;

/** One message as bytes: a copy. */
export function encodeMessage(message: DriverMessage, limit: number): Buffer {
  const { payload, ...members } = message;
  const [form, body] = encodePayload(message.type, payload);
  const json = Buffer.from(JSON.stringify(members));
  const size = HEAD + json.length + body.length;
  if (size > limit) {
    throw new WorkerError(
      'ERR_MESSAGE_TOO_LARGE',
      `the message "${message.type}" has ${size} bytes, and the driver "nats" moves at most ${limit}. Raise its \`maxMessageSize\` ` +
        'on both sides, or send less at once.',
    );
  }
  const head = Buffer.allocUnsafe(HEAD);
  head.writeUInt32LE(json.length);
  head[4] = form;
  return Buffer.concat([head, json, body], size);
}

/** Throws where the bytes are no message. */
export function decodeMessage(bytes: Buffer): DriverMessage {
  const end = HEAD + bytes.readUInt32LE();
  const members = JSON.parse(bytes.toString('utf8', HEAD, end)) as DriverMessage;
  const form = bytes[4] as Form;
  return form === Form.Absent ? members : { ...members, payload: decodePayload(form, bytes.subarray(end)) };
}

function encodePayload(type: string, payload: unknown): [Form, Uint8Array] {
  if (payload === undefined) return [Form.Absent, Buffer.alloc(0)];
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
  if (form === Form.Bytes)
    return Uint8Array.prototype.slice.call(new Uint8Array(body.buffer, body.byteOffset, body.length));
  if (form === Form.Value) return deserialize(body);
  throw new Error(`a payload has the unknown form ${String(form)}`);
}
