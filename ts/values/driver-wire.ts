import { driverFailed } from '../driver-errors.js';
import { notSerializable, WorkerError } from '../errors.js';
import { isThenable } from '../thenable.js';
import type { DriverEnd, DriverMessage } from '../types/driver.js';
import type { Carrier } from '../types/context-carrier.js';
import type { ShutdownReason } from '../types/shutdown-reason.js';
import type { TransferList } from '../types/transfer-list.js';
import { Kind, type Tx, type Wire, type WireListener } from './wire.js';

/** A channel of a user's driver. Each message is an object of its own. */
export class DriverWire implements Wire {
  readonly needsIds = true;
  private listener: WireListener | undefined;
  private isListening = false;
  private isClosed = false;
  private isReferenced: boolean | undefined;
  private readonly sending = new Set<Promise<void>>();

  /** @param movesMemory - Its `send` takes what is to be moved. */
  constructor(
    private readonly end: DriverEnd,
    readonly driver: string,
    private readonly movesMemory: boolean,
    /** Told after the listener. */
    private readonly onClosed?: (reason: ShutdownReason, error: Error | undefined) => void,
  ) {}

  /** Whoever listens last is told. */
  listen(listener: WireListener): void {
    this.listener = listener;
    if (this.isListening) return;
    this.isListening = true;
    this.end.onMessage((message) => this.receive(message));
    let cause: Error | undefined;
    this.end.onError((error) => {
      cause = error;
      this.listener?.onTrouble(`the driver "${this.driver}" reports: ${describe(error)}`);
    });
    this.end.onClose((reason) => {
      if (!this.isClosed) this.listener?.onEnd();
      this.onClosed?.(isReason(reason) ? reason : { type: 'close' }, cause);
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

  /** Resolves when the driver has sent all that it was given. */
  async sent(): Promise<void> {
    while (this.sending.size > 0) await Promise.all(this.sending);
  }

  /** A driver may say itself what is wrong; what structured clone says is said for it. */
  private failed(type: string, error: unknown): WorkerError {
    if (error instanceof WorkerError) return error;
    if (error instanceof Error && error.name === 'DataCloneError') {
      return notSerializable(`"${type}"`, 'structured clone', error);
    }
    return driverFailed(this.driver, `could not send ${type === '' ? 'a message' : `"${type}"`}`, error);
  }

  private receive(message: DriverMessage): void {
    const { listener } = this;
    if (listener === undefined || this.isClosed) return;
    const { type, payload, ...rest } = (message ?? {}) as Partial<DriverMessage>;
    // What has been JSON may have `null` for what is absent.
    const [kind, tx] = [rest.kind ?? undefined, rest.tx ?? undefined];
    const number = kind === undefined ? undefined : numbers.get(kind);
    const isKnown = (kind === undefined || number !== undefined) && (tx === undefined || typeof tx === 'string');
    if (typeof type !== 'string' || !isKnown) {
      return listener.onDropped(`the driver "${this.driver}" delivered something that is no message`);
    }
    const record = [number, type, tx, payload];
    const { context } = rest;
    const takesContext = number === undefined ? listener.isWorker : takesAlong(number);
    listener.onBatch(context && takesContext ? [Kind.Context, '', undefined, context, ...record] : record);
  }

  queue(): boolean {
    return false;
  }

  flush(): void {}

  drain(): boolean {
    return false;
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

const names = new Map([
  [Kind.Result, 'result'],
  [Kind.Error, 'error'],
  [Kind.Notification, 'notification'],
  [Kind.Close, 'close'],
  [Kind.Hello, 'hello'],
  [Kind.Fatal, 'fatal'],
  [Kind.Request, 'request'],
  [Kind.Stream, 'stream'],
  [Kind.Upload, 'upload'],
  [Kind.Duplex, 'duplex'],
  [Kind.Cancel, 'cancel'],
  [Kind.Progress, 'progress'],
  [Kind.Chunk, 'chunk'],
  [Kind.Credit, 'credit'],
  [Kind.Input, 'input'],
  [Kind.InputEnd, 'inputEnd'],
  [Kind.Demand, 'demand'],
]);
const numbers = new Map([...names].map(([kind, name]) => [name, kind]));

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
  // A host's requests go without.
  if (isWorker || kind !== Kind.Request) message.kind = names.get(kind);
  return message;
}

function takesAlong(kind: Kind): boolean {
  return [Kind.Request, Kind.Stream, Kind.Upload, Kind.Duplex, Kind.Notification].includes(kind);
}

function suffix(kind: Kind): string {
  return kind === Kind.Result ? 'Result' : kind === Kind.Error ? 'Error' : '';
}

/** A driver may be written without types. */
function isReason(reason: unknown): boolean {
  const { type, error } = (reason ?? {}) as { type?: unknown; error?: unknown };
  return type === 'exit' || type === 'close' || (type === 'error' && error instanceof Error);
}

function describe(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
