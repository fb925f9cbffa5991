import { type ConnectedHost, type ConnectionSetup, type HostConnection, LATER } from '../connection.js';
import { type WorkerError } from '../errors.js';
import { workerClosed } from '../host-errors.js';
import { getNative } from '../native/environment.js';
import { Control, RecordKind } from '../native/records.js';
import type { NativeRequests } from '../native/binding.js';
import { Undecodable } from '../payload-codec.js';
import type { TransferList } from '../types/transfer-list.js';
import { afterArrivals } from '../within.js';
import { DeadlineTimer } from './deadlines.js';
import { createHello, findMismatch, type Hello } from './hello.js';
import { checkSize, checkTypeName } from './limits.js';
import { Kind, RECORD, type Tx, type Wire, type WireListener } from './wire.js';

/** Below it a ticket has the slot. */
const SLOTS = 2 ** 26;
const CONFIGURED = -1;
const NONE = -1;
/** By how many milliseconds a timer is late whose thread was blocked. */
const BLOCKED = 100;
/** How often the loop may bring something before a deadline counts all the same. */
const MOST_TURNS = 100;
/** How many tickets the addon takes at once. */
const CAPACITY = 2048;

/** The host's side of a connection that moves values. The addon keeps the transactions, as for all connections. */
export class ValueConnection implements HostConnection, WireListener {
  private readonly requests: NativeRequests;
  private readonly hello: Hello;
  private readonly maxMessageSize: number;
  private readonly deadlines = new DeadlineTimer(() => this.onDue());
  private readonly hasTypeTimeouts: boolean;
  /** All requests have had the same timeout so far: then no later one is due before the first. */
  private hasOneTimeout: boolean;
  private startup: NodeJS.Timeout | undefined;
  private startupDue = 0;
  /** How many batches have come. */
  private batches = 0;
  private isReady = false;
  private hasEnded = false;
  /** Until it is told otherwise: who starts a worker waits for it. */
  private hold = 1;
  private waiting = 0;
  /** Requests of this tick that have no ticket yet: they get theirs together. */
  private queued: object[] = [];
  /** By slot, what an answer must name: a slot has one request after the other. */
  private readonly tickets: number[] = [];
  /** Of requests that have ended, as the addon does not know yet. */
  private readonly finished: number[] = [];
  private readonly native = getNative();
  private readonly callExchange: () => void;

  static connect(wire: Wire, setup: ConnectionSetup): ConnectedHost {
    const connection = new ValueConnection(wire, setup);
    return { connection, scheduleFlush: () => {}, flush: () => wire.flush(), close: () => connection.close() };
  }

  private constructor(
    private readonly wire: Wire,
    private readonly setup: ConnectionSetup,
  ) {
    const { addon, environment } = this.native;
    const { options, codec, startupData } = setup;
    this.requests = new addon.NativeRequests(environment, options);
    this.callExchange = this.requests.exchange;
    this.hasTypeTimeouts = options.timeoutTypes.length > 0;
    this.hasOneTimeout = !this.hasTypeTimeouts;
    const { idBase } = this.requests;
    const { maxMessageSize } = options;
    // The size of what no serializer made is nobody's to know.
    this.maxMessageSize = codec.serializer === undefined ? Infinity : maxMessageSize;
    this.hello = { ...createHello(codec.serializer), startupData, idBase, maxMessageSize };
    wire.listen(this);
    try {
      wire.send(Kind.Hello, '', undefined, { ...this.hello });
    } catch (error) {
      this.close();
      throw error;
    }
    wire.flush();
    const { startupTimeout } = options;
    if (startupTimeout > 0 && startupTimeout < 2 ** 31) this.armStartup(startupTimeout);
    this.updateRef();
  }

  get inFlight(): number {
    return this.waiting;
  }

  request(type: string, payload: unknown, timeout: number, transfer: TransferList | undefined, owner: object): number {
    if (
      timeout === CONFIGURED &&
      transfer === undefined &&
      !this.hasTypeTimeouts &&
      this.enqueue(type, payload, owner)
    ) {
      return LATER;
    }
    this.wire.flush();
    const ticket = this.begin(type, undefined, timeout);
    const slot = ticket % SLOTS;
    try {
      this.write(Kind.Request, type, this.wire.needsIds ? this.transactionId(slot)! : ticket, payload, transfer);
    } catch (error) {
      this.cancel(slot);
      throw error;
    }
    return slot;
  }

  private enqueue(type: string, payload: unknown, owner: object): boolean {
    this.checkSendable(type);
    checkSize(payload, type, this.maxMessageSize);
    this.queued.push(owner);
    this.waiting++;
    if (this.wire.queue(type, payload)) {
      this.updateRef();
      return true;
    }
    this.queued.pop();
    this.waiting--;
    return false;
  }

  onFlush(batch: unknown[]): void {
    const { queued } = this;
    if (queued.length === 0) return;
    this.queued = [];
    this.exchange(queued.length);
    const { numbers } = this.native;
    const { outcomes } = this.setup;
    for (let at = 0, index = 0; index < queued.length; at += RECORD) {
      if (batch[at] !== Kind.Request || batch[at + 2] !== undefined) continue;
      const ticket = (batch[at + 2] = numbers[index] as number);
      this.tickets[ticket % SLOTS] = ticket;
      outcomes.assign(ticket % SLOTS, queued[index++] as object);
    }
    this.armDeadlines();
  }

  /** Tells the addon which requests have ended since it was told last, and begins some. */
  private exchange(begun: number): void {
    const { finished } = this;
    if (finished.length === 0 && begun === 0) return;
    const { records, numbers } = this.native;
    let done = 0;
    do {
      const count = Math.min(finished.length - done, CAPACITY);
      for (let index = 0; index < count; index++) numbers[index] = finished[done + index] as number;
      done += count;
      records[1] = count;
      records[2] = done === finished.length ? begun : 0;
      this.callExchange();
    } while (done < finished.length);
    finished.length = 0;
  }

  reserve(type: string, tx: string | undefined, timeout: number): number {
    return this.begin(type, tx, timeout) % SLOTS;
  }

  submit(slot: number, type: string, payload: unknown, transfer?: TransferList): boolean {
    const tx = this.transactionId(slot);
    if (tx !== null) this.write(Kind.Request, type, tx, payload, transfer);
    return true;
  }

  post(type: string, payload: unknown, transfer?: TransferList): boolean {
    this.write(Kind.Notification, type, undefined, payload, transfer);
    return true;
  }

  /** What has left this side and has not arrived is nobody's to know. */
  readonly pendingBytes = 0;

  wantRoom(): void {}

  private begin(type: string, tx: string | undefined, timeout: number): number {
    this.checkSendable(type);
    this.exchange(0);
    const ticket = this.requests.begin(type, tx, timeout);
    this.tickets[ticket % SLOTS] = ticket;
    this.waiting++;
    this.updateRef();
    this.hasOneTimeout &&= timeout === CONFIGURED;
    this.armDeadlines();
    return ticket;
  }

  private armDeadlines(): void {
    if (!this.deadlines.isArmed || !this.hasOneTimeout) this.deadlines.arm(this.requests.nextDeadline());
  }

  private write(kind: Kind, type: string, tx: Tx, payload: unknown, transfer?: TransferList): void {
    this.checkSendable(type);
    checkSize(payload, type, this.maxMessageSize);
    this.wire.send(kind, type, tx, payload, transfer);
  }

  private checkSendable(type: string): void {
    if (this.hasEnded) throw workerClosed(`send "${type}"`, this.wire.driver);
    checkTypeName(type);
  }

  transactionId(slot: number): string | null {
    return this.requests.transactionId(slot);
  }

  cancel(slot: number): boolean {
    this.tickets[slot] = NONE;
    return this.left(this.requests.cancel(slot));
  }

  failAll(): number[] {
    this.wire.flush();
    this.exchange(0);
    this.tickets.length = 0;
    const slots = this.requests.failAll();
    this.waiting = 0;
    this.updateRef();
    return slots;
  }

  /** One request fewer, if it was there. */
  private left(ended: boolean): boolean {
    if (ended) {
      this.waiting--;
      this.updateRef();
    }
    return ended;
  }

  askToClose(): void {
    if (this.hasEnded) return;
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
    this.wire.setRef(this.hold > 0 || (this.hold === 0 && this.waiting > 0));
  }

  drain(): void {
    this.wire.drain();
  }

  close(): void {
    this.hasEnded = true;
    this.endStartup();
    this.deadlines.stop();
    // A driver may believe that its worker is still there.
    this.wire.setRef(false);
    this.wire.close();
  }

  onBatch(batch: unknown[]): void {
    this.batches++;
    for (let at = 0; at < batch.length; at += RECORD) {
      this.onMessage(batch[at] as Kind | undefined, batch[at + 1] as string, batch[at + 2] as Tx, batch[at + 3]);
    }
    this.setup.outcomes.batchEnd();
  }

  private onMessage(kind: Kind | undefined, type: string, tx: Tx, payload: unknown): void {
    switch (kind) {
      case Kind.Result:
        return this.onAnswer(RecordKind.Result, tx, payload);
      case Kind.Error:
        return this.onAnswer(RecordKind.RemoteError, tx, payload);
      case Kind.Hello:
        return this.onHello(payload);
      case Kind.Fatal:
        return this.setup.onControl(Control.Fatal, 0, payload, '');
      case Kind.Notification:
        return this.tell(Control.UnknownNotification, type);
      case undefined:
        if (tx === undefined) return this.onDropped('an answer has no transaction id');
        if (!/(Result|Error)$/.test(type)) return this.onDropped(`"${type}" is the type of no answer`);
        return this.onAnswer(type.endsWith('Error') ? RecordKind.RemoteError : RecordKind.Result, tx, payload);
      default:
        return this.onDropped('a message of this kind has no place here');
    }
  }

  private onAnswer(kind: RecordKind, tx: Tx, payload: unknown): void {
    const slot = typeof tx === 'number' ? this.finishTicket(tx) : this.finish(tx);
    // Late answers are normal: the request has timed out or was cancelled.
    if (slot < 0) return;
    this.left(true);
    const { codec, outcomes } = this.setup;
    const value = kind === RecordKind.Result ? codec.decode(payload) : payload;
    if (value instanceof Undecodable) outcomes.refuse(slot, value.error);
    else outcomes.settle(slot, kind, value, 0);
  }

  /** The addon is told later, together with others. */
  private finishTicket(ticket: number): number {
    const slot = ticket % SLOTS;
    if (this.tickets[slot] !== ticket) return -1;
    this.tickets[slot] = NONE;
    this.finished.push(ticket);
    if (this.finished.length >= CAPACITY) this.exchange(0);
    return slot;
  }

  /** Ends the transaction; gives its slot, or -1. */
  private finish(tx: string | undefined): number {
    const slot = tx === undefined ? -1 : this.requests.finishById(tx);
    if (slot >= 0) this.tickets[slot] = NONE;
    return slot;
  }

  private onHello(theirs: unknown): void {
    if (this.isReady) return this.onDropped('a second handshake came');
    this.endStartup();
    const mismatch = findMismatch(this.hello, theirs);
    if (mismatch !== undefined) return this.tell(Control.Mismatch, `${mismatch.code} ${mismatch.message}`);
    this.isReady = true;
    this.tell(Control.Ready);
  }

  onDropped(reason: string): void {
    this.tell(Control.Dropped, reason);
  }

  onTrouble(text: string): void {
    this.setup.onTrouble(text);
  }

  onSendFailed(kind: Kind, tx: Tx, error: WorkerError): void {
    const slot = kind === Kind.Request ? this.finish(tx as string) : -1;
    if (slot < 0) return this.onTrouble(error.message);
    this.left(true);
    this.setup.outcomes.refuse(slot, error);
  }

  onEnd(): void {
    this.hasEnded = true;
    this.endStartup();
    this.tell(Control.End);
  }

  private tell(what: Control, detail = ''): void {
    this.setup.onControl(what, 0, undefined, detail);
  }

  private onDue(): void {
    this.afterWhatArrived(() => this.expire());
  }

  private armStartup(millis: number): void {
    this.startupDue = performance.now() + millis;
    this.startup = setTimeout(() => this.onStartupDue(), millis).unref();
  }

  private onStartupDue(): void {
    this.afterWhatArrived(() => {
      if (this.startup === undefined) return;
      const late = performance.now() - this.startupDue;
      // While this thread was blocked, a worker may have waited for it.
      if (late > BLOCKED) this.armStartup(Math.min(late, this.setup.options.startupTimeout));
      else this.tell(Control.HandshakeTimedOut);
    });
  }

  private endStartup(): void {
    clearTimeout(this.startup);
    this.startup = undefined;
  }

  /** A deadline has come. What had arrived before it counts. */
  private afterWhatArrived(act: () => void): void {
    if (this.wire.drain()) act();
    else this.afterTurns(act, MOST_TURNS);
  }

  /** The loop reads what has arrived, some of it in each turn. */
  private afterTurns(act: () => void, left: number): void {
    const { batches } = this;
    afterArrivals(() => (this.batches === batches || left === 0 ? act() : this.afterTurns(act, left - 1)));
  }

  private expire(): void {
    if (this.hasEnded && this.waiting === 0) return;
    this.exchange(0);
    const late = this.requests.expire();
    const { outcomes } = this.setup;
    for (let index = 0; index < late.length; index += 2) {
      this.tickets[late[index] as number] = NONE;
      this.left(true);
      outcomes.settle(late[index] as number, RecordKind.TimedOut, undefined, late[index + 1] as number);
    }
    outcomes.batchEnd();
    this.deadlines.arm(this.requests.nextDeadline());
  }
}
