import { Backlog } from './backlog.js';
import { type ConnectedHost, FULL, type HostConnection, LATER, type Outcomes } from './connection.js';
import { fromNative, WorkerError } from './errors.js';
import { messageTimeout, noRoom } from './host-errors.js';
import type { Log } from './logger.js';
import type { AnyEnvelope, MiddlewareChain } from './middleware-chain.js';
import { RecordKind } from './native/records.js';
import type { PayloadCodec } from './payload-codec.js';
import { Undecodable } from './payload-codec.js';
import { decodeError } from './rebuilt-error.js';
import type { TransferList } from './types/transfer-list.js';

/** A request whose promise is not settled. */
interface Pending {
  readonly type: string;
  /** Only where middleware wants to see it. */
  readonly tx: string | undefined;
  resolve(value: unknown): void;
  reject(error: unknown): void;
}

export interface RequestsOptions {
  readonly worker: string;
  readonly codec: PayloadCodec;
  readonly log: Log;
  readonly incoming?: MiddlewareChain | undefined;
  readonly outgoing?: MiddlewareChain | undefined;
  /** How many bytes may wait to be written. */
  readonly maxPendingBytes: number;
  readonly whenFull: 'wait' | 'reject';
  readonly txIdGenerator?: ((message: { type: string; payload: unknown }) => string) | undefined;
}

/** As the addon has it: the timeout that is configured for the type. */
const CONFIGURED = -1;

/**
 * The promises of requests in flight, by slot. Which slot an answer belongs to, and when one is late, the addon knows;
 * promises can only be kept here.
 */
export class Requests implements Outcomes {
  connection!: HostConnection;
  private scheduleFlush!: () => void;
  /** To be called when no request is in flight any more. */
  onIdle: (() => void) | undefined;
  private readonly pending: (Pending | undefined)[] = [];
  private readonly backlog = new Backlog();

  constructor(private readonly options: RequestsOptions) {}

  /** Before anything is sent. */
  attach({ connection, scheduleFlush }: ConnectedHost): void {
    this.connection = connection;
    this.scheduleFlush = scheduleFlush;
  }

  send(type: string, payload: unknown, timeout = CONFIGURED, transfer?: TransferList): Promise<unknown> {
    const { outgoing, txIdGenerator, codec } = this.options;
    if (outgoing !== undefined || txIdGenerator !== undefined) {
      return this.sendReserved(type, payload, timeout, transfer);
    }
    return new Promise((resolve, reject) => {
      const encoded = codec.encode(payload, type);
      const pending: Pending = { type, tx: undefined, resolve, reject };
      if (!this.backlog.isEmpty) return this.sendLater(pending, encoded, timeout, transfer);
      let slot: number;
      try {
        slot = this.connection.request(type, encoded, timeout, transfer, pending);
      } catch (error) {
        throw fromNative(error);
      }
      if (slot === FULL) return this.sendLater(pending, encoded, timeout, transfer);
      if (slot !== LATER) this.pending[slot] = pending;
      this.scheduleFlush();
    });
  }

  /** There is no room: the transaction begins, its message waits. */
  private sendLater(pending: Pending, encoded: unknown, timeout: number, transfer: TransferList | undefined): void {
    const { type } = pending;
    const { whenFull, worker, maxPendingBytes } = this.options;
    if (whenFull === 'reject') throw noRoom('send', type, worker, maxPendingBytes);
    const slot = this.submit(() => this.connection.reserve(type, undefined, timeout));
    this.pending[slot] = pending;
    this.backlog.add(slot, { type, encoded, transfer });
    this.connection.wantRoom();
  }

  /** In the order of the calls: what waits goes first. */
  onRoom(): void {
    const { backlog, connection } = this;
    for (let next = backlog.first(); next !== undefined; next = backlog.first()) {
      const [slot, { type, encoded, transfer }] = next;
      try {
        if (!this.submit(() => connection.submit(slot, type, encoded, transfer))) break;
      } catch (error) {
        connection.cancel(slot);
        this.take(slot)?.reject(error);
        this.batchEnd();
      }
      backlog.drop(slot);
    }
    if (this.isDrained) backlog.drained();
    if (!backlog.isEmpty || backlog.isAwaited) connection.wantRoom();
  }

  /** How much was sent and not taken by the system yet. */
  get pendingBytes(): number {
    return this.connection.pendingBytes + this.backlog.bytes;
  }

  private get isDrained(): boolean {
    return this.pendingBytes <= this.options.maxPendingBytes / 2;
  }

  /** Resolves when no more than half of what may wait does. */
  async drained(): Promise<void> {
    if (this.isDrained) return;
    this.connection.wantRoom();
    await this.backlog.whenDrained();
  }

  post(type: string, payload: unknown, transfer?: TransferList): void {
    const { outgoing, codec, log, worker } = this.options;
    const post = (message: AnyEnvelope) => {
      const encoded = codec.encode(message.payload, message.type);
      if (this.backlog.isEmpty && this.submit(() => this.connection.post(message.type, encoded, transfer))) return;
      throw noRoom('post', message.type, worker, this.options.maxPendingBytes);
    };
    const message: AnyEnvelope = { type, tx: undefined, payload };
    if (outgoing === undefined) return post(message);
    let passed = false;
    const failed = (error: unknown) => {
      if (!passed) throw error;
      log('error', `the message "${type}" was not sent to ${worker}`, error);
    };
    const guarded = (envelope: AnyEnvelope) => {
      try {
        post(envelope);
      } catch (error) {
        failed(error);
      }
    };
    outgoing.pass(message, guarded, failed);
    passed = true;
  }

  /** Resolves when no message of this side waits in middleware. */
  async outgoingDrained(): Promise<void> {
    await this.options.outgoing?.drained();
  }

  /** Resolves when no answer waits in middleware. */
  async incomingDrained(): Promise<void> {
    await this.options.incoming?.drained();
  }

  /** The slower way, for a transaction whose id must be known before its message is written. */
  private sendReserved(
    type: string,
    payload: unknown,
    timeout: number,
    transfer: TransferList | undefined,
  ): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const { outgoing, txIdGenerator, codec } = this.options;
      const custom = txIdGenerator?.({ type, payload });
      if (txIdGenerator !== undefined && typeof custom !== 'string') {
        throw new WorkerError('ERR_INVALID_TRANSACTION_ID', `txIdGenerator must return a string, not ${typeof custom}`);
      }
      const slot = this.submit(() => this.connection.reserve(type, custom, timeout));
      const tx = this.connection.transactionId(slot) ?? undefined;
      const pending: Pending = { type, tx, resolve, reject };
      this.pending[slot] = pending;
      const failed = (error: unknown) => {
        // It may have timed out meanwhile, and the slot be another's.
        if (this.pending[slot] !== pending) return;
        this.take(slot);
        this.connection.cancel(slot);
        reject(error);
        this.batchEnd();
      };
      const submit = (message: AnyEnvelope) => {
        if (this.pending[slot] !== pending) return;
        try {
          const encoded = codec.encode(message.payload, message.type);
          const send = () => this.connection.submit(slot, message.type, encoded, transfer);
          if (this.backlog.isEmpty && this.submit(send)) return;
          const { whenFull, worker, maxPendingBytes } = this.options;
          if (whenFull === 'reject') throw noRoom('send', message.type, worker, maxPendingBytes);
          this.backlog.add(slot, { type: message.type, encoded, transfer });
          this.connection.wantRoom();
        } catch (error) {
          failed(error);
        }
      };
      const message: AnyEnvelope = { type, tx, payload };
      if (outgoing === undefined) submit(message);
      else outgoing.pass(message, submit, failed);
    });
  }

  private submit<T>(command: () => T): T {
    try {
      const result = command();
      this.scheduleFlush();
      return result;
    } catch (error) {
      throw fromNative(error);
    }
  }

  assign(slot: number, owner: object): void {
    this.pending[slot] = owner as Pending;
  }

  settle(slot: number, kind: RecordKind, value: unknown, millis: number): void {
    const { incoming, worker } = this.options;
    const pending = this.take(slot);
    if (pending === undefined) return;
    if (kind === RecordKind.TimedOut) {
      pending.reject(messageTimeout(pending.type, worker, millis));
    } else if (value instanceof Undecodable) {
      pending.reject(value.error);
    } else if (incoming !== undefined) {
      this.passIncoming(incoming, pending, kind, value);
    } else if (kind === RecordKind.Result) {
      pending.resolve(value);
    } else {
      pending.reject(decodeError(value));
    }
  }

  batchEnd(): void {
    if (this.onIdle !== undefined && this.connection.inFlight === 0) this.onIdle();
  }

  private passIncoming(incoming: MiddlewareChain, pending: Pending, kind: number, value: unknown): void {
    const failed = kind === RecordKind.RemoteError;
    const message: AnyEnvelope = {
      type: `${pending.type}${failed ? 'Error' : 'Result'}`,
      tx: pending.tx,
      payload: value,
    };
    incoming.pass(
      message,
      ({ payload }) => (failed ? pending.reject(decodeError(payload)) : pending.resolve(payload)),
      pending.reject,
    );
  }

  refuse(slot: number, error: WorkerError): void {
    this.take(slot)?.reject(error);
    this.batchEnd();
  }

  /** Ends all requests, oldest first. */
  failAll(reason: (type?: string) => Error): void {
    for (const slot of this.connection.failAll()) {
      const pending = this.take(slot);
      pending?.reject(reason(pending.type));
    }
    this.backlog.fail(reason);
    this.batchEnd();
  }

  private take(slot: number): Pending | undefined {
    const pending = this.pending[slot];
    this.pending[slot] = undefined;
    if (!this.backlog.isEmpty) this.backlog.drop(slot);
    return pending;
  }
}
