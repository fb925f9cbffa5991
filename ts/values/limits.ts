import { invalidOption, WorkerError } from '../errors.js';

/** As the wire protocol has it, in bytes of UTF-8. */
const TYPE_NAME_LIMIT = 1024;

export function checkTypeName(type: string): void {
  // A character of UTF-16 has three bytes at most.
  if (type.length * 3 <= TYPE_NAME_LIMIT) return;
  const size = Buffer.byteLength(type);
  if (size > TYPE_NAME_LIMIT) {
    throw invalidOption('a message type', `at most ${TYPE_NAME_LIMIT} bytes of UTF-8 long`, size);
  }
}

/** Only what a serializer made has a size. */
export function checkSize(payload: unknown, type: string, limit: number): void {
  let size: number;
  if (typeof payload === 'string') size = payload.length * 3 <= limit ? 0 : Buffer.byteLength(payload);
  else if (payload instanceof Uint8Array) size = payload.byteLength;
  else return;
  if (size <= limit) return;
  throw new WorkerError(
    'ERR_MESSAGE_TOO_LARGE',
    `cannot send "${type}": the message has ${size} bytes, the limit is ${limit}. Raise \`maxMessageSize\` or split the payload.`,
  );
}
