import type { ConnectedRequester, Outcomes } from '../connection/connection.js';
import { fromNative } from '../errors/from-native.js';
import { hostSilent, type WorkerError } from '../errors/worker-error.js';
import { asIs } from '../codecs/identity-codec.js';
import { tellLimited } from '../logging/limited-log.js';
import { builtInOf, createValueCodec } from '../codecs/payload-codec.js';
import type * as Calls from './connect-to-host.js';
import type { PayloadCodec } from '../codecs/payload-codec.js';
import type { RemoteErrorPayload } from '../types/message.js';
import type { SerializerValue } from '../types/serializer.js';
import type { ServeSetup } from '../connection/serve-setup.js';
import { afterArrivals } from '../util/with-timeout.js';
import { ValueAnswerer } from './answerer.js';
import { createHello, findMismatch, type Hello, names, readHello } from './handshake.js';
import type { ValueRequester } from './requester.js';
import { eachRecord, isForAnswerer, isForRequester, type Tx, type Wire, type WireListener } from './wires/wire.js';
import { clearTimeout, setTimeout } from '../util/primordials.js';
import { Extension, Kind } from '../protocol/generated.js';

/** The worker's side of a value connection. */
export class ValueServer implements WireListener {
  readonly isWorker = true;
  private codec: PayloadCodec;
  private readonly answerer: ValueAnswerer;
  /** Created at the first call of the worker to its host. */
  private requester: ValueRequester | undefined;
  private settle: { resolve(): void; reject(error: WorkerError): void } | undefined;
  private timer: NodeJS.Timeout | undefined;

  /**
   * @param hello - The host's handshake, if it was read before.
   * @param isAlone - As in `WorkerChannel`.
   * @param onHelloAgain - The host connects again over this wire; absent if it cannot.
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
      onTrouble: (text, error) => this.onTrouble(text, error),
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
    try {
      const hello = (this.hello = readHello(theirs, 'host'));
      const mismatch = findMismatch(hello, this.createHello());
      if (mismatch !== undefined) throw mismatch;
      const { builtIn } = hello;
      if (this.setup.serializer === undefined && builtIn !== undefined) {
        this.codec = this.answerer.codec = codecOf(builtInOf(builtIn));
      }
    } catch (error) {
      return this.finish(fromNative(error));
    }
    this.finish();
  }

  private createHello(): Hello {
    const { serializer } = this.setup;
    return {
      ...createHello(codecOf(serializer).serializer, this.setup.options),
      follows: serializer === undefined ? true : undefined,
    };
  }

  private connectRequester(outcomes: Outcomes): ConnectedRequester {
    const { wire, codec, setup } = this;
    const hello = this.hello as Hello;
    const onTrouble = (text: string) => this.onTrouble(text);
    const connected = (require('./streams.cjs') as typeof Calls).connectToHost(
      { wire, codec, setup, hello, onTrouble },
      outcomes,
    );
    this.requester = connected.connection;
    return connected;
  }

  onBatch(batch: readonly unknown[]): number {
    const handled = eachRecord(
      this.wire,
      batch,
      (kind, type, tx, payload) => this.onMessage(kind ?? Kind.Request, type, tx, payload),
      (kind, tx, error) => this.onUnhandled(kind ?? Kind.Request, tx, error),
    );
    this.requester?.batchEnd();
    return handled;
  }

  /** A message could not be handled: it fails its own request. */
  private onUnhandled(kind: Kind, tx: Tx, error: WorkerError): void {
    if (isForRequester(kind)) this.requester?.transactions.onRequestFailed(tx, error);
    else if (isForAnswerer(kind)) this.answerer.refuse(kind, tx, error);
    else this.onTrouble(error.message);
  }

  private onMessage(kind: Kind, type: string, tx: Tx, payload: unknown): void {
    if (isForAnswerer(kind)) return this.answerer.onMessage(kind, type, tx, payload);
    // Before this side has sent a request, no message can be an answer.
    if (isForRequester(kind)) return this.requester?.onMessage(kind, tx, payload);
    switch (kind) {
      case Kind.Notification:
        return this.answerer.onNotification(type, payload);
      case Kind.Close:
        return this.setup.onCloseAsked();
      case Kind.Hello:
        if (this.hello === undefined) return this.onHello(payload);
        if (this.onHelloAgain === undefined) return this.onDropped('a second handshake arrived');
        return this.onHelloAgain((payload ?? {}) as Hello);
      default:
        return this.onDropped('a message of this kind has no place here');
    }
  }

  onFlush(batch: unknown[]): void {
    this.requester?.onFlush(batch);
  }

  onDropped(reason: string): void {
    tellLimited(this.setup.log, 'warn', `a message from the host was dropped: ${reason}`);
  }

  onTrouble(text: string, ...details: unknown[]): void {
    tellLimited(this.setup.log, 'warn', text, ...details);
  }

  onSendFailed(kind: Kind, tx: Tx, error: WorkerError): void {
    if (isForRequester(kind)) this.answerer.onSendFailed(kind, tx, error);
    else if (isForAnswerer(kind)) this.requester?.transactions.onRequestFailed(tx, error);
    else this.setup.log('error', error.message);
  }

  onEnd(): void {
    clearTimeout(this.timer);
    this.requester?.transactions.onEnd();
    this.setup.host.detach();
    this.answerer.dispatcher.abandon();
    this.setup.onHostGone();
  }

  /** The requesters of earlier requests have left. */
  abandon(): void {
    this.answerer.dispatcher.abandon();
  }

  /** A newer connection replaces it: it drops later answers of handlers. */
  leave(): void {
    this.requester?.transactions.onEnd();
    this.setup.host.detach();
    this.answerer.leave();
  }

  tellFatal(error: RemoteErrorPayload): void {
    this.wire.send(Kind.Fatal, '', undefined, error);
    this.wire.flush();
  }
}

/** Only a serializer of the user is used. */
function codecOf(serializer: SerializerValue | undefined): PayloadCodec {
  return serializer === undefined ? asIs : createValueCodec(serializer);
}
