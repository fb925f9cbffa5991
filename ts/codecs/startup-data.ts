import { WorkerError } from '../errors/worker-error.js';
import type { SerializerValue } from '../types/serializer.js';
import { JsonCodec } from './json/json-codec.js';
import { JsonSerializer } from './json/json-serializer.js';
import { structured } from './load-structured.js';

/**
 * Start-up data as JSON text, which a worker reads before it names its serializer.
 *
 * @param serializer - With `'json'`, only what JSON carries: the worker may be one in another language.
 * @throws `ERR_NOT_SERIALIZABLE`
 */
export function encodeStartupData(value: unknown, serializer: SerializerValue | undefined): string | undefined {
  if (value === undefined) return undefined;
  if (isJson(serializer)) return new JsonCodec(new JsonSerializer()).encode(value, 'startupData') as string;
  return structured().writeStartupData(value);
}

/** @throws `ERR_MALFORMED_MESSAGE` */
export function decodeStartupData(text: string | null | undefined): unknown {
  if (text === undefined || text === null) return undefined;
  try {
    const json: unknown = JSON.parse(text);
    // As annotated JSON begins; other values need no more code.
    return Array.isArray(json) && json[0] === '\0' ? structured().readStartupValue(json) : json;
  } catch (cause) {
    throw new WorkerError('ERR_MALFORMED_MESSAGE', 'the start-up data of the host are malformed', { cause });
  }
}

function isJson(serializer: SerializerValue | undefined): boolean {
  if (serializer === 'json') return true;
  return typeof serializer === 'object' && Object.getPrototypeOf(serializer) === JsonSerializer.prototype;
}
