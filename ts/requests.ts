import { CONFIGURED, FULL, LATER, type Outcomes, type Requester, RequestKind } from './connection.js';
import { ENDED } from './ended.js';
import { fromNative, type WorkerError } from './errors.js';
import { messageTimeout, noRoom, notGranted } from './host-errors.js';
import type { AnyEnvelope } from './middleware-chain.js';
import { RecordKind } from './native/records.js';
import { Undecodable } from './payload-codec.js';
import { decodeError } from './rebuilt-error.js';
import type { RequestTerms } from './request-terms.js';
import { RequestChunks } from './requests/chunks.js';
import { escalate } from './requests/escalation.js';
import { OpenRequests, watchSignal } from './requests/open-requests.js';
import { passNotification } from './requests/notification.js';
import { passOutcome } from './requests/outcome.js';
import { Extras, Pending, UNKNOWN } from './requests/pending.js';
import { tellProgress } from './requests/progress.js';
import { sendReserved } from './requests/reserved-request.js';
import { Room } from './requests/room.js';
import type { StreamAnswer } from './stream-answer.js';
import type { Carrier } from './types/context-carrier.js';
import type { TransferList } from './types/transfer-list.js';

/**
 * The promises of requests in flight, by slot. Which slot an answer belongs to, and when one is late, the addon knows;
 * promises can only be kept here.
 */
export class Requests<R extends Requester = Requester> extends OpenRequests<R> implements Outcomes {
  private readonly chunks = new RequestChunks(this);
  private readonly room = new Room(this, this.chunks);

  send(
    type: string,
    payload: unknown,
    timeout = CONFIGURED,
    transfer?: TransferList,
    terms?: RequestTerms,
  ): Promise<unknown> {
    const { outgoing, txIdGenerator } = this.options;
    if (outgoing === undefined && txIdGenerator === undefined && (terms === undefined || isLight(terms))) {
      return this.sendPlain(type, payload, timeout, transfer, terms);
    }
    const kind = terms?.input === undefined ? RequestKind.Request : RequestKind.Upload;
    return new Promise((resolve, reject) => {
      sendReserved(this, this.chunks, this.room, { kind, type, payload, timeout, transfer, terms, resolve, reject });
    });
  }

  /** Sends a request whose outcome is a stream. */
  stream(
    type: string,
    payload: unknown,
    timeout = CONFIGURED,
    transfer: TransferList | undefined,
    terms: RequestTerms | undefined,
    answer: StreamAnswer,
  ): void {
    if (answer.isOver) return;
    const kind = terms?.input === undefined ? RequestKind.Stream : RequestKind.Duplex;
    const { resolve, reject } = answer;
    try {
      sendReserved(this, this.chunks, this.room, {
        kind,
        type,
        payload,
        timeout,
        transfer,
        terms,
        resolve,
        reject,
        answer,
      });
    } catch (error) {
      reject(error);
    }
  }

  private sendPlain(
    type: string,
    payload: unknown,
    timeout: number,
    transfer: TransferList | undefined,
    terms: RequestTerms | undefined,
  ): Promise<unknown> {
    return new Promise((resolve, reject) => {
      if (terms?.signal?.aborted === true) throw terms.signal.reason;
      const encoded = this.options.codec.encode(payload, type);
      const extras = terms === undefined ? undefined : new Extras(this, terms);
      const pending = new Pending(type, resolve, reject, extras);
      if (!this.backlog.isEmpty) return this.room.beginLater(pending, encoded, timeout, transfer);
      let slot: number;
      const carrier = terms?.carrier;
      try {
        if (carrier !== undefined) this.connection.carry(carrier);
        slot = this.connection.request(type, encoded, timeout, transfer, pending);
      } catch (error) {
        throw fromNative(error);
      } finally {
        if (carrier !== undefined) this.connection.carry(undefined);
      }
      if (slot === FULL) return this.room.beginLater(pending, encoded, timeout, transfer);
      if (slot !== LATER) this.assign(slot, pending);
      if (extras !== undefined) watchSignal(pending, extras);
      this.scheduleFlush();
    });
  }

  post(type: string, payload: unknown, transfer?: TransferList, carrier?: Carrier): void {
    const { outgoing, codec, peer } = this.options;
    const post = (message: AnyEnvelope) => {
      const encoded = codec.encode(message.payload, message.type);
      const send = () => this.connection.post(message.type, encoded, transfer);
      if (this.backlog.isEmpty && this.submitWith(carrier, send)) return;
      throw noRoom('post', message.type, peer, this.options.maxPendingBytes);
    };
    const message: AnyEnvelope = { type, tx: undefined, payload };
    if (outgoing === undefined) return post(message);
    passNotification(outgoing, this.options, message, post);
  }

  /** Resolves when no message of this side waits in middleware. */
  async outgoingDrained(): Promise<void> {
    await this.options.outgoing?.drained();
  }

  /** Resolves when no answer waits in middleware. */
  async incomingDrained(): Promise<void> {
    await this.options.incoming?.drained();
  }

  /** Ends a request that nobody waits for any more. */
  abort(pending: Pending, reason: unknown): void {
    // One of this tick has its slot from now on.
    if (pending.slot === UNKNOWN) this.flush();
    const { slot } = pending;
    if (this.pending[slot] !== pending) return;
    this.take(slot);
    const { extras } = pending;
    if (extras?.isSent === false) this.connection.cancel(slot);
    else {
      this.submit(() => this.connection.abort(slot));
      this.escalate(pending);
    }
    if (extras?.answer === undefined) pending.reject(reason);
    else extras.answer.abort(reason);
    this.batchEnd();
  }

  /** Ends who was asked, if that goes on with what was cancelled. */
  private escalate({ extras }: Pending): void {
    const { kill } = this.options;
    const { terms, tx } = extras ?? {};
    if (terms?.escalate === undefined || kill === undefined || tx === undefined) return;
    escalate(terms.escalate, this.ask(ENDED, tx), kill);
  }

  /** A request of the library's own: it passes no middleware, and is never late. */
  private ask(type: string, payload: unknown): Promise<unknown> {
    return this.sendPlain(type, payload, 0, undefined, undefined);
  }

  onProgress(slot: number, value: unknown): void {
    const pending = this.pending[slot];
    if (pending !== undefined) tellProgress(this.options, pending, value);
  }

  onChunk(slot: number, value: unknown, cost: number): void {
    const pending = this.pending[slot];
    const answer = pending?.extras?.answer;
    if (pending === undefined || answer === undefined) return;
    if (value instanceof Undecodable) this.abort(pending, value.error);
    else if (!answer.reader.push(value, cost)) this.abort(pending, notGranted(pending.type));
  }

  onDemand(slot: number, units: number): void {
    const writer = this.pending[slot]?.extras?.writer;
    if (units === 0) writer?.stop();
    else writer?.grant(units);
  }

  onRoom(): void {
    this.room.onRoom();
  }

  get pendingBytes(): number {
    return this.room.pendingBytes;
  }

  /** Resolves when no more than half of what may wait does. */
  drained(): Promise<void> {
    return this.room.drained();
  }

  settle(slot: number, kind: RecordKind, value: unknown, millis: number): void {
    const { incoming, peer } = this.options;
    const pending = this.take(slot);
    if (pending === undefined) return;
    if (kind === RecordKind.TimedOut) {
      pending.reject(messageTimeout(pending.type, peer, millis));
      this.escalate(pending);
    } else if (value instanceof Undecodable) {
      pending.reject(value.error);
    } else if (incoming !== undefined) {
      passOutcome(incoming, this.options.checks, pending, kind, value);
    } else if (kind === RecordKind.Result) {
      pending.resolve(value);
    } else {
      pending.reject(decodeError(value));
    }
  }

  refuse(slot: number, error: WorkerError): void {
    this.take(slot)?.reject(error);
    this.batchEnd();
  }

  /** Ends all requests, oldest first. */
  failAll(reason: (type?: string) => Error): void {
    for (const slot of this.connection.failAll()) {
      const pending = this.take(slot);
      pending?.reject(reason(pending.type));
    }
    this.backlog.fail(reason);
    this.batchEnd();
  }
}

/** Whether nothing need be known of the request before its message is written. */
function isLight({ input, escalate: schedule }: RequestTerms): boolean {
  return input === undefined && schedule === undefined;
}
