import type { RecordKind } from './native/records.js';
import type { NativeOptions } from './native/binding.js';
import type { PayloadCodec } from './payload-codec.js';
import type { TransferList } from './types/transfer-list.js';
import type { WorkerError } from './errors.js';

/** The host's side of a connection, whatever moves its messages. Payloads are as the codec encoded them. */
export interface HostConnection {
  /**
   * Sends a request; gives its slot, or `LATER` where `Outcomes.assign` will tell the slot of this owner, at the end of
   * the tick, or `FULL` where there is no room for it. A negative timeout is the configured one.
   */
  request(type: string, payload: unknown, timeout: number, transfer: TransferList | undefined, owner: object): number;
  /** Begins a transaction whose message follows with `submit`; gives its slot. */
  reserve(type: string, tx: string | undefined, timeout: number): number;
  /** Sends the message of a transaction, unless it has ended meanwhile; `false` where there is no room for it. */
  submit(slot: number, type: string, payload: unknown, transfer?: TransferList): boolean;
  transactionId(slot: number): string | null;
  cancel(slot: number): boolean;
  /** Ends all transactions without an outcome; gives their slots, oldest first. */
  failAll(): number[];
  /** `false` where there is no room for it. */
  post(type: string, payload: unknown, transfer?: TransferList): boolean;
  readonly inFlight: number;
  /** How many bytes were sent and not taken by the system yet; 0 where that is not known. */
  readonly pendingBytes: number;
  /** Asks to be told by `Outcomes.onRoom` once no more than half of what may wait does. */
  wantRoom(): void;
  /** Asks the worker to stop, after all that was sent before. */
  askToClose(): void;
  /** Whether the connection keeps the event loop alive: -1 never, 0 while requests are in flight, 1 always. */
  setHold(hold: number): void;
  /** Handles everything that has arrived, before it returns. */
  drain(): void;
  /** Nothing more will be told. */
  close(): void;
}

/** A connection, and how what was sent gets on its way. */
export interface ConnectedHost {
  readonly connection: HostConnection;
  /** At the end of this tick. */
  scheduleFlush(): void;
  /** Now; blocking, where that takes a moment. */
  flush(): void;
  /** Ends the connection; where that takes a moment, it resolves when it is done. */
  close(): void | Promise<void>;
}

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
  /** All outcomes of this batch were told. */
  batchEnd(): void;
  /** There is room again. */
  onRoom(): void;
}

/** What a channel needs to connect. */
export interface ConnectionSetup {
  readonly options: NativeOptions;
  readonly codec: PayloadCodec;
  /** JSON text. */
  readonly startupData: string | undefined;
  readonly outcomes: Outcomes;
  /** Asked when something is late: a debugger may have stopped the host or the worker, so it does not count. */
  isDebugged(): boolean;
  /** Tells what is rare: a `Control` and what belongs to it. */
  onControl(what: number, number: number, payload: unknown, detail: string): void;
  /** Something that only a log can tell. */
  onTrouble(text: string): void;
}
