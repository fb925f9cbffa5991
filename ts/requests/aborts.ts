import { ENDED } from '../connection/internal-messages.js';
import { escalate } from './escalation.js';
import type { OpenRequests } from './open-requests.js';
import { type Aborter, OutgoingRequest, UNKNOWN } from './outgoing-request.js';

/** Ends requests for which this side no longer waits, and tells the other side. */
export class Aborts implements Aborter {
  /** @param send - Sends a request that passes no middleware. */
  constructor(
    private readonly open: OpenRequests,
    private readonly send: (request: OutgoingRequest) => Promise<unknown>,
  ) {}

  /** Ends a request without a waiting caller. */
  abort(request: OutgoingRequest, reason: unknown): void {
    const { open } = this;
    // A request of this tick has its slot from now on.
    if (request.slot === UNKNOWN) open.flush();
    const { slot, extras } = request;
    if (open.bySlot[slot] !== request) return;
    open.take(slot);
    if (extras?.isSent === false) open.connection.cancel(slot);
    else {
      open.submit(() => open.connection.abort(slot));
      this.escalate(request);
    }
    if (extras?.answer === undefined) request.reject(reason);
    else extras.answer.abort(reason);
    open.batchEnd();
  }

  /** Ends the other side, if it continues with a cancelled request. */
  escalate({ terms, extras }: OutgoingRequest): void {
    const { kill } = this.open.options;
    const tx = extras?.tx;
    if (terms?.escalate === undefined || kill === undefined || tx === undefined) return;
    escalate(terms.escalate, this.whenEnded(tx), kill);
  }

  /** Settles when the other side has ended the request: the answer to an internal request without a timeout. */
  private whenEnded(tx: string): Promise<unknown> {
    this.open.internal++;
    return this.send(new OutgoingRequest(ENDED, tx, 0)).finally(() => this.open.internal--);
  }

  /** Ends all requests, and tells the other side that this side no longer waits. */
  abortAll(reason: (type?: string) => Error): void {
    const { open } = this;
    // Requests of this tick have their slots from now on.
    open.flush();
    for (const request of open.bySlot.filter((each) => each !== undefined)) {
      const { slot, type, extras } = request;
      open.take(slot);
      if (extras?.isSent === false) open.connection.cancel(slot);
      else open.submit(() => open.connection.abort(slot));
      open.reject(request, reason(type));
    }
    open.failAll(reason);
  }
}
