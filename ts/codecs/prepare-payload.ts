import { notSerializable } from '../errors.js';
import type { Parts } from './parts.js';
import { PreparedPayload } from './prepared-payload.js';
import { read } from './reader.js';
import { writeParts } from './writer.js';

export function preparePayload<T>(value: T): PreparedPayload<T> {
  let parts: Parts;
  try {
    parts = writeParts(value).copy();
  } catch (error) {
    throw notSerializable('the payload', 'structured', error);
  }
  return new PreparedPayload<T>(parts, read);
}
