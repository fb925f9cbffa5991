import { type HostConnection, RequestKind, type Waited } from './connection.js';
import { fromNative } from './errors.js';
import { asyncMiddleware, messageTimeout, noRoom } from './host-errors.js';
import type { AnyEnvelope, MiddlewareChain } from './middleware-chain.js';
import { decodeError } from './rebuilt-error.js';
import type { RequestsOptions } from './requests.js';

export interface SyncRequest {
  readonly connection: HostConnection;
  readonly options: RequestsOptions;
  /** Sends the message; `false` where there is no room for it. */
  send(slot: number, type: string, encoded: unknown): boolean;
  /** The error for a worker that is lost, with the error it may have told. */
  lost(fatal: unknown): Error;
}

/** A request for whose outcome this thread is blocked. */
export function sendSync(request: SyncRequest, type: string, payload: unknown, timeout: number): unknown {
  const { connection, options } = request;
  const { codec, outgoing, incoming, txIdGenerator, peer, maxPendingBytes } = options;
  const slot = reserve(connection, type, txIdGenerator?.({ type, payload }), timeout);
  const isSeen = outgoing !== undefined || incoming !== undefined;
  const tx = isSeen ? (connection.transactionId(slot) ?? undefined) : undefined;
  let waited: Waited | undefined;
  try {
    const message = passNow(outgoing, { type, tx, payload });
    const encoded = codec.encode(message.payload, message.type);
    if (!request.send(slot, message.type, encoded)) throw noRoom('sendSync', type, peer, maxPendingBytes);
    waited = (connection.block as NonNullable<HostConnection['block']>)(slot);
  } finally {
    if (waited === undefined || waited.kind === 'lost') connection.cancel(slot);
  }
  switch (waited.kind) {
    case 'result':
      return passNow(incoming, { type: `${type}Result`, tx, payload: waited.value }).payload;
    case 'error':
      throw decodeError(passNow(incoming, { type: `${type}Error`, tx, payload: waited.value }).payload);
    case 'late':
      throw messageTimeout(type, peer, waited.millis);
    case 'refused':
      throw waited.error;
    case 'lost':
      throw request.lost(waited.fatal);
  }
}

function reserve(connection: HostConnection, type: string, tx: string | undefined, timeout: number): number {
  try {
    return connection.reserve(type, tx, timeout, RequestKind.Request);
  } catch (error) {
    throw fromNative(error);
  }
}

/** Through middleware that does nothing later. */
function passNow(chain: MiddlewareChain | undefined, message: AnyEnvelope): AnyEnvelope {
  if (chain === undefined) return message;
  let passed: AnyEnvelope | undefined;
  let isOver = false;
  chain.pass(
    message,
    (result) => (passed = isOver ? undefined : result),
    (error) => {
      if (!isOver) throw error;
    },
  );
  isOver = true;
  if (passed === undefined) throw asyncMiddleware(message.type);
  return passed;
}
