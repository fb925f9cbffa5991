import { driverFailed } from '../../errors/driver-errors.js';
import { notSerializable, WorkerError } from '../../errors/worker-error.js';
import { inNextTurn, isTurnOver } from '../../util/loop-turn.js';
import { Slice } from '../../util/time-slice.js';
import { printable } from '../../util/printable.js';
import { isError, reasonOf } from '../../util/safely.js';
import { isThenable } from '../../util/thenable.js';
import type { DriverEnd, DriverMessage } from '../../types/driver.js';
import type { Carrier } from '../../types/context-carrier.js';
import type { ShutdownReason } from '../../types/shutdown-reason.js';
import type { TransferList } from '../../types/transfer-list.js';
import { isInTime, RECORD, type Tx, type Wire, type WireListener } from './wire.js';
import { Kind, KIND_NAMES, TRANSACTION_ID_LIMIT, TYPE_NAME_LIMIT } from '../../protocol/generated.js';

/** How many messages may wait for the next turn of the loop, and how many one turn delivers. */
const MOST_KEPT = 4096;
const MOST_AT_ONCE = 64;

/** The longest message type with its suffix. */
const LONGEST_TYPE = TYPE_NAME_LIMIT + 'Result'.length;

/** A channel of a custom driver. Each message is a separate object. */
export class DriverWire implements Wire {
  readonly needsIds = true;
  private listener: WireListener | undefined;
  private isListening = false;
  private isClosed = false;
  private isReferenced: boolean | undefined;
  private readonly sending = new Set<Promise<void>>();
  /** Messages that wait for the next turn of the loop. */
  private kept: unknown[][] = [];
  /** Reports the end of the other side, after those messages. */
  private reportEnd: (() => void) | undefined;

  /** @param movesMemory - Its `send` accepts a transfer list. */
  constructor(
    private readonly end: DriverEnd,
    readonly driver: string,
    private readonly movesMemory: boolean,
    /** Runs after the listener. */
    private readonly onClosed?: (reason: ShutdownReason, error: Error | undefined) => void,
  ) {}

  /** The latest listener receives the messages. */
  listen(listener: WireListener): void {
    this.listener = listener;
    if (this.isListening) return;
    this.isListening = true;
    this.end.onMessage((message) => {
      try {
        this.receive(message);
      } catch (error) {
        const reason = printable(reasonOf(error), 500);
        this.listener?.onDropped(`the driver "${driver}" delivered an unreadable message: ${reason}`);
      }
    });
    const { driver } = this;
    let cause: Error | undefined;
    this.end.onError((error) => {
      cause = error;
      this.listener?.onWarning(`the driver "${this.driver}" reports: ${describe(error)}`);
    });
    this.end.onClose((reason) => {
      this.reportEnd = () => {
        this.reportEnd = undefined;
        if (!this.isClosed) this.listener?.onEnd();
        this.onClosed?.(isReason(reason) ? reason : { type: 'close' }, cause);
      };
      if (this.kept.length === 0) this.reportEnd();
    });
  }

  send(kind: Kind, type: string, tx: Tx, payload: unknown, transfer?: TransferList, context?: Carrier): void {
    const message = toMessage(kind, type, tx as string | undefined, payload, this.listener?.isWorker === true, context);
    let sent: unknown;
    try {
      sent = transfer === undefined || !this.movesMemory ? this.end.send(message) : this.end.send(message, transfer);
    } catch (error) {
      throw this.failed(type, error);
    }
    if (!isThenable(sent)) return;
    const { listener } = this;
    const outcome: Promise<void> = Promise.resolve(sent)
      .then(
        () => {},
        (error: unknown) => listener?.onSendFailed(kind, tx, this.failed(type, error)),
      )
      .finally(() => this.sending.delete(outcome));
    this.sending.add(outcome);
  }

  /** Resolves when the driver has sent all messages. */
  async sent(): Promise<void> {
    while (this.sending.size > 0) await Promise.all(this.sending);
  }

  /** A driver may throw its own `WorkerError`; this converts an error of structured clone. */
  private failed(type: string, error: unknown): WorkerError {
    if (error instanceof WorkerError) return error;
    if (isError(error) && error.name === 'DataCloneError') {
      return notSerializable(`"${type}"`, 'structured clone', error);
    }
    return driverFailed(this.driver, `could not send ${type === '' ? 'a message' : `"${type}"`}`, error);
  }

  private receive(message: DriverMessage): void {
    const { listener } = this;
    if (listener === undefined || this.isClosed) return;
    const { type, payload, ...rest } = (message ?? {}) as Partial<DriverMessage>;
    // JSON may have `null` for absent members.
    const [kind, tx] = [rest.kind ?? undefined, rest.tx ?? undefined];
    const number = kind === undefined ? undefined : numbers.get(kind);
    const isKnown =
      (kind === undefined || number !== undefined) && (tx === undefined || isName(tx, TRANSACTION_ID_LIMIT));
    if (!isName(type, LONGEST_TYPE) || !isKnown) {
      return listener.onDropped(`the driver "${this.driver}" delivered something other than a message`);
    }
    const record = [number, type, tx, payload];
    const { context } = rest;
    const takesContext = number === undefined ? listener.isWorker : takesAlong(number);
    const batch = context && takesContext ? [Kind.Context, '', undefined, context, ...record] : record;
    if (this.kept.length === 0 && !isTurnOver()) return void listener.onBatch(batch);
    if (this.kept.push(batch) === 1) inNextTurn(this.goOn);
    // A driver cannot be told to wait: beyond this, delivery takes as long as handling.
    if (this.kept.length > MOST_KEPT) listener.onBatch(this.kept.shift() as unknown[]);
  }

  private readonly goOn = (): void => {
    const slice = new Slice();
    for (let handled = 0; handled < MOST_AT_ONCE && this.kept.length > 0; handled++) {
      if (!this.isClosed) this.listener?.onBatch(this.kept.shift() as unknown[]);
      if (slice.isOver()) break;
    }
    if (this.isClosed) this.kept = [];
    if (this.kept.length > 0) inNextTurn(this.goOn);
    else this.reportEnd?.();
  };

  queue(): boolean {
    return false;
  }

  flush(): void {}

  drain(): void {
    while (this.kept.length > 0 && !this.isClosed) this.listener?.onBatch(this.kept.shift() as unknown[]);
  }

  drainSome(): boolean {
    return this.kept.length === 0 || this.isClosed;
  }

  readAhead(): boolean {
    return false;
  }

  *heardOf(): Iterable<Tx> {
    for (const batch of this.kept) {
      const [kind, , tx] = batch.slice(-RECORD) as [Kind | undefined, string, Tx];
      // In a host, a message without a kind is an answer.
      if (kind === undefined ? this.listener?.isWorker === false : isInTime(kind)) yield tx;
    }
  }

  setRef(referenced: boolean): void {
    if (referenced === this.isReferenced || this.isClosed) return;
    this.isReferenced = referenced;
    if (referenced) this.end.ref?.();
    else this.end.unref?.();
  }

  close(): void {
    this.isClosed = true;
  }
}

/** The kinds that no driver moves: there is no start-up message, and no grant. */
const absent = new Set([Kind.Startup, Kind.Grant]);
const numbers = new Map([...KIND_NAMES].filter(([kind]) => !absent.has(kind)).map(([kind, name]) => [name, kind]));

function toMessage(
  kind: Kind,
  type: string,
  tx: string | undefined,
  payload: unknown,
  isWorker: boolean,
  context: Carrier | undefined,
): DriverMessage {
  const message: { -readonly [P in keyof DriverMessage]: DriverMessage[P] } = { type: type + suffix(kind) };
  if (tx !== undefined) message.tx = tx;
  if (payload !== undefined) message.payload = payload;
  if (context !== undefined) message.context = context;
  // A host's requests have none.
  if (isWorker || kind !== Kind.Request) message.kind = KIND_NAMES.get(kind);
  return message;
}

function takesAlong(kind: Kind): boolean {
  return [Kind.Request, Kind.Stream, Kind.Upload, Kind.Duplex, Kind.Notification].includes(kind);
}

function suffix(kind: Kind): string {
  return kind === Kind.Result ? 'Result' : kind === Kind.Error ? 'Error' : '';
}

/** Text of a length that a sender of this library may use. */
function isName(name: unknown, most: number): name is string {
  return typeof name === 'string' && name.length <= most;
}

/** A driver may be written without types. */
function isReason(reason: unknown): boolean {
  const { type, error } = (reason ?? {}) as { type?: unknown; error?: unknown };
  return type === 'exit' || type === 'close' || (type === 'error' && isError(error));
}

function describe(error: unknown): string {
  return printable(reasonOf(error), 500);
}
