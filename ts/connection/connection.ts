import type { RequestKind } from '../protocol/request-kind.js';
import type { Answerer, Answers } from './answerer.js';
import type { NativeOptions } from '../addon/binding.js';
import type { PayloadCodec } from '../codecs/payload-codec.js';
import type { Carrier } from '../types/context-carrier.js';
import type { RemoteErrorPayload } from '../types/message.js';
import type { TransferList } from '../types/transfer-list.js';
import type { WorkerError } from '../errors/worker-error.js';
import type { Control, RecordKind, RefMode } from '../protocol/generated.js';

/** A request that a connection sends. */
export interface SentRequest {
  readonly type: string;
  /** In milliseconds, or `CONFIGURED`. */
  readonly timeout: number;
  readonly transfer: TransferList | undefined;
}

/**
 * The part of a connection that sends requests, whatever moves its messages; host and worker have one each. Payloads
 * are encoded by the codec.
 */
export interface Requester {
  /**
   * Sends a request; returns its slot, or `LATER` if `Outcomes.assign` will report the slot of this request, at the end
   * of the tick, or `NO_CAPACITY`.
   */
  request(request: SentRequest, encoded: unknown): number;
  /** Begins a transaction whose message follows with `submit`; returns its slot. Streams always begin this way. */
  reserve(type: string, tx: string | undefined, timeout: number, kind: RequestKind): number;
  /** Sends the message of a transaction, unless it has ended meanwhile; `false` if there is no capacity. */
  submit(slot: number, type: string, payload: unknown, transfer?: TransferList): boolean;
  transactionId(slot: number): string | null;
  /** Ends a transaction whose message was not, and will not be, sent; returns whether there was one. */
  cancel(slot: number): boolean;
  /** Ends a transaction, and tells the peer that this side no longer waits; returns whether there was one. */
  abort(slot: number): boolean;
  /**
   * Asks when the request with this transaction id, which was cancelled, has ended; returns the slot of the question,
   * whose result is the answer.
   *
   * @throws If the peer does not answer such questions.
   */
  askEnded(tx: string): number;
  /** Grants this many more units of chunks. */
  credit(slot: number, units: number): void;
  /**
   * Sends a chunk of input. Returns its cost in units, negated if too much output waits: then the next one should wait
   * for `Outcomes.onWritable`.
   *
   * @throws If it cannot be sent.
   */
  input(slot: number, payload: unknown, transfer?: TransferList): number;
  /** Ends the input, or reports that its source has failed. */
  endInput(slot: number, error: RemoteErrorPayload | undefined): void;
  /** Ends all transactions without an outcome; returns their slots, oldest first. */
  failAll(): number[];
  /** `false` if there is no capacity. */
  post(type: string, payload: unknown, transfer?: TransferList): boolean;
  /** Sets the context of later requests and notifications, if the peer supports it. */
  setContext(carrier: Carrier | undefined): void;
  readonly inFlight: number;
  /** How many sent bytes the system has not accepted yet; 0 if unknown. */
  readonly pendingBytes: number;
  /** Requests `Outcomes.onDrain` when at most half of the allowed bytes waits. */
  requestCapacity(): void;
}

/** How a request has ended for which this thread was blocked. */
export type Waited =
  | { readonly kind: 'result'; readonly value: unknown }
  | { readonly kind: 'error'; readonly value: unknown }
  | { readonly kind: 'late'; readonly millis: number }
  | { readonly kind: 'refused'; readonly error: Error }
  /** With the error that ended the worker, if it sent one. */
  | { readonly kind: 'lost'; readonly fatal: unknown }
  /** The worker did not become ready in time. */
  | { readonly kind: 'unready' };

/** The host's side of a connection. */
export interface HostConnection extends Requester {
  /**
   * Blocks this thread until a request has its outcome, or the worker is lost. Delivers other messages later; calls of
   * the worker fail with `ERR_HOST_BLOCKED`. Absent if nothing reaches a blocked thread.
   */
  block?(slot: number): Waited;
  /** Like `request`, if its slot is known at once. Absent otherwise. */
  beginNow?(request: SentRequest, encoded: unknown): number;
  /** Asks the worker to stop, after all earlier messages. */
  askToClose(): void;
  /** Whether the connection keeps the event loop alive. */
  setRefMode(mode: RefMode): void;
  /** Handles all messages that have arrived, before it returns. */
  drain(): void;
  /** Like `drain`, also in the middle of a delivery, and for the whole of a message that has begun to arrive. Absent as `block` is. */
  receiveNow?(): void;
  /** Whether both handshakes were read, also where the report of that waits for the event loop. Absent as `block` is. */
  readonly isReady?: boolean;
  /** Writes the output before the tick ends; blocks for at most this many milliseconds. Absent as `block` is. */
  sendNow?(millis: number): void;
  /**
   * Like `drain`, for as long as a turn of the event loop may take; the rest follows in later turns. Returns whether
   * all messages that had arrived at the first call are handled.
   */
  drainSome(): boolean;
  /** No further event follows. */
  close(): void;
}

/** Sends requests, and writes the output. */
export interface ConnectedRequester<R extends Requester = Requester> {
  readonly connection: R;
  /**
   * At the end of this tick. With `mayShare` many short ticks share a write at the end of the turn of the event loop.
   */
  scheduleFlush(mayShare?: boolean): void;
  /** Now; blocking, if that takes a moment. */
  flush(): void;
}

export interface ConnectedHost extends ConnectedRequester<HostConnection> {
  /** Ends the connection; resolves when it is done, if that takes a moment. */
  close(): void | Promise<void>;
}

/** Instead of a slot: it follows later. */
export const LATER = -1;

/** Receives the outcomes of requests. */
export interface Outcomes {
  /** The slot of a request that got `LATER`. */
  assign(slot: number, request: SentRequest): void;
  /** @param millis - The timeout, if that is the outcome. */
  settle(slot: number, kind: RecordKind, value: unknown, millis: number): void;
  /** An unusable answer, or a message that could not be sent. */
  refuse(slot: number, error: WorkerError): void;
  /** Progress of a handler. */
  onProgress(slot: number, value: unknown): void;
  /** @param cost - In units. */
  onChunk(slot: number, value: unknown, cost: number): void;
  /** The peer grants this many more units of input; 0: it wants no more. */
  onDemand(slot: number, units: number): void;
  /** All outcomes of this batch were delivered. */
  batchEnd(): void;
  /** More chunks may be sent. */
  onWritable(): void;
  /** More requests may be sent. */
  onDrain(): void;
}

/** The settings that a channel needs to connect. */
export interface ConnectionSetup {
  readonly options: NativeOptions;
  readonly codec: PayloadCodec;
  /** The serializer for a worker that has named none; `undefined`: it cannot adopt one. */
  readonly builtIn: string | undefined;
  /** JSON text. */
  readonly startupData: string | undefined;
  readonly outcomes: Outcomes;
  /**
   * Called when a timeout is due: `true` if a debugger may have stopped the host or the worker, so it does not count.
   */
  isDebugged(): boolean;
  /** Runs the handlers of the host for calls of the worker. */
  createDispatcher<Call>(answers: Answers<Call>): Answerer<Call>;
  /** Their message types. */
  readonly names: readonly string[];
  /** Reports a rare event. `payload` is its failure, if it reports one. */
  onControl(what: Control, number: number, payload: unknown, detail: string): void;
  /** Reports an event for the log. */
  onWarning(text: string): void;
}
