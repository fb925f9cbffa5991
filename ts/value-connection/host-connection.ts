import type { ConnectedHost, ConnectionSetup, HostConnection } from '../connection/connection.js';
import { fromNative } from '../errors/from-native.js';
import type { WorkerError } from '../errors/worker-error.js';
import { quoted } from '../util/printable.js';
import { ValueAnswerer } from './answerer.js';
import { type Blockable, block } from './sync/wait.js';
import { createHandshake, findMismatch, type Handshake, parseHandshake } from './handshake.js';
import type { PortWire } from './wires/port-wire.js';
import { unreadableHere } from './posts.js';
import { ValueRequester } from './requester.js';
import type { Transactions } from './transactions.js';
import { StartupDeadline } from './timers/startup-deadline.js';
import {
  eachRecord,
  isForAnswerer,
  isForRequester,
  isRequest,
  type Tx,
  type Wire,
  type WireListener,
} from './wires/wire.js';
import { Control, Kind, RefMode } from '../protocol/generated.js';

/** The host's side of a value connection. */
export class ValueConnection implements WireListener {
  readonly isWorker = false;
  private readonly requester: ValueRequester;
  private readonly transactions: Transactions;
  private readonly answerer: ValueAnswerer;
  private readonly handshake: Handshake;
  private readonly startup: StartupDeadline;
  private isReady = false;
  private isOver = false;
  /** The default: the starter of a worker waits for it. */
  private refMode = RefMode.Always;

  static connect(wire: Wire, setup: ConnectionSetup): ConnectedHost {
    const connection = new ValueConnection(wire, setup).asConnection();
    return { connection, scheduleFlush: () => {}, flush: () => wire.flush(), close: () => connection.close() };
  }

  /** For connections whose thread may block for an answer. */
  static connectBlocking(wire: PortWire, setup: ConnectionSetup): ConnectedHost {
    const connection = new ValueConnection(wire, setup);
    const requests: Blockable = {
      codec: setup.codec,
      finish: (tx, slot) => connection.transactions.finish(tx, slot),
      patience: () => connection.transactions.patience(),
      startupLeft: () => connection.startup.left,
      expire: () => connection.transactions.expire(),
      abandon: (slot) => void connection.transactions.cancel(slot),
    };
    return {
      connection: Object.assign(connection.asConnection(), { block: (slot: number) => block(wire, requests, slot) }),
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
    const { maxMessageSize } = options;
    const onWarning = (text: string) => setup.onWarning(text);
    const peer = 'the worker';
    const { isDebugged } = setup;
    const onChange = () => this.updateRef();
    this.requester = new ValueRequester({
      wire,
      codec,
      options,
      outcomes,
      peer,
      maxMessageSize,
      isDebugged,
      onWarning,
      onChange,
    });
    this.transactions = this.requester.transactions;
    const { idBase } = this.transactions;
    const { builtIn } = setup;
    this.handshake = { ...createHandshake(codec.serializer, options), builtIn, startupData, idBase, maxMessageSize };
    this.answerer = new ValueAnswerer({
      wire,
      codec,
      asksAsWorker: true,
      maxMessageSize: () => maxMessageSize,
      idBase: () => idBase,
      createDispatcher: (answers) => setup.createDispatcher(answers),
      onDropped: (reason) => this.onDropped(reason),
      onWarning,
    });
    this.startup = new StartupDeadline({
      timeout: options.startupTimeout,
      isDebugged,
      afterWhatArrived: (act) => this.transactions.afterWhatArrived(act),
      onOver: () => this.reportControl(Control.HandshakeTimedOut),
    });
    wire.listen(this);
    try {
      wire.send(Kind.Handshake, '', undefined, { ...this.handshake });
    } catch (error) {
      this.close();
      throw error;
    }
    wire.flush();
    this.updateRef();
  }

  onFlush(batch: unknown[]): void {
    this.requester.onFlush(batch);
  }

  /** The requester with what a host has besides, as in the byte connection: its calls are the requester's own. */
  private asConnection(): HostConnection {
    return Object.assign(this.requester, {
      askToClose: () => this.askToClose(),
      setRefMode: (mode: RefMode) => this.setRefMode(mode),
      drain: () => this.wire.drain(),
      drainSome: () => this.wire.drainSome(),
      close: () => this.close(),
    });
  }

  private askToClose(): void {
    if (this.isOver) return;
    try {
      this.wire.send(Kind.Close, '', undefined, undefined);
    } catch (error) {
      // Its driver ends it.
      this.onWarning((error as WorkerError).message);
    }
  }

  private setRefMode(mode: RefMode): void {
    this.refMode = mode;
    this.updateRef();
  }

  private updateRef(): void {
    const { refMode, transactions } = this;
    this.wire.setRef(refMode === RefMode.Always || (refMode === RefMode.InFlight && transactions.inFlight > 0));
  }

  private close(): void {
    this.transactions.close();
    this.isOver = true;
    this.startup.stop();
    this.answerer.dispatcher.abandon();
    // A driver may believe that its worker still lives.
    this.wire.setRef(false);
    this.wire.close();
  }

  onBatch(batch: unknown[]): number {
    const handled = eachRecord(
      this.wire,
      batch,
      (kind, type, tx, payload) => this.onRecord(kind, type, tx, payload),
      (kind, tx, error) => this.onUnhandled(kind, tx, error),
    );
    this.requester.batchEnd();
    return handled;
  }

  /** A message could not be handled: it fails its own request. */
  private onUnhandled(kind: Kind | undefined, tx: Tx, error: WorkerError): void {
    if (kind === undefined || isForRequester(kind)) this.transactions.onRequestFailed(tx, error);
    else if (isRequest(kind) || isForAnswerer(kind)) this.answerer.refuse(kind, tx, error);
    else this.onWarning(error.message);
  }

  private onRecord(kind: Kind | undefined, type: string, tx: Tx, payload: unknown): void {
    if (kind === undefined) return this.onPlain(type, tx, payload);
    if (isForRequester(kind)) return this.requester.onMessage(kind, tx, payload);
    if (isForAnswerer(kind)) return this.answerer.onMessage(kind, type, tx, payload);
    switch (kind) {
      case Kind.Handshake:
        return this.onHandshake(payload);
      case Kind.Fatal:
        return this.reportControl(Control.Fatal, payload);
      case Kind.Notification:
        return this.answerer.onNotification(type, payload);
      default:
        return this.onDropped('a message of this kind has no place here');
    }
  }

  private onPlain(type: string, tx: Tx, payload: unknown): void {
    if (tx === undefined) return this.onDropped('an answer has no transaction id');
    if (!/(Result|Error)$/.test(type)) return this.onDropped(`${quoted(type)} is not the type of an answer`);
    this.requester.onMessage(type.endsWith('Error') ? Kind.Error : Kind.Result, tx, payload);
  }

  private onHandshake(theirs: unknown): void {
    if (this.isReady) return this.onDropped('a second handshake arrived');
    this.startup.stop();
    let handshake: Handshake;
    try {
      handshake = parseHandshake(theirs, 'worker');
      const mismatch = findMismatch(this.handshake, handshake);
      if (mismatch !== undefined) throw mismatch;
    } catch (error) {
      return this.reportControl(Control.Mismatch, fromNative(error));
    }
    this.isReady = true;
    this.transactions.onHandshake(handshake);
    this.reportControl(Control.Ready);
  }

  onUnreadable(cause: unknown): void {
    const error = unreadableHere(cause);
    this.onDropped(error.message);
    this.answerer.dispatcher.onUnreadable(error);
  }

  onDropped(reason: string): void {
    this.reportControl(Control.Dropped, undefined, reason);
  }

  onWarning(text: string): void {
    this.setup.onWarning(text);
  }

  onSendFailed(kind: Kind, tx: Tx, error: WorkerError): void {
    if (isForAnswerer(kind)) this.transactions.onRequestFailed(tx, error);
    else if (isForRequester(kind)) this.answerer.onSendFailed(kind, tx, error);
    else this.onWarning(error.message);
  }

  onEnd(): void {
    this.transactions.onEnd();
    this.isOver = true;
    this.startup.stop();
    this.answerer.dispatcher.abandon();
    this.reportControl(Control.End);
  }

  private reportControl(what: Control, payload?: unknown, detail = ''): void {
    this.setup.onControl(what, 0, payload, detail);
  }
}
