import type { RequestKind } from './connection.js';
import type { RemoteErrorPayload } from './types/message.js';
import type { TransferList } from './types/transfer-list.js';

export type AnyHandler = (payload: unknown, context?: unknown) => unknown;

/**
 * Takes the answers to calls. A call is whatever the connection tells requests apart by. The answer to one that was
 * cancelled is not written: then `respond` and `fail` only forget the call.
 */
export interface Answers<Call> {
  /** @throws Where the result cannot be sent; nothing was. */
  respond(call: Call, type: string, result: unknown, transfer: TransferList | undefined): void;
  fail(call: Call, type: string, error: RemoteErrorPayload): void;
  transactionId(call: Call): string | undefined;
  /** @throws Where the value cannot be sent. */
  progress(call: Call, type: string, value: unknown, transfer: TransferList | undefined): void;
  /**
   * Sends a chunk of a result. Gives what it costs in units, negated where too much waits to be written: then the next one
   * should wait for `Answerer.onRoom`.
   *
   * @throws Where it cannot be sent.
   */
  chunk(call: Call, type: string, value: unknown, transfer: TransferList | undefined): number;
  /** So many more units of input may come; 0: no more is wanted. */
  demand(call: Call, units: number): void;
  /** The call was cancelled. */
  forget?(call: Call): void;
  /** What a call is found by again, where that is not the call itself. */
  keyOf?(call: Call): unknown;
}

/** Runs handlers for what a connection delivers, and gives their outcomes to `Answers`. */
export interface Answerer<Call> {
  find(type: string): AnyHandler | undefined;
  /**
   * Takes a message; `handler` is that of its type, but middleware may still give it another type. The call of a
   * notification is `undefined`.
   *
   * @param size - Of the payload, where it is known.
   */
  receive(
    call: Call | undefined,
    type: string,
    handler: AnyHandler | undefined,
    payload: unknown,
    size?: number,
    kind?: RequestKind,
  ): void;
  /** This comes along with the next message. */
  carry(carrier: unknown): void;
  /** The requester waits no longer. */
  cancel(call: Call): void;
  /** The requester is gone. @param keepsResults - What plain requests come to is kept: their handlers go on. */
  abandon(keepsResults?: boolean): void;
  /** @param cost - In units. */
  onInput(call: Call, value: unknown, cost: number): void;
  /** @param error - As data, where the source has failed. */
  onInputEnd(call: Call, error: unknown): void;
  /** So many more units of chunks may be sent. */
  onCredit(call: Call, units: number): void;
  /** There is room for chunks again. */
  onRoom(): void;
}
