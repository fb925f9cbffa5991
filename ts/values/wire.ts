import type { Carrier } from '../types/context-carrier.js';
import type { TransferList } from '../types/transfer-list.js';
import type { WorkerError } from '../errors.js';

/** What a message is; the numbers are those of the wire protocol, where it has them. */
export const enum Kind {
  Request = 1,
  Result = 2,
  Error = 3,
  Notification = 4,
  Close = 5,
  Fatal = 7,
  Hello = 8,
  Stream = 9,
  Upload = 10,
  Duplex = 11,
  Cancel = 12,
  Progress = 13,
  Chunk = 14,
  Credit = 15,
  Input = 16,
  InputEnd = 17,
  Demand = 18,
  /** What comes along with the next message. */
  Context = 19,
}

/** What goes to the side that asks, and not to the one that answers. */
export function isForRequester(kind: Kind): boolean {
  switch (kind) {
    case Kind.Result:
    case Kind.Error:
    case Kind.Progress:
    case Kind.Chunk:
    case Kind.Demand:
      return true;
    default:
      return false;
  }
}

/** What expects an outcome. */
export function isRequest(kind: Kind): boolean {
  return kind === Kind.Request || kind === Kind.Stream || kind === Kind.Upload || kind === Kind.Duplex;
}

/** What belongs to a request: it, what comes along with it, its input, and what its asker says of it. */
export function isForAnswerer(kind: Kind): boolean {
  switch (kind) {
    case Kind.Request:
    case Kind.Stream:
    case Kind.Upload:
    case Kind.Duplex:
    case Kind.Cancel:
    case Kind.Credit:
    case Kind.Input:
    case Kind.InputEnd:
    case Kind.Context:
      return true;
    default:
      return false;
  }
}

/** A ticket of `NativeRequests`, or a transaction id. */
export type Tx = number | string | undefined;

/** One end of what moves messages as values, not as bytes. */
export interface Wire {
  /** What it is, for error texts. */
  readonly driver: string;
  /** Transactions are named by their id; else a ticket does. */
  readonly needsIds: boolean;
  /** Starts to tell what comes. */
  listen(listener: WireListener): void;
  /**
   * Sends a message; the value is taken as it is now. A type is a plain name, also of an answer.
   *
   * @param carrier - What goes along with it, never changed later.
   * @throws `WorkerError` where it cannot be sent; nothing was.
   */
  send(kind: Kind, type: string, tx: Tx, payload: unknown, transfer?: TransferList, carrier?: Carrier): void;
  /**
   * Queues a request whose ticket `WireListener.onFlush` fills in; `false` where it cannot wait. The value is taken as
   * it is now.
   */
  queue(type: string, payload: unknown, carrier?: Carrier): boolean;
  /** Gets what was sent in this tick on its way. */
  flush(): void;
  /** Tells what has arrived, before it returns; `false` where there is no way to know. */
  drain(): boolean;
  /** Whether it keeps the event loop alive. */
  setRef(referenced: boolean): void;
  close(): void;
}

/** Members of a record in a batch: kind, type, transaction, payload. */
export const RECORD = 4;

/** Takes what comes over a wire. */
export interface WireListener {
  /** What comes without a kind is a request, and the requests that it sends have one. In a host it is the other way round. */
  readonly isWorker: boolean;
  /**
   * Messages that came at once, as records one after the other; the array is the listener's. A kind may be absent, and
   * the type is as it came: that of an answer may have a suffix.
   */
  onBatch(batch: unknown[]): void;
  /** These records are about to be sent. */
  onFlush(batch: unknown[]): void;
  /** A message was no message, or has no place here. */
  onDropped(reason: string): void;
  /** Something else that only a log can tell. */
  onTrouble(text: string): void;
  /** A message that seemed to be sent was not. */
  onSendFailed(kind: Kind, tx: Tx, error: WorkerError): void;
  /** The other side is gone. */
  onEnd(): void;
}
