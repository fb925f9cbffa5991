import { types } from 'node:util';

import { invalidOption, WorkerError } from '../errors/worker-error.js';
import { quoted } from '../util/printable.js';

/** The limit of the wire protocol, in bytes of UTF-8. */
const TYPE_NAME_LIMIT = 1024;

export function checkTypeName(type: string): void {
  // A character of UTF-16 has at most three bytes.
  if (type.length * 3 <= TYPE_NAME_LIMIT) return;
  const size = Buffer.byteLength(type);
  if (size > TYPE_NAME_LIMIT) {
    throw invalidOption('a message type', `at most ${TYPE_NAME_LIMIT} bytes of UTF-8 long`, size);
  }
}

/** Text and bytes have a size; values without a serializer have none. */
export function checkSize(payload: unknown, type: string, limit: number): void {
  let size: number;
  if (typeof payload === 'object' && (payload === null || isOrdinary(payload))) return;
  if (typeof payload === 'string') size = payload.length * 3 <= limit ? 0 : Buffer.byteLength(payload);
  else if (ArrayBuffer.isView(payload) || types.isAnyArrayBuffer(payload)) size = payload.byteLength;
  else return;
  if (size <= limit) return;
  throw new WorkerError(
    'ERR_MESSAGE_TOO_LARGE',
    `cannot send ${quoted(type)}: the message has ${size} bytes, the limit is ${limit}. Raise \`maxMessageSize\` or split the payload.`,
  );
}

/** Most objects are, and need no closer check. */
function isOrdinary(value: object): boolean {
  return Array.isArray(value) || Object.getPrototypeOf(value) === Object.prototype;
}
