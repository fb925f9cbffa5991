import { CONFIGURED, FULL, type HostConnection, RequestKind, type Waited } from './connection.js';
import { fromNative } from './errors.js';
import { asyncMiddleware, messageTimeout, noRoom } from './host-errors.js';
import type { AnyEnvelope, MessageCheck, MiddlewareChain } from './middleware-chain.js';
import { decodeError } from './rebuilt-error.js';
import type { OpenRequests } from './requests/open-requests.js';
import type { Carrier } from './types/context-carrier.js';

interface SyncRequest {
  readonly requests: OpenRequests<HostConnection>;
  /** What its message takes along. */
  readonly carrier: Carrier | undefined;
  readonly losses: Losses;
}

/** The errors for a worker that will not answer. */
export interface Losses {
  /** It is lost, with the error it may have told. */
  lost(fatal: unknown): Error;
  /** It was not ready in time. */
  unready(): Error;
}

/** Blocks this thread until the outcome of a request is there. */
export function sendSync(
  requests: OpenRequests<HostConnection>,
  type: string,
  payload: unknown,
  timeout = CONFIGURED,
  carrier: Carrier | undefined,
  losses: Losses,
): unknown {
  try {
    return send({ requests, carrier, losses }, type, payload, timeout);
  } finally {
    requests.batchEnd();
  }
}

function send(request: SyncRequest, type: string, payload: unknown, timeout: number): unknown {
  const { requests, carrier } = request;
  const { connection, options, backlog } = requests;
  const { outgoing, incoming, txIdGenerator } = options;
  const isPlain = outgoing === undefined && incoming === undefined && txIdGenerator === undefined;
  if (isPlain && connection.beginNow !== undefined && carrier === undefined && backlog.isEmpty) {
    const slot = begin(request, type, payload, timeout);
    return outcomeOf(request, type, waitFor(request, slot));
  }
  const slot = reserve(connection, type, txIdGenerator?.({ type, payload }), timeout);
  const tx = isPlain ? undefined : (connection.transactionId(slot) ?? undefined);
  try {
    const message = passNow(outgoing, { type, tx, payload });
    const encoded = options.codec.encode(message.payload, message.type);
    const submit = () => connection.submit(slot, message.type, encoded);
    if (!backlog.isEmpty || !requests.submitWith(carrier, submit)) {
      throw noRoom('sendSync', type, options.peer, options.maxPendingBytes);
    }
  } catch (error) {
    connection.cancel(slot);
    throw error;
  }
  return outcomeOf(request, type, waitFor(request, slot), tx);
}

/** The quicker way, for a request whose id nobody wants to know. */
function begin({ requests }: SyncRequest, type: string, payload: unknown, timeout: number): number {
  const { connection, options } = requests;
  const encoded = options.codec.encode(payload, type);
  let slot: number;
  try {
    slot = (connection.beginNow as NonNullable<HostConnection['beginNow']>)(type, encoded, timeout);
  } catch (error) {
    throw fromNative(error);
  }
  if (slot === FULL) throw noRoom('sendSync', type, options.peer, options.maxPendingBytes);
  return slot;
}

function waitFor({ requests }: SyncRequest, slot: number): Waited {
  const { connection } = requests;
  const waited = (connection.block as NonNullable<HostConnection['block']>)(slot);
  if (waited.kind === 'lost' || waited.kind === 'unready') connection.cancel(slot);
  return waited;
}

function outcomeOf({ requests, losses }: SyncRequest, type: string, waited: Waited, tx?: string): unknown {
  const { incoming, peer, checks } = requests.options;
  switch (waited.kind) {
    case 'result':
      return passNow(
        incoming,
        { type: `${type}Result`, tx, payload: waited.value },
        checks === undefined ? undefined : (passed) => checks.apply('result', type, passed),
      ).payload;
    case 'error':
      throw decodeError(passNow(incoming, { type: `${type}Error`, tx, payload: waited.value }).payload);
    case 'late':
      throw messageTimeout(type, peer, waited.millis);
    case 'refused':
      throw waited.error;
    case 'lost':
      throw losses.lost(waited.fatal);
    case 'unready':
      throw losses.unready();
  }
}

function reserve(connection: HostConnection, type: string, tx: string | undefined, timeout: number): number {
  try {
    return connection.reserve(type, tx, timeout, RequestKind.Request);
  } catch (error) {
    throw fromNative(error);
  }
}

/** Through middleware, and a validator, that do nothing later. */
function passNow(chain: MiddlewareChain | undefined, message: AnyEnvelope, check?: MessageCheck): AnyEnvelope {
  if (chain === undefined) return message;
  let passed: AnyEnvelope | undefined;
  let isOver = false;
  chain.pass(
    message,
    (result) => (passed = isOver ? undefined : result),
    (error) => {
      if (!isOver) throw error;
    },
    check,
  );
  isOver = true;
  if (passed === undefined) throw asyncMiddleware(message.type);
  return passed;
}
