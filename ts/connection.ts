import type { Answerer, Answers } from './answers.js';
import type { RecordKind } from './native/records.js';
import type { NativeOptions } from './native/binding.js';
import type { PayloadCodec } from './payload-codec.js';
import type { Carrier } from './types/context-carrier.js';
import type { RemoteErrorPayload } from './types/message.js';
import type { TransferList } from './types/transfer-list.js';
import type { WorkerError } from './errors.js';

/** What a request is; the numbers are those of the wire. */
export const enum RequestKind {
  Request = 1,
  /** Its outcome may be preceded by chunks. */
  Stream = 9,
  /** Its payload is followed by chunks of input. */
  Upload = 10,
  /** Both. */
  Duplex = 11,
}

/**
 * The part of a connection that sends requests, whatever moves its messages; host and worker have one each. Payloads are
 * as the codec encoded them.
 */
export interface Requester {
  /**
   * Sends a request; gives its slot, or `LATER` where `Outcomes.assign` will tell the slot of this owner, at the end of
   * the tick, or `FULL` where there is no room for it. A negative timeout is the configured one.
   */
  request(type: string, payload: unknown, timeout: number, transfer: TransferList | undefined, owner: object): number;
  /** Begins a transaction whose message follows with `submit`; gives its slot. Streams always begin so. */
  reserve(type: string, tx: string | undefined, timeout: number, kind: RequestKind): number;
  /** Sends the message of a transaction, unless it has ended meanwhile; `false` where there is no room for it. */
  submit(slot: number, type: string, payload: unknown, transfer?: TransferList): boolean;
  transactionId(slot: number): string | null;
  /** Ends a transaction for which nothing was, or will be, sent; tells whether there was one. */
  cancel(slot: number): boolean;
  /** Ends a transaction, and tells the peer that nobody waits for its outcome; tells whether there was one. */
  abort(slot: number): boolean;
  /** So many more units of chunks may come. */
  credit(slot: number, units: number): void;
  /**
   * Sends a chunk of input. Gives what it costs in units, negated where too much waits to be written: then the next one
   * should wait for `Outcomes.onRoom`.
   *
   * @throws Where it cannot be sent.
   */
  input(slot: number, payload: unknown, transfer?: TransferList): number;
  /** There is no more input; or its source has failed. */
  endInput(slot: number, error: RemoteErrorPayload | undefined): void;
  /** Ends all transactions without an outcome; gives their slots, oldest first. */
  failAll(): number[];
  /** `false` where there is no room for it. */
  post(type: string, payload: unknown, transfer?: TransferList): boolean;
  /** Until it is called again, requests and notifications take this along, if the peer wants that. */
  carry(carrier: Carrier | undefined): void;
  readonly inFlight: number;
  /** How many bytes were sent and not taken by the system yet; 0 where that is not known. */
  readonly pendingBytes: number;
  /** Asks to be told by `Outcomes.onRoom` once no more than half of what may wait does. */
  wantRoom(): void;
}

/** How a request has ended for which this thread was blocked. */
export type Waited =
  | { readonly kind: 'result'; readonly value: unknown }
  | { readonly kind: 'error'; readonly value: unknown }
  | { readonly kind: 'late'; readonly millis: number }
  | { readonly kind: 'refused'; readonly error: Error }
  /** With the error that has ended the worker, where it has told one. */
  | { readonly kind: 'lost'; readonly fatal: unknown }
  /** It is not there, and should have been by now. */
  | { readonly kind: 'unready' };

/** The host's side of a connection. */
export interface HostConnection extends Requester {
  /**
   * Blocks this thread until a request has its outcome, or the worker is lost. What comes meanwhile for others is told
   * later; what the worker asks fails with `ERR_HOST_BLOCKED`. Absent where nothing comes to a blocked thread.
   */
  block?(slot: number): Waited;
  /** As `request`, where its slot is known at once. Absent where it is not. */
  beginNow?(type: string, payload: unknown, timeout: number): number;
  /** Asks the worker to stop, after all that was sent before. */
  askToClose(): void;
  /** Whether the connection keeps the event loop alive: -1 never, 0 while requests are in flight, 1 always. */
  setHold(hold: number): void;
  /** Handles everything that has arrived, before it returns. */
  drain(): void;
  /** Nothing more will be told. */
  close(): void;
}

/** What sends requests, and how what was sent gets on its way. */
export interface ConnectedRequester<R extends Requester = Requester> {
  readonly connection: R;
  /** At the end of this tick. */
  scheduleFlush(): void;
  /** Now; blocking, where that takes a moment. */
  flush(): void;
}

export interface ConnectedHost extends ConnectedRequester<HostConnection> {
  /** Ends the connection; where that takes a moment, it resolves when it is done. */
  close(): void | Promise<void>;
}

/** Instead of a timeout: that which is configured for the type. */
export const CONFIGURED = -1;
/** Instead of a slot: it will be told. */
export const LATER = -1;
/** Instead of a slot: nothing was sent. */
export const FULL = 0xffff_ffff;

/** Takes the outcomes of requests. */
export interface Outcomes {
  /** The slot of a request that was promised one. */
  assign(slot: number, owner: object): void;
  /** @param millis - The timeout, where that is the outcome. */
  settle(slot: number, kind: RecordKind, value: unknown, millis: number): void;
  /** An answer that cannot be used, or a message that could not be sent. */
  refuse(slot: number, error: WorkerError): void;
  /** What a handler tells before its outcome. */
  onProgress(slot: number, value: unknown): void;
  /** @param cost - In units. */
  onChunk(slot: number, value: unknown, cost: number): void;
  /** So many more units of input may be sent; 0: no more is wanted. */
  onDemand(slot: number, units: number): void;
  /** All outcomes of this batch were told. */
  batchEnd(): void;
  /** There is room again. */
  onRoom(): void;
}

/** What a channel needs to connect. */
export interface ConnectionSetup {
  readonly options: NativeOptions;
  readonly codec: PayloadCodec;
  /** What a worker that has named no serializer takes; `undefined`: it can take none. */
  readonly builtIn: string | undefined;
  /** JSON text. */
  readonly startupData: string | undefined;
  readonly outcomes: Outcomes;
  /** Asked when something is late: a debugger may have stopped the host or the worker, so it does not count. */
  isDebugged(): boolean;
  /** Runs the host's own handlers for what the worker asks. */
  createDispatcher<Call>(answers: Answers<Call>): Answerer<Call>;
  /** The types that they serve. */
  readonly names: readonly string[];
  /** Tells what is rare: a `Control` and what belongs to it. */
  onControl(what: number, number: number, payload: unknown, detail: string): void;
  /** Something that only a log can tell. */
  onTrouble(text: string): void;
}
