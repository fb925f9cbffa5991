import type { AnyEnvelope, MiddlewareChain } from '../middleware-chain.js';
import type { RequestsOptions } from './options.js';

/** A notification goes through middleware before it is posted. What goes wrong after this call only the log is told. */
export function passNotification(
  outgoing: MiddlewareChain,
  { log, peer }: RequestsOptions,
  message: AnyEnvelope,
  post: (message: AnyEnvelope) => void,
): void {
  const { type } = message;
  let passed = false;
  const failed = (error: unknown) => {
    if (!passed) throw error;
    log('error', `the message "${type}" was not sent to ${peer}`, error);
  };
  const guarded = (envelope: AnyEnvelope) => {
    try {
      post(envelope);
    } catch (error) {
      failed(error);
    }
  };
  outgoing.pass(message, guarded, failed);
  passed = true;
}
