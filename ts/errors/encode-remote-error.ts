import type { RemoteErrorPayload } from '../types/message.js';
import { reasonOf, safely } from '../util/safely.js';
import type * as EncodeError from './encoding/encode-error.js';
import type * as ErrorText from './encoding/error-text.js';

/**
 * Encodes a thrown value as data. Never throws, whatever the value does when the encoder reads it; its time and space
 * are bounded.
 *
 * @param isRich - Values in the error travel as by structured clone; otherwise as by JSON.
 */
export function encodeError(thrown: unknown, isRich = false): RemoteErrorPayload {
  const encode = safely(() => (failures() as typeof EncodeError).encodeError);
  return encode === undefined ? headOf(thrown) : encode(thrown, isRich);
}

/**
 * An error as JSON text that fits a message of this many bytes: first it truncates long texts, then it omits values.
 */
export function errorText(error: RemoteErrorPayload, limit: number): string {
  const write = safely(() => (failures() as typeof ErrorText).errorText);
  return write === undefined ? JSON.stringify(headOf(error)) : write(error, limit);
}

/** What only a failure needs: a file of its own. A process that has used up its descriptors cannot load it. */
function failures(): unknown {
  return require('./failures.cjs');
}

/** The longest text of an error without its encoder, in characters: each message may hold it. */
const SHORT = 200;

function headOf(thrown: unknown): RemoteErrorPayload {
  const code = textOf(thrown, 'code');
  const message = textOf(thrown, 'message') ?? reasonOf(thrown).slice(0, SHORT);
  return { name: textOf(thrown, 'name') ?? 'Error', message, ...(code !== undefined && { code }) };
}

function textOf(thrown: unknown, member: 'code' | 'message' | 'name'): string | undefined {
  return safely(() => {
    const text = (thrown as RemoteErrorPayload)[member];
    return typeof text === 'string' ? text.slice(0, SHORT) : undefined;
  });
}
