import { notSerializable } from '../errors/worker-error.js';
import type { Parts } from './segments.js';
import { type PreparedPayload, preparedPayloads } from './prepared-payload.js';
import { read } from './structured/v8-reader.js';
import { writeParts } from './structured/v8-writer.js';

export function preparePayload<T>(value: T): PreparedPayload<T> {
  let parts: Parts;
  try {
    parts = writeParts(value).copy();
  } catch (error) {
    throw notSerializable('the payload', 'structured', error);
  }
  return preparedPayloads.create(parts, read);
}
