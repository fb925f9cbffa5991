import { WorkerError } from '../errors/worker-error.js';
import { escalate } from './escalation.js';
import type { OpenRequests } from './open-requests.js';
import { type Aborter, OutgoingRequest, UNKNOWN } from './outgoing-request.js';

/** Ends requests for which this side no longer waits, and tells the other side. */
export class Aborts implements Aborter {
  /** End the escalation of requests whose end the other side cannot report. */
  private unreported: (() => void)[] = [];

  constructor(private readonly open: OpenRequests) {}

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
    if (extras?.answer === undefined) request.fail(reason);
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

  /** Settles when the other side has ended the request, or cannot send any more. */
  private async whenEnded(tx: string): Promise<void> {
    this.open.internal++;
    try {
      await this.ask(tx);
    } catch (error) {
      if (!isUnsupported(error)) return;
      // Only time tells then.
      await new Promise<void>((resolve) => this.unreported.push(resolve));
    } finally {
      this.open.internal--;
    }
  }

  /** The question has no timeout. */
  private ask(tx: string): Promise<unknown> {
    const { open } = this;
    const question = new OutgoingRequest('', undefined, 0, undefined, undefined, true);
    return new Promise((resolve, reject) => {
      question.resolve = resolve;
      question.reject = reject;
      open.assign(
        open.submit(() => open.connection.askEnded(tx)),
        question,
      );
    });
  }

  /** The other side has ended, or this side has left it. */
  forget(): void {
    for (const end of this.unreported.splice(0)) end();
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
    this.forget();
  }
}

function isUnsupported(error: unknown): boolean {
  return error instanceof WorkerError && error.code === 'ERR_UNSUPPORTED_BY_PEER';
}
