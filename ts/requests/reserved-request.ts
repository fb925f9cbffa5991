import type { RequestKind } from '../connection.js';
import { WorkerError } from '../errors.js';
import type { AnyEnvelope } from '../middleware-chain.js';
import type { RequestTerms } from '../request-terms.js';
import type { StreamAnswer } from '../stream-answer.js';
import { sourceOf } from '../streams/source.js';
import type { TransferList } from '../types/transfer-list.js';
import type { RequestChunks } from './chunks.js';
import { type OpenRequests, watchSignal } from './open-requests.js';
import { Extras, Pending } from './pending.js';
import type { Room } from './room.js';

/** A request that begins before its message is sent. */
export interface ReservedRequest {
  readonly kind: RequestKind;
  readonly type: string;
  readonly payload: unknown;
  readonly timeout: number;
  readonly transfer: TransferList | undefined;
  readonly terms: RequestTerms | undefined;
  readonly resolve: Pending['resolve'];
  readonly reject: Pending['reject'];
  readonly answer?: StreamAnswer | undefined;
}

/** The slower way, for a transaction whose id or slot must be known before its message is written. */
export function sendReserved(
  requests: OpenRequests,
  chunks: RequestChunks,
  room: Room,
  request: ReservedRequest,
): void {
  const { type, payload, transfer, kind, terms, answer, resolve, reject } = request;
  const { outgoing, codec } = requests.options;
  if (terms?.signal?.aborted === true) {
    if (answer !== undefined) return answer.abort(terms.signal.reason);
    throw terms.signal.reason;
  }
  const source = terms?.input === undefined ? undefined : sourceOf(terms.input);
  const custom = customId(requests, type, payload);
  const slot = requests.submit(() => requests.connection.reserve(type, custom, request.timeout, kind));
  const isSeen = outgoing !== undefined || terms?.escalate !== undefined;
  const tx = isSeen ? (requests.connection.transactionId(slot) ?? undefined) : undefined;
  const extras = new Extras(requests, terms);
  const pending = new Pending(type, resolve, reject, extras);
  extras.tx = tx;
  extras.isSent = false;
  requests.assign(slot, pending);
  watchSignal(pending, extras);
  if (source !== undefined) chunks.expectInput(pending, extras, source);
  if (answer !== undefined) chunks.expectOutput(pending, extras, answer);
  const failed = (error: unknown) => {
    // It may have timed out meanwhile, and the slot be another's.
    if (requests.pending[slot] === pending) requests.failUnsent(slot, error);
  };
  const submit = (message: AnyEnvelope) => {
    if (requests.pending[slot] !== pending) return;
    try {
      const encoded = codec.encode(message.payload, message.type);
      const send = () => requests.connection.submit(slot, message.type, encoded, transfer);
      if (requests.backlog.isEmpty && requests.submitWith(terms?.carrier, send)) return chunks.start(pending);
      room.sendLater(slot, { type: message.type, encoded, transfer });
    } catch (error) {
      failed(error);
    }
  };
  const message: AnyEnvelope = { type, tx, payload };
  if (outgoing === undefined) submit(message);
  else outgoing.pass(message, submit, failed);
}

/** A transaction id of the user's making. */
function customId({ options }: OpenRequests, type: string, payload: unknown): string | undefined {
  const { txIdGenerator } = options;
  if (txIdGenerator === undefined) return undefined;
  const custom: unknown = txIdGenerator({ type, payload });
  if (typeof custom === 'string') return custom;
  throw new WorkerError('ERR_INVALID_TRANSACTION_ID', `txIdGenerator must return a string, not ${typeof custom}`);
}
