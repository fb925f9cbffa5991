import { Backlog } from './backlog.js';
import type { Checks } from './checks.js';
import { unwatch, watch } from './cancellation.js';
import {
  type ConnectedRequester,
  FULL,
  type HostConnection,
  LATER,
  type Outcomes,
  type Requester,
  RequestKind,
} from './connection.js';
import { ENDED } from './ended.js';
import { fromNative, WorkerError } from './errors.js';
import { messageTimeout, noRoom, notGranted } from './host-errors.js';
import { escalate } from './escalation.js';
import type { Log } from './logger.js';
import type { AnyEnvelope, MiddlewareChain } from './middleware-chain.js';
import { RecordKind } from './native/records.js';
import type { PayloadCodec } from './payload-codec.js';
import { Undecodable } from './payload-codec.js';
import { Extras, Pending, UNKNOWN } from './pending.js';
import { decodeError } from './rebuilt-error.js';
import { encodeError } from './remote-error.js';
import type { RequestTerms } from './request-terms.js';
import { type Losses, sendSync } from './send-sync.js';
import type { StreamAnswer } from './stream-answer.js';
import { ChunkWriter } from './streams/chunk-writer.js';
import { type Source, sourceOf } from './streams/source.js';
import { Transferred } from './transferred.js';
import type { Carrier } from './types/context-carrier.js';
import type { TransferList } from './types/transfer-list.js';

export interface RequestsOptions {
  /** Who is asked, for error texts: `the worker "…"`, or `the host`. */
  readonly peer: string;
  readonly codec: PayloadCodec;
  readonly log: Log;
  readonly incoming?: MiddlewareChain | undefined;
  readonly outgoing?: MiddlewareChain | undefined;
  /** The validators of what is answered; then there is `incoming`. */
  readonly checks?: Checks | undefined;
  /** How many bytes may wait to be written. */
  readonly maxPendingBytes: number;
  readonly whenFull: 'wait' | 'reject';
  readonly txIdGenerator?: ((message: { type: string; payload: unknown }) => string) | undefined;
  /** Ends who is asked, where that is possible. */
  readonly kill?: ((signal: 'SIGTERM' | 'SIGKILL') => void) | undefined;
}

/** As the addon has it: the timeout that is configured for the type. */
const CONFIGURED = -1;

/**
 * The promises of requests in flight, by slot. Which slot an answer belongs to, and when one is late, the addon knows;
 * promises can only be kept here.
 */
export class Requests<R extends Requester = Requester> implements Outcomes {
  connection!: R;
  private scheduleFlush!: () => void;
  private flush!: () => void;
  /** To be called when no request is in flight any more. */
  onIdle: (() => void) | undefined;
  private readonly pending: (Pending | undefined)[] = [];
  private readonly backlog = new Backlog();
  /** Those that send chunks. */
  private readonly writers = new Set<ChunkWriter>();

  constructor(private readonly options: RequestsOptions) {}

  /** Before anything is sent. */
  attach({ connection, scheduleFlush, flush }: ConnectedRequester<R>): void {
    this.connection = connection;
    this.scheduleFlush = scheduleFlush;
    this.flush = flush;
  }

  send(
    type: string,
    payload: unknown,
    timeout = CONFIGURED,
    transfer?: TransferList,
    terms?: RequestTerms,
  ): Promise<unknown> {
    const { outgoing, txIdGenerator } = this.options;
    if (outgoing === undefined && txIdGenerator === undefined && (terms === undefined || isLight(terms))) {
      return this.sendPlain(type, payload, timeout, transfer, terms);
    }
    const kind = terms?.input === undefined ? RequestKind.Request : RequestKind.Upload;
    return new Promise((resolve, reject) => {
      this.sendReserved({ kind, type, payload, timeout, transfer, terms, resolve, reject });
    });
  }

  /** Sends a request whose outcome is a stream. */
  stream(
    type: string,
    payload: unknown,
    timeout = CONFIGURED,
    transfer: TransferList | undefined,
    terms: RequestTerms | undefined,
    answer: StreamAnswer,
  ): void {
    if (answer.isOver) return;
    const kind = terms?.input === undefined ? RequestKind.Stream : RequestKind.Duplex;
    const { resolve, reject } = answer;
    try {
      this.sendReserved({ kind, type, payload, timeout, transfer, terms, resolve, reject, answer });
    } catch (error) {
      reject(error);
    }
  }

  private sendPlain(
    type: string,
    payload: unknown,
    timeout: number,
    transfer: TransferList | undefined,
    terms: RequestTerms | undefined,
  ): Promise<unknown> {
    return new Promise((resolve, reject) => {
      if (terms?.signal?.aborted === true) throw terms.signal.reason;
      const encoded = this.options.codec.encode(payload, type);
      const extras = terms === undefined ? undefined : new Extras(this, terms);
      const pending = new Pending(type, resolve, reject, extras);
      if (!this.backlog.isEmpty) return this.sendLater(pending, encoded, timeout, transfer);
      let slot: number;
      const carrier = terms?.carrier;
      try {
        if (carrier !== undefined) this.connection.carry(carrier);
        slot = this.connection.request(type, encoded, timeout, transfer, pending);
      } catch (error) {
        throw fromNative(error);
      } finally {
        if (carrier !== undefined) this.connection.carry(undefined);
      }
      if (slot === FULL) return this.sendLater(pending, encoded, timeout, transfer);
      if (slot !== LATER) this.assign(slot, pending);
      if (extras !== undefined) watchSignal(pending, extras);
      this.scheduleFlush();
    });
  }

  /** Blocks this thread until the outcome is there. */
  sendSync(
    this: Requests<HostConnection>,
    type: string,
    payload: unknown,
    timeout = CONFIGURED,
    carrier: Carrier | undefined,
    losses: Losses,
  ): unknown {
    const { connection, options } = this;
    const send = (slot: number, name: string, encoded: unknown) =>
      this.backlog.isEmpty && this.submitWith(carrier, () => connection.submit(slot, name, encoded));
    const canBegin = () => carrier === undefined && this.backlog.isEmpty;
    try {
      return sendSync({ connection, options, canBegin, send, losses }, type, payload, timeout);
    } finally {
      this.batchEnd();
    }
  }

  /** There is no room: the transaction begins, its message waits. */
  private sendLater(light: Pending, encoded: unknown, timeout: number, transfer: TransferList | undefined): void {
    const { type, resolve, reject } = light;
    const extras = light.extras ?? new Extras(this, undefined);
    const pending = new Pending(type, resolve, reject, extras);
    const { whenFull, peer, maxPendingBytes } = this.options;
    if (whenFull === 'reject') throw noRoom('send', type, peer, maxPendingBytes);
    const slot = this.submit(() => this.connection.reserve(type, undefined, timeout, RequestKind.Request));
    this.assign(slot, pending);
    watchSignal(pending, extras);
    extras.isSent = false;
    this.backlog.add(slot, { type, encoded, transfer });
    this.connection.wantRoom();
  }

  /** In the order of the calls: what waits goes first. */
  onRoom(): void {
    const { backlog, connection } = this;
    for (let next = backlog.first(); next !== undefined; next = backlog.first()) {
      const [slot, { type, encoded, transfer }] = next;
      try {
        const pending = this.pending[slot];
        const submit = () => connection.submit(slot, type, encoded, transfer);
        if (!this.submitWith(pending?.extras?.terms?.carrier, submit)) break;
        this.sent(pending);
      } catch (error) {
        connection.cancel(slot);
        this.take(slot)?.reject(error);
        this.batchEnd();
      }
      backlog.drop(slot);
    }
    if (backlog.isEmpty) for (const writer of this.writers) writer.room();
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

  post(type: string, payload: unknown, transfer?: TransferList, carrier?: Carrier): void {
    const { outgoing, codec, log, peer } = this.options;
    const post = (message: AnyEnvelope) => {
      const encoded = codec.encode(message.payload, message.type);
      const send = () => this.connection.post(message.type, encoded, transfer);
      if (this.backlog.isEmpty && this.submitWith(carrier, send)) return;
      throw noRoom('post', message.type, peer, this.options.maxPendingBytes);
    };
    const message: AnyEnvelope = { type, tx: undefined, payload };
    if (outgoing === undefined) return post(message);
    let passed = false;
    const failed = (error: unknown) => {
      if (!passed) throw error;
      log('error', `the message "${type}" was not sent to ${peer}`, error);
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

  /** The slower way, for a transaction whose id or slot must be known before its message is written. */
  private sendReserved(request: Reserved): void {
    const { type, payload, transfer, kind, terms, answer, resolve, reject } = request;
    const { outgoing, txIdGenerator, codec } = this.options;
    if (terms?.signal?.aborted === true) {
      if (answer !== undefined) return answer.abort(terms.signal.reason);
      throw terms.signal.reason;
    }
    const source = terms?.input === undefined ? undefined : sourceOf(terms.input);
    const custom = txIdGenerator?.({ type, payload });
    if (txIdGenerator !== undefined && typeof custom !== 'string') {
      throw new WorkerError('ERR_INVALID_TRANSACTION_ID', `txIdGenerator must return a string, not ${typeof custom}`);
    }
    const slot = this.submit(() => this.connection.reserve(type, custom, request.timeout, kind));
    const isSeen = outgoing !== undefined || terms?.escalate !== undefined;
    const tx = isSeen ? (this.connection.transactionId(slot) ?? undefined) : undefined;
    const extras = new Extras(this, terms);
    const pending = new Pending(type, resolve, reject, extras);
    extras.tx = tx;
    extras.isSent = false;
    this.assign(slot, pending);
    watchSignal(pending, extras);
    if (source !== undefined) extras.writer = this.writerOf(pending, source);
    if (answer !== undefined) this.begin(pending, extras, answer);
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
        if (this.backlog.isEmpty && this.submitWith(terms?.carrier, send)) return this.sent(pending);
        const { whenFull, peer, maxPendingBytes } = this.options;
        if (whenFull === 'reject') throw noRoom('send', message.type, peer, maxPendingBytes);
        this.backlog.add(slot, { type: message.type, encoded, transfer });
        this.connection.wantRoom();
      } catch (error) {
        failed(error);
      }
    };
    const message: AnyEnvelope = { type, tx, payload };
    if (outgoing === undefined) submit(message);
    else outgoing.pass(message, submit, failed);
  }

  /** Its message is on its way: chunks may follow. */
  private sent(pending: Pending | undefined): void {
    const extras = pending?.extras;
    if (extras === undefined) return;
    extras.isSent = true;
    const { writer } = extras;
    if (writer === undefined) return;
    this.writers.add(writer);
    void writer.run().then(() => this.writers.delete(writer));
  }

  private begin(pending: Pending, extras: Extras, answer: StreamAnswer): void {
    extras.answer = answer;
    answer.reader.check = this.options.checks?.find('stream', pending.type);
    answer.begin({
      grant: (units) => {
        if (this.pending[pending.slot] !== pending) return;
        this.connection.credit(pending.slot, units);
        this.scheduleFlush();
      },
      leave: (reason) => this.abort(pending, reason),
    });
  }

  private writerOf(pending: Pending, source: Source): ChunkWriter {
    const { codec } = this.options;
    const { type } = pending;
    return new ChunkWriter(source, {
      write: (chunk) => {
        const [value, transfer] = chunk instanceof Transferred ? [chunk.value, chunk.transfer] : [chunk, undefined];
        const encoded = codec.encode(value, `a chunk of the input of "${type}"`);
        const cost = this.submit(() => this.connection.input(pending.slot, encoded, transfer));
        if (cost < 0) this.connection.wantRoom();
        return cost;
      },
      end: () => this.submit(() => this.connection.endInput(pending.slot, undefined)),
      fail: (error) => this.submit(() => this.connection.endInput(pending.slot, encodeError(error))),
    });
  }

  /** Ends a request that nobody waits for any more. */
  abort(pending: Pending, reason: unknown): void {
    // One of this tick has its slot from now on.
    if (pending.slot === UNKNOWN) this.flush();
    const { slot } = pending;
    if (this.pending[slot] !== pending) return;
    this.take(slot);
    const { extras } = pending;
    if (extras?.isSent === false) this.connection.cancel(slot);
    else {
      this.submit(() => this.connection.abort(slot));
      this.escalate(pending);
    }
    if (extras?.answer === undefined) pending.reject(reason);
    else extras.answer.abort(reason);
    this.batchEnd();
  }

  /** Ends who was asked, if that goes on with what was cancelled. */
  private escalate({ extras }: Pending): void {
    const { kill } = this.options;
    const { terms, tx } = extras ?? {};
    if (terms?.escalate === undefined || kill === undefined || tx === undefined) return;
    escalate(terms.escalate, this.ask(ENDED, tx), kill);
  }

  /** A request of the library's own: it passes no middleware, and is never late. */
  private ask(type: string, payload: unknown): Promise<unknown> {
    return this.sendPlain(type, payload, 0, undefined, undefined);
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

  /** The message that is sent takes the carrier along. */
  private submitWith(carrier: Carrier | undefined, command: () => boolean): boolean {
    if (carrier === undefined) return this.submit(command);
    this.connection.carry(carrier);
    try {
      return this.submit(command);
    } finally {
      this.connection.carry(undefined);
    }
  }

  assign(slot: number, owner: object): void {
    this.pending[slot] = owner as Pending;
    (owner as Pending).slot = slot;
  }

  onProgress(slot: number, value: unknown): void {
    const pending = this.pending[slot];
    const onProgress = pending?.extras?.terms?.onProgress;
    if (pending === undefined || onProgress === undefined) return;
    const { log, checks, incoming } = this.options;
    const dropped = (error: unknown) => log('warn', 'a progress value was dropped', error);
    if (value instanceof Undecodable) return dropped(value.error);
    const check = checks?.find('progress', pending.type);
    if (check === undefined) tellProgress(onProgress, value);
    else
      incoming?.order(
        () => check(value),
        (checked) => tellProgress(onProgress, checked),
        dropped,
      );
  }

  onChunk(slot: number, value: unknown, cost: number): void {
    const pending = this.pending[slot];
    const answer = pending?.extras?.answer;
    if (pending === undefined || answer === undefined) return;
    if (value instanceof Undecodable) this.abort(pending, value.error);
    else if (!answer.reader.push(value, cost)) this.abort(pending, notGranted(pending.type));
  }

  onDemand(slot: number, units: number): void {
    const writer = this.pending[slot]?.extras?.writer;
    if (units === 0) writer?.stop();
    else writer?.grant(units);
  }

  settle(slot: number, kind: RecordKind, value: unknown, millis: number): void {
    const { incoming, peer } = this.options;
    const pending = this.take(slot);
    if (pending === undefined) return;
    if (kind === RecordKind.TimedOut) {
      pending.reject(messageTimeout(pending.type, peer, millis));
      this.escalate(pending);
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
    const checks = failed ? undefined : this.options.checks;
    const message: AnyEnvelope = {
      type: `${pending.type}${failed ? 'Error' : 'Result'}`,
      tx: pending.extras?.tx,
      payload: value,
    };
    incoming.pass(
      message,
      ({ payload }) => (failed ? pending.reject(decodeError(payload)) : pending.resolve(payload)),
      pending.reject,
      checks === undefined ? undefined : (passed) => checks.apply('result', pending.type, passed),
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
    if (pending?.extras !== undefined) release(pending.extras);
    return pending;
  }
}

/** A request that begins before its message is sent. */
interface Reserved {
  readonly kind: RequestKind;
  readonly type: string;
  readonly payload: unknown;
  readonly timeout: number;
  readonly transfer: TransferList | undefined;
  readonly terms: RequestTerms | undefined;
  readonly resolve: Pending['resolve'];
  readonly reject: Pending['reject'];
  readonly answer?: StreamAnswer | undefined;
}

/** Whether nothing need be known of the request before its message is written. */
function isLight({ input, escalate: schedule }: RequestTerms): boolean {
  return input === undefined && schedule === undefined;
}

function watchSignal(pending: Pending, extras: Extras): void {
  extras.pending = pending;
  const signal = extras.terms?.signal;
  if (signal !== undefined) extras.watched = watch(signal, extras);
}

function tellProgress(onProgress: (value: unknown) => void, value: unknown): void {
  try {
    onProgress(value);
  } catch (error) {
    // It is its user's, and must not reach ours.
    process.nextTick(() => {
      throw error;
    });
  }
}

/** The request has come to its end. */
function release(extras: Extras): void {
  if (extras.watched !== undefined) unwatch(extras.watched, extras);
  extras.writer?.stop();
}
