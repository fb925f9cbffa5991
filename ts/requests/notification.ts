import { noCapacity } from '../errors/host-errors.js';
import type { AnyEnvelope } from '../messages/middleware-chain.js';
import type { Carrier } from '../types/context-carrier.js';
import type { TransferList } from '../types/transfer-list.js';
import type { OpenRequests } from './open-requests.js';

/** A notification from the call that sends it until it is written. */
export interface OutgoingNotification {
  readonly type: string;
  readonly payload: unknown;
  readonly transfer: TransferList | undefined;
  /** The context of its message. */
  readonly carrier: Carrier | undefined;
}

/** Sends a notification, after middleware. */
export function post(open: OpenRequests, notification: OutgoingNotification): void {
  const { outgoing, log, peer } = open.options;
  const { type, payload } = notification;
  if (outgoing === undefined) return write(open, notification, type, payload);
  let hasReturned = false;
  // Only the log receives errors after this call.
  const failed = (error: unknown) => {
    if (!hasReturned) throw error;
    log('error', `the message "${type}" was not sent to ${peer}`, error);
  };
  const guarded = (passed: AnyEnvelope) => {
    try {
      write(open, notification, passed.type, passed.payload);
    } catch (error) {
      failed(error);
    }
  };
  outgoing.pass({ type, tx: undefined, payload }, guarded, failed);
  hasReturned = true;
}

/** @param type - As middleware has left it, like the payload. */
function write(open: OpenRequests, { transfer, carrier }: OutgoingNotification, type: string, payload: unknown): void {
  const { codec, peer, maxPendingBytes } = open.options;
  const encoded = codec.encode(payload, type);
  const send = () => open.connection.post(type, encoded, transfer);
  // The first of them leave at once, whatever their tick does then: the later ones of many short ticks may share a write.
  if (open.backlog.isEmpty && open.submitWith(carrier, send, true)) return;
  throw noCapacity('post', type, peer, maxPendingBytes);
}
