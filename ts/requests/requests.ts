import { Undecodable } from '../codecs/payload-codec.js';
import {
  type ConnectedRequester,
  LATER,
  type Outcomes,
  type Requester,
  type SentRequest,
} from '../connection/connection.js';
import { notGranted } from '../errors/host-errors.js';
import { unhandled } from '../errors/malformed-message.js';
import { fromNative } from '../errors/from-native.js';
import type { WorkerError } from '../errors/worker-error.js';
import { Kind, NO_CAPACITY, RecordKind } from '../protocol/generated.js';
import type { RequestKind } from '../protocol/request-kind.js';
import type { StreamAnswer } from '../streams/response-stream.js';
import { Aborts } from './aborts.js';
import { BackPressure } from './back-pressure.js';
import { abortReason } from './cancellation.js';
import { RequestChunks } from './chunks.js';
import { type OutgoingNotification, post } from './notification.js';
import { OpenRequests, watchSignal } from './open-requests.js';
import type { RequestsOptions } from './options.js';
import { conclude } from './outcome.js';
import { Extras, type OutgoingRequest } from './outgoing-request.js';
import { reportProgress } from './progress.js';
import type { RequestTerms } from './request-options.js';
import { ReservedRequests } from './reserved-request.js';

/**
 * Requester: sends requests and settles their promises, by slot; a host that calls its worker and a worker that calls
 * its host use it. The addon knows which slot an answer belongs to, and when a request times out.
 */
export class Requests<R extends Requester = Requester> implements Outcomes {
  readonly open: OpenRequests<R>;
  private readonly aborts: Aborts;
  private readonly chunks: RequestChunks;
  private readonly backPressure: BackPressure;
  private readonly reserved: ReservedRequests;
  /** No request needs its id or slot before its message is written, unless its own options require that. */
  private readonly isPlain: boolean;

  constructor(private readonly options: RequestsOptions) {
    const open = new OpenRequests<R>(options);
    this.open = open;
    this.isPlain = options.outgoing === undefined && options.txIdGenerator === undefined;
    this.aborts = new Aborts(open);
    this.chunks = new RequestChunks(open, this.aborts);
    this.backPressure = new BackPressure(open, this.chunks, this.aborts);
    this.reserved = new ReservedRequests(open, this.chunks, this.backPressure, this.aborts);
  }

  /** Before any message is sent. */
  attach(connected: ConnectedRequester<R>): void {
    this.open.attach(connected);
  }

  get connection(): R {
    return this.open.connection;
  }

  send(request: OutgoingRequest): Promise<unknown> {
    const { terms } = request;
    if (this.isPlain && (terms === undefined || isLight(terms))) return this.sendPlain(request);
    const kind = terms?.input === undefined ? Kind.Request : Kind.Upload;
    return new Promise((resolve, reject) => {
      request.resolve = resolve;
      request.reject = reject;
      this.sendReserved(request, kind);
    });
  }

  /** Sends a request whose outcome is a stream. */
  stream(request: OutgoingRequest, answer: StreamAnswer): void {
    if (answer.isOver) return;
    request.resolve = answer.resolve;
    request.reject = answer.reject;
    this.sendReserved(request, request.terms?.input === undefined ? Kind.Stream : Kind.Duplex, answer);
  }

  private sendReserved(request: OutgoingRequest, kind: RequestKind, answer?: StreamAnswer): void {
    try {
      this.reserved.send(request, kind, answer);
    } catch (error) {
      this.open.reject(request, error);
    }
  }

  private sendPlain(request: OutgoingRequest): Promise<unknown> {
    return new Promise((resolve, reject) => {
      request.resolve = resolve;
      request.reject = reject;
      const { terms } = request;
      if (terms?.signal?.aborted === true) return request.fail(abortReason(terms.signal));
      try {
        if (terms !== undefined) request.extras = new Extras(this.aborts, request);
        this.begin(request);
      } catch (error) {
        this.open.reject(request, error);
      }
    });
  }

  private begin(request: OutgoingRequest): void {
    const { open, backPressure } = this;
    const encoded = this.options.codec.encode(request.takePayload(), request.type);
    if (!open.backlog.isEmpty) return backPressure.beginLater(request, encoded);
    let slot: number;
    const carrier = request.terms?.carrier;
    try {
      if (carrier !== undefined) open.connection.setContext(carrier);
      slot = open.connection.request(request, encoded);
    } catch (error) {
      throw fromNative(error);
    } finally {
      if (carrier !== undefined) open.connection.setContext(undefined);
    }
    if (slot === NO_CAPACITY) return backPressure.beginLater(request, encoded);
    if (slot !== LATER) open.assign(slot, request);
    if (request.extras !== undefined) watchSignal(request);
    open.scheduleFlush();
  }

  post(notification: OutgoingNotification): void {
    post(this.open, notification);
  }

  /** Resolves when no request of the user's is in flight. */
  async idle(): Promise<void> {
    const { open } = this;
    if (!open.isIdle) await new Promise<void>((resolve) => (open.onIdle = resolve));
  }

  /** Resolves when no message of this side waits in middleware. */
  async outgoingDrained(): Promise<void> {
    await this.options.outgoing?.drained();
  }

  /** Resolves when no answer waits in middleware. */
  async incomingDrained(): Promise<void> {
    await this.options.incoming?.drained();
  }

  /** Ends all requests, and tells the other side that this side no longer waits. */
  abortAll(reason: (type?: string) => Error): void {
    this.aborts.abortAll(reason);
  }

  /** Ends all requests, oldest first. */
  failAll(reason: (type?: string) => Error): void {
    this.open.failAll(reason);
    this.aborts.forget();
  }

  /** How many requests of the user's have no outcome yet. */
  get inFlight(): number {
    return this.open.inFlight;
  }

  get pendingBytes(): number {
    return this.backPressure.pendingBytes;
  }

  /** Resolves when at most half of the allowed bytes waits. */
  drained(): Promise<void> {
    return this.backPressure.drained();
  }

  assign(slot: number, request: SentRequest): void {
    this.open.assign(slot, request as OutgoingRequest);
  }

  settle(slot: number, kind: RecordKind, value: unknown, millis: number): void {
    const request = this.open.take(slot);
    if (request === undefined) return;
    try {
      conclude(this.open, request, kind, value, millis);
      if (kind === RecordKind.TimedOut) this.aborts.escalate(request);
    } catch (error) {
      this.open.reject(request, unhandled(error));
    }
  }

  refuse(slot: number, error: WorkerError): void {
    this.open.reject(this.open.take(slot), error);
    this.open.batchEnd();
  }

  onProgress(slot: number, value: unknown): void {
    const request = this.open.bySlot[slot];
    if (request !== undefined) reportProgress(this.options, request, value);
  }

  onChunk(slot: number, value: unknown, cost: number): void {
    const request = this.open.bySlot[slot];
    const answer = request?.extras?.answer;
    if (request === undefined || answer === undefined) return;
    if (Undecodable.is(value)) this.abort(request, value.error);
    else if (!answer.reader.push(value, cost)) this.abort(request, notGranted(request.type));
  }

  private abort(request: OutgoingRequest, error: Error): void {
    this.aborts.abort(request, this.open.placed(error, request.type));
  }

  onDemand(slot: number, units: number): void {
    const writer = this.open.bySlot[slot]?.extras?.writer;
    if (units === 0) writer?.stop();
    else writer?.grant(units);
  }

  onWritable(): void {
    this.chunks.onWritable();
  }

  onDrain(): void {
    this.backPressure.onDrain();
  }

  batchEnd(): void {
    this.open.batchEnd();
  }
}

/** Whether the request can be written without an earlier slot. */
function isLight({ input, escalate }: RequestTerms): boolean {
  return input === undefined && escalate === undefined;
}
