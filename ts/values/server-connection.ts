import type { ConnectedRequester, Outcomes } from '../connection.js';
import { hostSilent, type WorkerError } from '../errors.js';
import { asIs } from '../codecs/as-is.js';
import { processPart, streamsPart } from '../parts.js';
import type { PayloadCodec } from '../payload-codec.js';
import type { RemoteErrorPayload } from '../types/message.js';
import type { SerializerValue } from '../types/serializer.js';
import type { ServeSetup } from '../worker-channel.js';
import { afterArrivals } from '../within.js';
import { ValueAnswerer } from './answerer.js';
import { createHello, Extension, findMismatch, type Hello, names } from './hello.js';
import type { ValueRequester } from './requester.js';
import { isForAnswerer, isForRequester, Kind, RECORD, type Tx, type Wire, type WireListener } from './wire.js';

/** The worker's side of a connection that moves values. */
export class ValueServer implements WireListener {
  readonly isWorker = true;
  private codec: PayloadCodec;
  private readonly answerer: ValueAnswerer;
  /** Made when the worker first asks something. */
  private requester: ValueRequester | undefined;
  private settle: { resolve(): void; reject(error: WorkerError): void } | undefined;
  private timer: NodeJS.Timeout | undefined;

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
    this.codec = codecOf(setup.serializer);
    this.answerer = new ValueAnswerer({
      wire,
      codec: this.codec,
      asksAsWorker: false,
      maxMessageSize: () => this.maxMessageSize,
      idBase: () => this.hello?.idBase ?? '',
      createDispatcher: (answers) => setup.createDispatcher(answers),
      onDropped: (reason) => this.onDropped(reason),
      onTrouble: (text, error) => setup.log('warn', text, error),
    });
  }

  private get maxMessageSize(): number {
    return this.hello?.maxMessageSize ?? Infinity;
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
      wire.send(Kind.Hello, '', undefined, this.createHello());
      wire.flush();
      if (hello !== undefined) this.onHello(hello);
    });
  }

  private finish(error?: WorkerError): void {
    clearTimeout(this.timer);
    const { settle } = this;
    this.settle = undefined;
    if (error !== undefined) return settle?.reject(error);
    this.setup.host.attach({
      codec: this.codec,
      answersCalls: names(this.hello as Hello, Extension.Calls),
      connect: (outcomes) => this.connectRequester(outcomes),
    });
    this.setup.onConnected();
    settle?.resolve();
  }

  private onHello(theirs: unknown): void {
    this.hello = theirs as Hello;
    const mismatch = findMismatch(theirs, this.createHello());
    const { builtIn } = this.hello ?? {};
    if (mismatch === undefined && this.setup.serializer === undefined && builtIn !== undefined) {
      this.codec = this.answerer.codec = codecOf(processPart().builtInOf(builtIn));
    }
    this.finish(mismatch);
  }

  private createHello(): Hello {
    const { serializer } = this.setup;
    return {
      ...createHello(codecOf(serializer).serializer, this.setup.options.context),
      follows: serializer === undefined ? true : undefined,
    };
  }

  private connectRequester(outcomes: Outcomes): ConnectedRequester {
    const { wire, codec, setup } = this;
    const hello = this.hello as Hello;
    const onTrouble = (text: string) => this.onTrouble(text);
    const connected = streamsPart().connectToHost({ wire, codec, setup, hello, onTrouble }, outcomes);
    this.requester = connected.connection;
    return connected;
  }

  onBatch(batch: readonly unknown[]): void {
    for (let at = 0; at < batch.length; at += RECORD) {
      const kind = (batch[at] as Kind | undefined) ?? Kind.Request;
      this.onMessage(kind, batch[at + 1] as string, batch[at + 2] as Tx, batch[at + 3]);
    }
    this.requester?.batchEnd();
  }

  private onMessage(kind: Kind, type: string, tx: Tx, payload: unknown): void {
    if (isForAnswerer(kind)) return this.answerer.onMessage(kind, type, tx, payload);
    // Before this side has asked anything, nothing can be an answer.
    if (isForRequester(kind)) return this.requester?.onMessage(kind, tx, payload);
    switch (kind) {
      case Kind.Notification:
        return this.answerer.onNotification(type, payload);
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

  onFlush(batch: unknown[]): void {
    this.requester?.onFlush(batch);
  }

  onDropped(reason: string): void {
    this.setup.log('warn', `a message from the host was dropped: ${reason}`);
  }

  onTrouble(text: string): void {
    this.setup.log('warn', text);
  }

  onSendFailed(kind: Kind, tx: Tx, error: WorkerError): void {
    if (isForRequester(kind)) this.answerer.onSendFailed(kind, tx, error);
    else if (isForAnswerer(kind)) this.requester?.onRequestFailed(tx, error);
    else this.setup.log('error', error.message);
  }

  onEnd(): void {
    clearTimeout(this.timer);
    this.requester?.onEnd();
    this.setup.host.detach();
    this.answerer.dispatcher.abandon();
    this.setup.onHostGone();
  }

  /** Another takes its place: what handlers still answer here is dropped. */
  leave(): void {
    this.requester?.onEnd();
    this.setup.host.detach();
    this.answerer.leave();
  }

  tellFatal(error: RemoteErrorPayload): void {
    this.wire.send(Kind.Fatal, '', undefined, error);
    this.wire.flush();
  }
}

/** Only a serializer that the user gave is used. */
function codecOf(serializer: SerializerValue | undefined): PayloadCodec {
  return serializer === undefined ? asIs : processPart().createValueCodec(serializer);
}
