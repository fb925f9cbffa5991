import type { HostConnection, Waited } from '../../connection/connection.js';
import { fromNative } from '../../errors/from-native.js';
import { unsupportedByDriver } from '../../errors/driver-errors.js';
import { asyncMiddleware, messageTimeout, noCapacity, workerClosed } from '../../errors/host-errors.js';
import type { AnyEnvelope, MessageCheck, MiddlewareChain } from '../../messages/middleware-chain.js';
import { decodeError } from '../../errors/decode-remote-error.js';
import type { OpenRequests } from '../../requests/open-requests.js';
import { publishOutcomeNow, publishSend } from '../../logging/diagnostics.js';
import { syncOptions } from '../../options/call-options.js';
import { checkKnown } from '../../options/check-known.js';
import { OutgoingRequest } from '../../requests/outgoing-request.js';
import { termsOf } from '../../requests/request-options.js';
import type { SyncOptions } from '../../types/sync-sender.js';
import { Kind, NO_CAPACITY } from '../../protocol/generated.js';
import { checkType, givenTimeout } from './call-arguments.js';
import type { SendTarget } from './target.js';

/** The errors for a worker that will not answer. */
interface Losses {
  /** It is lost, with the error that it may have sent. */
  lost(fatal: unknown): Error;
  /** It was not ready in time. */
  unready(): Error;
}

/** A request for which this thread blocks. */
interface SyncRequest {
  readonly open: OpenRequests<HostConnection>;
  readonly request: OutgoingRequest;
  readonly losses: Losses;
}

/** The host's `sendSync`: blocks this thread until a request has its outcome. */
export function sendSync(target: SendTarget, type: string, payload: unknown, options?: SyncOptions): unknown {
  const { current, init, name } = target;
  if (init.capabilities.sync !== true) throw unsupportedByDriver(init.driver, 'sendSync()', 'child_process');
  if (options !== undefined) checkKnown('sendSync', options, syncOptions);
  const timeout = givenTimeout(options);
  checkType(type);
  if (target.isClosing) throw workerClosed(`send "${type}"`, name);
  if (!current.isActive) throw current.refusalNow('send', type);
  const reported = publishSend('request', name, type, payload);
  const losses = {
    lost: (fatal: unknown) => current.failures.lostWhileBlocked(type, fatal),
    unready: () => current.failures.unready(undefined),
  };
  const ask = () => {
    const terms = termsOf('sendSync', undefined, init.inject?.());
    const request = new OutgoingRequest(type, payload, timeout, undefined, terms);
    return settle({ open: current.requests.open, request, losses });
  };
  return reported === undefined ? ask() : publishOutcomeNow(reported, ask);
}

function settle(sync: SyncRequest): unknown {
  try {
    return send(sync);
  } finally {
    sync.open.batchEnd();
  }
}

function send(sync: SyncRequest): unknown {
  const { open, request } = sync;
  const { type, payload } = request;
  const { connection, options, backlog } = open;
  const { outgoing, incoming, txIdGenerator } = options;
  const carrier = request.terms?.carrier;
  const isPlain = outgoing === undefined && incoming === undefined && txIdGenerator === undefined;
  if (isPlain && connection.beginNow !== undefined && carrier === undefined && backlog.isEmpty) {
    const slot = begin(sync);
    return outcomeOf(sync, waitFor(sync, slot));
  }
  const slot = reserve(connection, request, txIdGenerator?.({ type, payload }));
  const tx = isPlain ? undefined : (connection.transactionId(slot) ?? undefined);
  try {
    const message = passNow(outgoing, { type, tx, payload });
    const encoded = options.codec.encode(message.payload, message.type);
    const submit = () => connection.submit(slot, message.type, encoded);
    if (!backlog.isEmpty || !open.submitWith(carrier, submit)) {
      throw noCapacity('sendSync', type, options.peer, options.maxPendingBytes);
    }
  } catch (error) {
    connection.cancel(slot);
    throw error;
  }
  return outcomeOf(sync, waitFor(sync, slot), tx);
}

/** The faster way, for a request without a visible id. */
function begin({ open, request }: SyncRequest): number {
  const { connection, options } = open;
  const encoded = options.codec.encode(request.takePayload(), request.type);
  let slot: number;
  try {
    slot = (connection.beginNow as NonNullable<HostConnection['beginNow']>)(request, encoded);
  } catch (error) {
    throw fromNative(error);
  }
  if (slot === NO_CAPACITY) throw noCapacity('sendSync', request.type, options.peer, options.maxPendingBytes);
  return slot;
}

function waitFor({ open }: SyncRequest, slot: number): Waited {
  const { connection } = open;
  const waited = (connection.block as NonNullable<HostConnection['block']>)(slot);
  if (waited.kind === 'lost' || waited.kind === 'unready') connection.cancel(slot);
  return waited;
}

function outcomeOf({ open, request, losses }: SyncRequest, waited: Waited, tx?: string): unknown {
  const { type } = request;
  const { incoming, peer, checks } = open.options;
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

function reserve(connection: HostConnection, { type, timeout }: OutgoingRequest, tx: string | undefined): number {
  try {
    return connection.reserve(type, tx, timeout, Kind.Request);
  } catch (error) {
    throw fromNative(error);
  }
}

/** Runs middleware, and a validator, synchronously. */
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
