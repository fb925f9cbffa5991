import { randomUUID } from 'node:crypto';

import { WorkerError } from '../../errors/worker-error.js';
import { ID_DIGITS, TRANSACTION_ID_LIMIT, WORKER_NUMBERS } from '../../protocol/generated.js';

/** Characters of the beginning of all generated ids of a table. */
const BASE_LENGTH = 24;
const UUID_BASE = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-$/;

/** Generates transaction ids as the addon does: UUIDs with a random beginning, and the request's number. */
export class TransactionIds {
  /** The beginning of all generated ids. */
  readonly base: string;
  /** Where the other side's ids begin alike, theirs are below this number. */
  private readonly offset: number;

  constructor(theirBase: string | undefined) {
    const isShared = theirBase !== undefined && UUID_BASE.test(theirBase);
    this.base = isShared ? theirBase : randomUUID().slice(0, BASE_LENGTH);
    this.offset = isShared ? WORKER_NUMBERS : 0;
  }

  /** The id of the request with this number. */
  generate(number: number): string {
    return this.base + (this.offset + (number % WORKER_NUMBERS)).toString(16).padStart(ID_DIGITS, '0');
  }
}

/** @throws `ERR_INVALID_TRANSACTION_ID` for an id that a user may not choose. */
export function checkTransactionId(id: string): void {
  const size = Buffer.byteLength(id);
  if (size > 0 && size <= TRANSACTION_ID_LIMIT) return;
  const text =
    size === 0
      ? 'a transaction id must not be empty'
      : `a transaction id may have at most ${TRANSACTION_ID_LIMIT} bytes of UTF-8, this one has ${size}`;
  throw new WorkerError('ERR_INVALID_TRANSACTION_ID', `cannot send: ${text}`);
}
