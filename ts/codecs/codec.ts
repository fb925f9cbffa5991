import type { WorkerError } from '../errors.js';
import type { Serializer } from '../types/serializer.js';
import type { Parts } from './parts.js';

/** What the addon takes as a payload; `undefined` stands for itself. */
export type Encoded = string | Uint8Array | Parts | undefined;

/** A payload of a batch that could not be decoded: it fails its own message alone. */
export class Undecodable {
  constructor(readonly error: WorkerError) {}
}

/** Between the values users see and the payloads the addon moves. */
export interface PayloadCodec {
  /** `undefined`: the values themselves travel. */
  readonly serializer: Serializer | undefined;
  /** Payloads of a batch come as one JSON array; without a terminator, all that are JSON. */
  readonly json: boolean;
  /** @param what - For the error: which message this is. */
  encode(value: unknown, what: string): unknown;
  /** One value per record, `undefined` where it has no payload. */
  decodeBatch(records: Int32Array, count: number, payloads: unknown): unknown[];
  decode(payload: unknown): unknown;
  /** A copy of a value that no later change reaches; each call of the result makes it anew. */
  keep(value: unknown, what: string): () => unknown;
}
