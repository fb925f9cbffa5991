import type { WorkerError } from '../errors/worker-error.js';
import type { Serializer } from '../types/serializer.js';
import type { Parts } from './segments.js';

/** A payload for the addon; `undefined` stands for itself. */
export type Encoded = string | Uint8Array | Parts | undefined;

/** A payload of a batch that could not be decoded: it fails only its own message. */
export class Undecodable {
  /** Recognised without reading a value, because a proxy may refuse that. */
  // oxlint-disable-next-line eslint/no-unused-private-class-members -- `in` asks for it
  readonly #isUndecodable = true;

  /** Whether one exists: most programs never see any, and need not check values. */
  private static hasBeen = false;

  constructor(readonly error: WorkerError) {
    Undecodable.hasBeen = true;
  }

  static is(value: unknown): value is Undecodable {
    return Undecodable.hasBeen && typeof value === 'object' && value !== null && #isUndecodable in value;
  }
}

/** Converts between the values of users and the payloads of the addon. */
export interface PayloadCodec {
  /** `undefined`: values travel unencoded. */
  readonly serializer: Serializer | undefined;
  /** A batch delivers payloads as one JSON array; without a terminator, those that are JSON. */
  readonly json: boolean;
  /** @param what - For the error: which message this is. */
  encode(value: unknown, what: string): unknown;
  /** One value per record, `undefined` if it has no payload. */
  decodeBatch(records: Int32Array, count: number, payloads: unknown): unknown[];
  decode(payload: unknown): unknown;
  /** A copy of a value that later changes do not reach; each call of the result makes a new one. */
  keep(value: unknown, what: string): () => unknown;
}

/** Whether a codec carries more than JSON, so the values in errors may be richer too. */
export function carriesMore({ serializer }: Pick<PayloadCodec, 'serializer'>): boolean {
  return serializer?.name !== 'json';
}
