import type { Checks } from '../checks.js';
import type { AnyEnvelope, MiddlewareChain } from '../middleware-chain.js';
import { RecordKind } from '../native/records.js';
import { decodeError } from '../rebuilt-error.js';
import type { Pending } from './pending.js';

/** A request's outcome goes through middleware, and a result through its validator, before it settles the request. */
export function passOutcome(
  incoming: MiddlewareChain,
  validators: Checks | undefined,
  pending: Pending,
  kind: RecordKind,
  value: unknown,
): void {
  const failed = kind === RecordKind.RemoteError;
  const checks = failed ? undefined : validators;
  const message: AnyEnvelope = {
    type: `${pending.type}${failed ? 'Error' : 'Result'}`,
    tx: pending.extras?.tx,
    payload: value,
  };
  incoming.pass(
    message,
    ({ payload }) => (failed ? pending.reject(decodeError(payload)) : pending.resolve(payload)),
    pending.reject,
    checks === undefined ? undefined : (passed) => checks.apply('result', pending.type, passed),
  );
}
