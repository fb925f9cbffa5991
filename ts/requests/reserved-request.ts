import type { RequestKind } from '../protocol/request-kind.js';
import { WorkerError } from '../errors/worker-error.js';
import type { AnyEnvelope } from '../messages/middleware-chain.js';
import type { StreamAnswer } from '../streams/response-stream.js';
import { sourceOf } from '../streams/source.js';
import { abortReason } from './cancellation.js';
import type { BackPressure } from './back-pressure.js';
import type { RequestChunks } from './chunks.js';
import { type OpenRequests, watchSignal } from './open-requests.js';
import { type Aborter, Extras, type OutgoingRequest } from './outgoing-request.js';

/** The slower way, for requests whose id or slot is needed before their message is written. */
export class ReservedRequests {
  constructor(
    private readonly open: OpenRequests,
    private readonly chunks: RequestChunks,
    private readonly backPressure: BackPressure,
    private readonly aborter: Aborter,
  ) {}

  /** @param answer - For a request whose outcome is a stream. */
  send(request: OutgoingRequest, kind: RequestKind, answer?: StreamAnswer): void {
    const { open, chunks } = this;
    const { type, terms, timeout } = request;
    const { outgoing } = open.options;
    if (terms?.signal?.aborted === true) {
      if (answer !== undefined) return answer.abort(abortReason(terms.signal));
      return request.fail(abortReason(terms.signal));
    }
    const source = terms?.input === undefined ? undefined : sourceOf(terms.input);
    const payload = request.takePayload();
    const custom = customId(open, type, payload);
    const slot = open.submit(() => open.connection.reserve(type, custom, timeout, kind));
    const isSeen = outgoing !== undefined || terms?.escalate !== undefined;
    const tx = isSeen ? (open.connection.transactionId(slot) ?? undefined) : undefined;
    const extras = new Extras(this.aborter, request);
    request.extras = extras;
    extras.tx = tx;
    extras.isSent = false;
    open.assign(slot, request);
    watchSignal(request);
    if (source !== undefined) chunks.expectInput(request, extras, source);
    if (answer !== undefined) chunks.expectOutput(request, extras, answer);
    const message: AnyEnvelope = { type, tx, payload };
    if (outgoing === undefined) return this.submit(request, message);
    outgoing.pass(
      message,
      (passed) => this.submit(request, passed),
      (error) => this.fail(request, error),
    );
  }

  private submit(request: OutgoingRequest, { type, payload }: AnyEnvelope): void {
    const { open } = this;
    const { slot, terms, transfer } = request;
    if (open.bySlot[slot] !== request) return;
    try {
      const encoded = open.options.codec.encode(payload, type);
      const send = () => open.connection.submit(slot, type, encoded, transfer);
      if (open.backlog.isEmpty && open.submitWith(terms?.carrier, send)) return this.chunks.start(request);
      this.backPressure.sendLater(slot, { type, encoded, transfer });
    } catch (error) {
      this.fail(request, error);
    }
  }

  /** It may have timed out meanwhile, and the slot may belong to another. */
  private fail(request: OutgoingRequest, error: unknown): void {
    if (this.open.bySlot[request.slot] === request) this.open.failUnsent(request.slot, error);
  }
}

/** A transaction id of the user's generator. */
function customId({ options }: OpenRequests, type: string, payload: unknown): string | undefined {
  const { txIdGenerator } = options;
  if (txIdGenerator === undefined) return undefined;
  const custom: unknown = txIdGenerator({ type, payload });
  if (typeof custom === 'string') return custom;
  throw new WorkerError('ERR_INVALID_TRANSACTION_ID', `txIdGenerator must return a string, not ${typeof custom}`);
}
