import type { PayloadCodec } from '../codecs/codec.js';
import type { Handler } from './handler.js';
import type { RequestKind } from '../protocol/request-kind.js';
import type { WorkerError } from '../errors/worker-error.js';
import type { RemoteErrorPayload } from '../types/message.js';
import type { ConcurrencyLimiter } from './concurrency-limiter.js';
import type { TransferList } from '../types/transfer-list.js';

/**
 * Receives the answers to calls. A call is whatever the connection identifies requests by. For a cancelled call it
 * writes no answer: `respond` and `fail` then only forget the call.
 */
export interface Answers<Call> {
  readonly codec: PayloadCodec;
  /** @throws If the result cannot be sent; nothing was sent. */
  respond(call: Call, type: string, result: unknown, transfer: TransferList | undefined): void;
  fail(call: Call, type: string, error: RemoteErrorPayload): void;
  /** Answers the question whether a request has ended. */
  confirmEnded(question: Call): void;
  transactionId(call: Call): string | undefined;
  /** @throws If the value cannot be sent. */
  progress(call: Call, type: string, value: unknown, transfer: TransferList | undefined): void;
  /**
   * Sends a chunk of a result. Returns its cost in units, negated if too much output waits: then the next one should
   * wait for `Answerer.onWritable`.
   *
   * @throws If it cannot be sent.
   */
  chunk(call: Call, type: string, value: unknown, transfer: TransferList | undefined): number;
  /** Grants this many more units of input; 0: no more is wanted. */
  demand(call: Call, units: number): void;
  /** The call was cancelled. */
  forget?(call: Call): void;
  /** The key of a call, if it is not the call itself. */
  keyOf?(call: Call): unknown;
  /** Sends what waits for the end of the tick. */
  flush(): void;
}

/** Runs handlers for the messages of a connection, and passes their outcomes to `Answers`. */
export interface Answerer<Call> {
  readonly limiter: ConcurrencyLimiter;
  find(type: string): Handler | undefined;
  /**
   * Handles a message; `handler` is that of its type, but middleware may change the type. The call of a notification is
   * `undefined`.
   *
   * @param size - Of the payload, if known.
   */
  receive(
    call: Call | undefined,
    type: string,
    handler: Handler | undefined,
    payload: unknown,
    size?: number,
    kind?: RequestKind,
  ): void;
  /** A message could not be read, and no requester learns of that. */
  onUnreadable(error: WorkerError): void;
  /** The context of the next message. */
  setContext(carrier: unknown): void;
  /** The requester waits no longer. */
  cancel(call: Call): void;
  /** The requester asks when the call with this transaction id, which it has cancelled, has ended. */
  onEndedAsked(question: Call, tx: string): void;
  /** An incoming message for the call could not be handled. */
  refuse(call: Call, error: WorkerError): void;
  /** The requester has left. @param keepsResults - Outcomes of plain requests are kept: their handlers continue. */
  abandon(keepsResults?: boolean): void;
  /** @param cost - In units. */
  onInput(call: Call, value: unknown, cost: number): void;
  /** @param error - As data, if the source has failed. */
  onInputEnd(call: Call, error: unknown): void;
  /** The peer grants this many more units of chunks. */
  onCredit(call: Call, units: number): void;
  /** There is capacity for chunks again. */
  onWritable(): void;
}
