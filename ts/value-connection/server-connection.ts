import type { ConnectedRequester, Outcomes } from '../connection/connection.js';
import { fromNative } from '../errors/from-native.js';
import { hostSilent, type WorkerError } from '../errors/worker-error.js';
import { identityCodec } from '../codecs/identity-codec.js';
import { logLimited } from '../logging/limited-log.js';
import { builtInOf, createValueCodec } from '../codecs/payload-codec.js';
import type * as Calls from './connect-to-host.js';
import type { PayloadCodec } from '../codecs/payload-codec.js';
import type { RemoteErrorPayload } from '../types/message.js';
import type { SerializerValue } from '../types/serializer.js';
import type { ServeSetup } from '../connection/serve-setup.js';
import { afterArrivals } from '../util/with-timeout.js';
import { ValueAnswerer } from './answerer.js';
import { createHandshake, findMismatch, type Handshake, names, parseHandshake } from './handshake.js';
import { unreadableHere } from './posts.js';
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
   * @param handshake - The host's handshake, if it was read before.
   * @param isAlone - As in `WorkerChannel`.
   * @param onReconnect - The host connects again over this wire; absent if it cannot.
   */
  constructor(
    private readonly wire: Wire,
    private readonly setup: ServeSetup,
    public handshake?: Handshake,
    private readonly isAlone = true,
    private readonly onReconnect?: (handshake: Handshake) => void,
  ) {
    this.codec = codecOf(setup.serializer);
    this.answerer = new ValueAnswerer({
      wire,
      codec: this.codec,
      asksAsWorker: false,
      maxMessageSize: () => this.maxMessageSize,
      idBase: () => this.handshake?.idBase ?? '',
      createDispatcher: (answers) => setup.createDispatcher(answers),
      onDropped: (reason) => this.onDropped(reason),
      onWarning: (text, error) => this.onWarning(text, error),
    });
  }

  private get maxMessageSize(): number {
    return this.handshake?.maxMessageSize ?? Infinity;
  }

  /** Resolves when the host's handshake was read and fits. */
  connect(): Promise<void> {
    const { wire, handshake } = this;
    return new Promise((resolve, reject) => {
      this.settle = { resolve, reject };
      const timeout = this.setup.options.serverConnectTimeout;
      if (handshake === undefined && timeout > 0 && timeout < 2 ** 31) {
        this.timer = setTimeout(() => afterArrivals(() => this.finish(hostSilent(timeout))), timeout);
      }
      wire.listen(this);
      if (this.isAlone) wire.setRef(true);
      wire.send(Kind.Handshake, '', undefined, this.createHandshake());
      wire.flush();
      if (handshake !== undefined) this.onHandshake(handshake);
    });
  }

  private finish(error?: WorkerError): void {
    clearTimeout(this.timer);
    const { settle } = this;
    this.settle = undefined;
    if (error !== undefined) return settle?.reject(error);
    this.setup.host.attach({
      codec: this.codec,
      answersCalls: names(this.handshake as Handshake, Extension.Calls),
      connect: (outcomes) => this.connectRequester(outcomes),
    });
    this.setup.onConnected();
    settle?.resolve();
  }

  private onHandshake(theirs: unknown): void {
    try {
      const handshake = (this.handshake = parseHandshake(theirs, 'host'));
      const mismatch = findMismatch(handshake, this.createHandshake());
      if (mismatch !== undefined) throw mismatch;
      const { builtIn } = handshake;
      if (this.setup.serializer === undefined && builtIn !== undefined) {
        this.codec = this.answerer.codec = codecOf(builtInOf(builtIn));
      }
    } catch (error) {
      return this.finish(fromNative(error));
    }
    this.finish();
  }

  private createHandshake(): Handshake {
    const { serializer } = this.setup;
    return {
      ...createHandshake(codecOf(serializer).serializer, this.setup.options),
      follows: serializer === undefined ? true : undefined,
    };
  }

  private connectRequester(outcomes: Outcomes): ConnectedRequester {
    const { wire, codec, setup } = this;
    const handshake = this.handshake as Handshake;
    const onWarning = (text: string) => this.onWarning(text);
    const connected = (require('./streams.cjs') as typeof Calls).connectToHost(
      { wire, codec, setup, handshake, onWarning },
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
    else this.onWarning(error.message);
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
      case Kind.Handshake:
        if (this.handshake === undefined) return this.onHandshake(payload);
        if (this.onReconnect === undefined) return this.onDropped('a second handshake arrived');
        return this.onReconnect((payload ?? {}) as Handshake);
      default:
        return this.onDropped('a message of this kind has no place here');
    }
  }

  onFlush(batch: unknown[]): void {
    this.requester?.onFlush(batch);
  }

  onUnreadable(cause: unknown): void {
    const error = unreadableHere(cause);
    this.onDropped(error.message);
    this.answerer.dispatcher.onUnreadable(error);
  }

  onDropped(reason: string): void {
    logLimited(this.setup.log, 'warn', `a message from the host was dropped: ${reason}`);
  }

  onWarning(text: string, ...details: unknown[]): void {
    logLimited(this.setup.log, 'warn', text, ...details);
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

  reportFatal(error: RemoteErrorPayload): void {
    this.wire.send(Kind.Fatal, '', undefined, error);
    this.wire.flush();
  }
}

/** Only a serializer of the user is used. */
function codecOf(serializer: SerializerValue | undefined): PayloadCodec {
  return serializer === undefined ? identityCodec : createValueCodec(serializer);
}
