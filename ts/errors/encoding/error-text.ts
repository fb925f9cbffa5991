import { encodeError } from './encode-error.js';
import type { RemoteErrorPayload } from '../../types/message.js';
import { shortened } from './encoder.js';

/** The most bytes of the envelope around an error: type, transaction id and member names. */
const ENVELOPE = 2048;
/** The least text that remains. */
const LEAST_TEXT = 256;

/**
 * An error as JSON text that fits a message of this many bytes: first it truncates long texts, then it omits values.
 */
export function errorText(error: RemoteErrorPayload, limit: number): string {
  const space = Math.max(limit - ENVELOPE, LEAST_TEXT * 8);
  const whole = stringify(error);
  if (whole !== undefined && fits(whole, space)) return whole;
  for (let most = space / 2; most >= LEAST_TEXT; most /= 4) {
    const text = stringify(error, most);
    if (text !== undefined && fits(text, space)) return text;
  }
  return headOf(error, space);
}

/** Without the referenced values. */
function headOf(error: RemoteErrorPayload, limit: number): string {
  const { name, message, class: of, code, stack } = isErrorData(error) ? error : encodeError(unreadable());
  for (let most = limit / 2; most >= LEAST_TEXT / 4; most /= 2) {
    const head = { name, message, ...(of !== undefined && { class: of }), ...(code !== undefined && { code }) };
    const text = stringify({ ...head, ...(most > LEAST_TEXT && stack !== undefined && { stack }) }, most);
    if (text !== undefined && fits(text, limit)) return text;
  }
  return JSON.stringify({ name: 'Error', message: 'a handler failed with an error that does not fit maxMessageSize' });
}

/** Truncates each text to a length; `undefined` if this is not JSON. */
function stringify(error: unknown, most = Infinity): string | undefined {
  const cut = (_key: string, value: unknown) => (typeof value === 'string' ? shortened(value, most) : value);
  try {
    const text = most === Infinity ? JSON.stringify(error) : JSON.stringify(error, cut);
    return typeof text === 'string' && isErrorData(error) ? text : undefined;
  } catch {
    return undefined;
  }
}

function fits(text: string, limit: number): boolean {
  return text.length * 3 <= limit || Buffer.byteLength(text) <= limit;
}

/** Middleware may have replaced it. */
function isErrorData(error: unknown): error is RemoteErrorPayload {
  if (typeof error !== 'object' || error === null) return false;
  return typeof (error as Partial<RemoteErrorPayload>).message === 'string';
}

function unreadable(): Error {
  return new Error('a handler failed, and a middleware made of its error what is no error');
}
