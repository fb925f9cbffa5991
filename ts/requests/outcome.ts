import { Undecodable } from '../codecs/payload-codec.js';
import { decodeError } from '../errors/decode-remote-error.js';
import { messageTimeout } from '../errors/host-errors.js';
import type { AnyEnvelope, MiddlewareChain } from '../messages/middleware-chain.js';
import { RecordKind } from '../protocol/generated.js';
import type { OpenRequests } from './open-requests.js';
import type { OutgoingRequest } from './outgoing-request.js';

/** Settles a request with its outcome. */
export function conclude(
  open: OpenRequests,
  request: OutgoingRequest,
  kind: RecordKind,
  value: unknown,
  millis: number,
): void {
  const { incoming, peer } = open.options;
  if (kind === RecordKind.TimedOut) open.reject(request, messageTimeout(request.type, peer, millis));
  else if (Undecodable.is(value)) open.reject(request, value.error);
  else if (incoming !== undefined && !request.isInternal)
    passOutcome(open, incoming, request, kind === RecordKind.RemoteError, value);
  else if (kind === RecordKind.Result) request.succeed(value);
  else open.reject(request, decodeError(value));
}

/** Passes an outcome through middleware, and a result through its validator, before it settles the request. */
function passOutcome(
  open: OpenRequests,
  incoming: MiddlewareChain,
  request: OutgoingRequest,
  hasFailed: boolean,
  value: unknown,
): void {
  const { type, extras } = request;
  const reject = (error: unknown) => open.reject(request, error);
  const checks = hasFailed ? undefined : open.options.checks;
  const message: AnyEnvelope = { type: `${type}${hasFailed ? 'Error' : 'Result'}`, tx: extras?.tx, payload: value };
  incoming.pass(
    message,
    ({ payload }) => (hasFailed ? reject(decodeError(payload)) : request.succeed(payload)),
    reject,
    checks === undefined ? undefined : (passed) => checks.apply('result', type, passed),
  );
}
