import { Kind } from '../../protocol/generated.js';
import type { Carrier } from '../../types/context-carrier.js';
import type { TransferList } from '../../types/transfer-list.js';
import type { WorkerError } from '../../errors/worker-error.js';
import { Slice } from '../../util/time-slice.js';
import { unhandled } from '../../errors/malformed-message.js';

/** Kinds for the requester; the others are for the answerer. */
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

/** Kinds that end the timeout of a request, or restart it. */
export function isInTime(kind: Kind): boolean {
  return kind === Kind.Result || kind === Kind.Error || kind === Kind.Chunk || kind === Kind.Demand;
}

/** Kinds that a handler answers. */
export function isRequest(kind: Kind): boolean {
  return kind === Kind.Request || kind === Kind.Stream || kind === Kind.Upload || kind === Kind.Duplex;
}

/** Kinds of a request: the request, its context, its input, and later messages of its requester. */
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
    case Kind.Ended:
      return true;
    default:
      return false;
  }
}

/** A ticket of `NativeRequests`, or a transaction id. */
export type Tx = number | string | undefined;

/** One end of a value connection. */
export interface Wire {
  /** Its name, for error texts. */
  readonly driver: string;
  /** Ids identify transactions; otherwise tickets do. */
  readonly needsIds: boolean;
  /** Starts to deliver messages. */
  listen(listener: WireListener): void;
  /**
   * Sends a message, with the current value. A type is a plain name, also for an answer.
   *
   * @param carrier - Its context, never changed later.
   * @throws `WorkerError` if it cannot be sent; nothing was sent.
   */
  send(kind: Kind, type: string, tx: Tx, payload: unknown, transfer?: TransferList, carrier?: Carrier): void;
  /**
   * Queues a request whose ticket `WireListener.onFlush` sets; `false` if it cannot wait. The value is the current one.
   */
  queue(type: string, payload: unknown, carrier?: Carrier): boolean;
  /** Sends the messages of this tick. */
  flush(): void;
  /** Delivers arrived messages, before it returns. */
  drain(): void;
  /**
   * Delivers for as long as a turn of the loop may take; the rest follows in later turns. Returns whether that was all.
   */
  drainSome(): boolean;
  /** Reads messages that have arrived by now, within limits, and delivers them later; `false` if it cannot know. */
  readAhead(): boolean;
  /** The identifiers of requests whose timeout ended with messages that were read and not delivered yet. */
  heardOf(): Iterable<Tx>;
  /** Whether it keeps the event loop alive. */
  setRef(referenced: boolean): void;
  close(): void;
}

/** Members of a record in a batch: kind, type, transaction, payload. */
export const RECORD = 4;

/**
 * Handles each record of a batch alone: an error goes to `failed`, and the others continue. Returns how many members of
 * the batch were handled: if that takes long, the others wait for a later turn. Answers leave about once in a millisecond.
 */
export function eachRecord(
  wire: Wire,
  batch: readonly unknown[],
  take: (kind: Kind | undefined, type: string, tx: Tx, payload: unknown) => void,
  failed: (kind: Kind | undefined, tx: Tx, error: WorkerError) => void,
): number {
  const slice = batch.length > RECORD ? new Slice(() => wire.flush()) : undefined;
  for (let at = 0; at < batch.length; at += RECORD) {
    const kind = batch[at] as Kind | undefined;
    const tx = batch[at + 2] as Tx;
    try {
      take(kind, batch[at + 1] as string, tx, batch[at + 3]);
    } catch (error) {
      failed(kind, tx, unhandled(error));
    }
    if (kind !== Kind.Context && slice?.isOver() === true) return at + RECORD;
  }
  return batch.length;
}

/** Receives the messages of a wire. */
export interface WireListener {
  /**
   * In a worker: a message without a kind is a request, and its own requests have one. In a host it is the other way
   * round.
   */
  readonly isWorker: boolean;
  /**
   * Messages that arrived together, as successive records; the listener owns the array. A kind may be absent, and the
   * type is as received: that of an answer may have a suffix. Returns how many members were handled, at least one
   * record: if that takes long, the others wait for the next turn of the loop.
   */
  onBatch(batch: unknown[]): number;
  /** These records are about to be sent. */
  onFlush(batch: unknown[]): void;
  /** A message has arrived whose value cannot be read: it is lost, and its type is not known. */
  onUnreadable(error: unknown): void;
  /** A message was invalid, or has no place here. */
  onDropped(reason: string): void;
  /** Another event for the log. */
  onWarning(text: string): void;
  /** A message that seemed to be sent was not. */
  onSendFailed(kind: Kind, tx: Tx, error: WorkerError): void;
  /** The other side has ended. */
  onEnd(): void;
}
