import type { Answers, Dispatcher } from '../dispatcher.js';
import { hostSilent, type WorkerError } from '../errors.js';
import { createValueCodec, type PayloadCodec } from '../payload-codec.js';
import { encodeError } from '../remote-error.js';
import type { RemoteErrorPayload } from '../types/message.js';
import type { TransferList } from '../types/transfer-list.js';
import type { ServeSetup } from '../worker-channel.js';
import { afterArrivals } from '../within.js';
import { createHello, findMismatch, type Hello } from './hello.js';
import { checkSize } from './limits.js';
import { Kind, RECORD, type Tx, type Wire, type WireListener } from './wire.js';

/** A request that has no answer yet. */
interface Call {
  readonly type: string;
  readonly tx: Tx;
}

/** Below it a ticket has the slot, above it the request's number. */
const SLOTS = 2 ** 26;
const ID_DIGITS = 12;

/** The worker's side of a connection that moves values. */
export class ValueServer implements WireListener, Answers<Call> {
  private readonly codec: PayloadCodec;
  private readonly dispatcher: Dispatcher<Call>;
  private settle: { resolve(): void; reject(error: WorkerError): void } | undefined;
  private timer: NodeJS.Timeout | undefined;
  private hasLeft = false;

  /**
   * @param hello - The host's handshake, where it was read before.
   * @param isAlone - As of a `WorkerChannel`.
   * @param onHelloAgain - The host connects again over the same wire; absent where that is none.
   */
  constructor(
    private readonly wire: Wire,
    private readonly setup: ServeSetup,
    public hello?: Hello,
    private readonly isAlone = true,
    private readonly onHelloAgain?: (hello: Hello) => void,
  ) {
    this.codec = createValueCodec(setup.serializer);
    this.dispatcher = setup.createDispatcher(this);
  }

  /** Resolves when the host's handshake was read and fits. */
  connect(): Promise<void> {
    const { wire, hello } = this;
    return new Promise((resolve, reject) => {
      this.settle = { resolve, reject };
      const timeout = this.setup.options.serverConnectTimeout;
      if (hello === undefined && timeout > 0 && timeout < 2 ** 31) {
        this.timer = setTimeout(() => afterArrivals(() => this.finish(hostSilent(timeout))), timeout);
      }
      wire.listen(this);
      if (this.isAlone) wire.setRef(true);
      wire.send(Kind.Hello, '', undefined, createHello(this.codec.serializer));
      wire.flush();
      if (hello !== undefined) this.onHello(hello);
    });
  }

  private finish(error?: WorkerError): void {
    clearTimeout(this.timer);
    const { settle } = this;
    this.settle = undefined;
    if (error !== undefined) return settle?.reject(error);
    this.setup.onConnected();
    settle?.resolve();
  }

  private onHello(theirs: unknown): void {
    this.hello = theirs as Hello;
    this.finish(findMismatch(theirs, createHello(this.codec.serializer)));
  }

  onBatch(batch: readonly unknown[]): void {
    for (let at = 0; at < batch.length; at += RECORD) {
      this.onMessage(batch[at] as Kind | undefined, batch[at + 1] as string, batch[at + 2] as Tx, batch[at + 3]);
    }
  }

  private onMessage(kind: Kind | undefined, type: string, tx: Tx, payload: unknown): void {
    const { dispatcher } = this;
    switch (kind) {
      case undefined:
      case Kind.Request:
        if (tx === undefined) return this.onDropped('a request has no transaction id');
        return dispatcher.receive({ type, tx }, type, dispatcher.find(type), this.codec.decode(payload as string));
      case Kind.Notification:
        return dispatcher.receive(undefined, type, dispatcher.find(type), this.codec.decode(payload as string));
      case Kind.Close:
        return this.setup.onCloseAsked();
      case Kind.Hello:
        if (this.hello === undefined) return this.onHello(payload);
        if (this.onHelloAgain === undefined) return this.onDropped('a second handshake came');
        return this.onHelloAgain((payload ?? {}) as Hello);
      default:
        return this.onDropped('a message of this kind has no place here');
    }
  }

  onFlush(): void {}

  onDropped(reason: string): void {
    this.setup.log('warn', `a message from the host was dropped: ${reason}`);
  }

  onTrouble(text: string): void {
    this.setup.log('warn', text);
  }

  onSendFailed(kind: Kind, tx: Tx, error: WorkerError): void {
    if (kind === Kind.Result) this.fail({ type: '', tx }, '', encodeError(error));
    else this.setup.log('error', error.message);
  }

  onEnd(): void {
    clearTimeout(this.timer);
    this.setup.onHostGone();
  }

  /** Another takes its place: what handlers still answer here is dropped. */
  leave(): void {
    this.hasLeft = true;
  }

  respond({ tx, type: asked }: Call, type: string, result: unknown, transfer: TransferList | undefined): void {
    if (this.hasLeft) return;
    const payload = this.codec.encode(result, `the result of "${type}"`);
    if (this.codec.serializer !== undefined) {
      checkSize(payload, `${type}Result`, this.hello?.maxMessageSize ?? Infinity);
    }
    this.wire.send(Kind.Result, asked, tx, payload, transfer);
  }

  fail({ tx, type: asked }: Call, type: string, error: RemoteErrorPayload): void {
    if (this.hasLeft) return;
    try {
      this.wire.send(Kind.Error, asked, tx, error);
    } catch (failure) {
      this.setup.log('warn', `an error of the handler "${type}" cannot be told`, failure);
      this.wire.send(Kind.Error, asked, tx, encodeError(failure));
    }
  }

  tellFatal(error: RemoteErrorPayload): void {
    this.wire.send(Kind.Fatal, '', undefined, error);
    this.wire.flush();
  }

  transactionId({ tx }: Call): string {
    if (typeof tx !== 'number') return tx as string;
    const digits = Math.floor(tx / SLOTS)
      .toString(16)
      .padStart(ID_DIGITS, '0');
    return `${this.hello?.idBase ?? ''}${digits}`;
  }
}
