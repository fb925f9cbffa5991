// Start-up data of a worker, which are JSON text in any case: what JSON does not carry has annotations, or is Base64 of segments.
import { notSerializable } from '../../errors/worker-error.js';
import { clone } from '../load-clone.js';
import { looksNoted, readNoted } from './annotated-json.js';
import { write } from './write.js';

/** The first element of a stand-in, as in annotated JSON, and the last one of Base64. */
const MARK = '\0';
const SEGMENTS = 'segments';

/** @throws `ERR_NOT_SERIALIZABLE` */
export function writeStartupData(value: unknown): string {
  try {
    const encoded = write(value);
    if (typeof encoded === 'string') return encoded;
    if (encoded.hasShared) throw new TypeError('a shared buffer travels in messages alone');
    return JSON.stringify([MARK, Buffer.from(clone().join(encoded)).toString('base64'), SEGMENTS]);
  } catch (error) {
    throw notSerializable('startupData', 'structured', error);
  }
}

/** @param json - The result of the JSON text. Throws if it is malformed. */
export function readStartupValue(json: unknown): unknown {
  if (!looksNoted(json) || (json as unknown[])[2] !== SEGMENTS) return readNoted(json);
  const [, base64, , ...rest] = json as unknown[];
  if (typeof base64 !== 'string' || rest.length > 0) throw new Error('its segments are missing');
  const { cut, read } = clone();
  // Memory of its own, whose start is aligned.
  return read(cut(new Uint8Array(Buffer.from(base64, 'base64'))));
}
