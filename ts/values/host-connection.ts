import type { ConnectedHost, ConnectionSetup, HostConnection } from '../connection.js';
import type { WorkerError } from '../errors.js';
import { Control } from '../native/records.js';
import { ValueAnswerer } from './answerer.js';
import { type Blockable, block } from './block.js';
import { createHello, findMismatch, type Hello } from './hello.js';
import type { PortWire } from './port-wire.js';
import { ValueRequester } from './requester.js';
import { StartupDeadline } from './startup-deadline.js';
import { isForAnswerer, isForRequester, Kind, RECORD, type Tx, type Wire, type WireListener } from './wire.js';

/** The host's side of a connection that moves values. */
export class ValueConnection extends ValueRequester implements HostConnection, WireListener {
  readonly isWorker = false;
  private readonly answerer: ValueAnswerer;
  private readonly hello: Hello;
  private readonly startup: StartupDeadline;
  private isReady = false;
  private isOver = false;
  /** Until it is told otherwise: who starts a worker waits for it. */
  private hold = 1;

  static connect(wire: Wire, setup: ConnectionSetup): ConnectedHost {
    const connection = new ValueConnection(wire, setup);
    return { connection, scheduleFlush: () => {}, flush: () => wire.flush(), close: () => connection.close() };
  }

  /** The same where this thread may be blocked for an answer. */
  static connectBlocking(wire: PortWire, setup: ConnectionSetup): ConnectedHost {
    const connection = new ValueConnection(wire, setup);
    const requests: Blockable = {
      codec: setup.codec,
      finish: (tx, slot) => connection.finish(tx, slot),
      patience: () => connection.patience(),
      startupLeft: () => connection.startup.left,
      expire: () => connection.expire(),
    };
    return {
      connection: Object.assign(connection, { block: (slot: number) => block(wire, requests, slot) }),
      scheduleFlush: () => {},
      flush: () => wire.flush(),
      close: () => connection.close(),
    };
  }

  private constructor(
    private readonly wire: Wire,
    private readonly setup: ConnectionSetup,
  ) {
    const { options, codec, startupData, outcomes } = setup;
    // The size of what no serializer made is nobody's to know.
    const maxMessageSize = codec.serializer === undefined ? Infinity : options.maxMessageSize;
    const onTrouble = (text: string) => setup.onTrouble(text);
    const peer = 'the worker';
    const { isDebugged } = setup;
    const onChange = () => this.updateRef();
    super({ wire, codec, options, outcomes, peer, maxMessageSize, isDebugged, onTrouble, onChange });
    const { idBase } = this;
    const { builtIn } = setup;
    this.hello = { ...createHello(codec.serializer, options.context), builtIn, startupData, idBase, maxMessageSize };
    this.answerer = new ValueAnswerer({
      wire,
      codec,
      asksAsWorker: true,
      maxMessageSize: () => maxMessageSize,
      idBase: () => idBase,
      createDispatcher: (answers) => setup.createDispatcher(answers),
      onDropped: (reason) => this.onDropped(reason),
      onTrouble,
    });
    this.startup = new StartupDeadline({
      timeout: options.startupTimeout,
      isDebugged,
      afterWhatArrived: (act) => this.afterWhatArrived(act),
      onOver: () => this.tellControl(Control.HandshakeTimedOut),
    });
    wire.listen(this);
    try {
      wire.send(Kind.Hello, '', undefined, { ...this.hello });
    } catch (error) {
      this.close();
      throw error;
    }
    wire.flush();
    this.updateRef();
  }

  askToClose(): void {
    if (this.isOver) return;
    try {
      this.wire.send(Kind.Close, '', undefined, undefined);
    } catch (error) {
      // It is ended by its driver.
      this.onTrouble((error as WorkerError).message);
    }
  }

  setHold(hold: number): void {
    this.hold = hold;
    this.updateRef();
  }

  private updateRef(): void {
    this.wire.setRef(this.hold > 0 || (this.hold === 0 && this.inFlight > 0));
  }

  drain(): void {
    this.wire.drain();
  }

  override close(): void {
    super.close();
    this.isOver = true;
    this.startup.stop();
    this.answerer.dispatcher.abandon();
    // A driver may believe that its worker is still there.
    this.wire.setRef(false);
    this.wire.close();
  }

  onBatch(batch: unknown[]): void {
    for (let at = 0; at < batch.length; at += RECORD) {
      this.onRecord(batch[at] as Kind | undefined, batch[at + 1] as string, batch[at + 2] as Tx, batch[at + 3]);
    }
    this.batchEnd();
  }

  private onRecord(kind: Kind | undefined, type: string, tx: Tx, payload: unknown): void {
    if (kind === undefined) return this.onPlain(type, tx, payload);
    if (isForRequester(kind)) return this.onMessage(kind, tx, payload);
    if (isForAnswerer(kind)) return this.answerer.onMessage(kind, type, tx, payload);
    switch (kind) {
      case Kind.Hello:
        return this.onHandshake(payload);
      case Kind.Fatal:
        return this.setup.onControl(Control.Fatal, 0, payload, '');
      case Kind.Notification:
        return this.answerer.onNotification(type, payload);
      default:
        return this.onDropped('a message of this kind has no place here');
    }
  }

  private onPlain(type: string, tx: Tx, payload: unknown): void {
    if (tx === undefined) return this.onDropped('an answer has no transaction id');
    if (!/(Result|Error)$/.test(type)) return this.onDropped(`"${type}" is the type of no answer`);
    this.onMessage(type.endsWith('Error') ? Kind.Error : Kind.Result, tx, payload);
  }

  private onHandshake(theirs: unknown): void {
    if (this.isReady) return this.onDropped('a second handshake came');
    this.startup.stop();
    const mismatch = findMismatch(this.hello, theirs);
    if (mismatch !== undefined) return this.tellControl(Control.Mismatch, `${mismatch.code} ${mismatch.message}`);
    this.isReady = true;
    this.onHello(theirs as Hello);
    this.tellControl(Control.Ready);
  }

  onDropped(reason: string): void {
    this.tellControl(Control.Dropped, reason);
  }

  onTrouble(text: string): void {
    this.setup.onTrouble(text);
  }

  onSendFailed(kind: Kind, tx: Tx, error: WorkerError): void {
    if (isForAnswerer(kind)) this.onRequestFailed(tx, error);
    else if (isForRequester(kind)) this.answerer.onSendFailed(kind, tx, error);
    else this.onTrouble(error.message);
  }

  override onEnd(): void {
    super.onEnd();
    this.isOver = true;
    this.startup.stop();
    this.answerer.dispatcher.abandon();
    this.tellControl(Control.End);
  }

  private tellControl(what: Control, detail = ''): void {
    this.setup.onControl(what, 0, undefined, detail);
  }
}
