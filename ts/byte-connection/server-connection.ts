import type { ConnectedRequester, Outcomes } from '../connection/connection.js';
import { fromNative } from '../errors/from-native.js';
import { hostSilent } from '../errors/worker-error.js';
import type { KeptResults } from '../detached/kept-results.js';
import { logLimited } from '../logging/limited-log.js';
import { createCodec, type Encoded, type PayloadCodec } from '../codecs/payload-codec.js';
import { encodeError, errorText } from '../errors/encode-remote-error.js';
import { reasonOf } from '../util/safely.js';
import type { RemoteErrorPayload } from '../types/message.js';
import type { RequestKind } from '../protocol/request-kind.js';
import type { ServeSetup } from '../connection/serve-setup.js';
import type { Answerer } from '../connection/answerer.js';
import { NativeAnswerer } from './answerer.js';
import { LateOutcomes } from './late-outcomes.js';
import type { NativeConnection } from '../addon/binding.js';
import { getNative } from '../addon/environment.js';
import { guard } from '../util/guard.js';
import { dispatchBatch, REST_TIMEOUT } from './batches.js';
import { requesterOf } from './requester.js';
import { queueMicrotask } from '../util/primordials.js';
import { Control } from '../protocol/generated.js';

/** How long a host that does not read may delay its worker, in milliseconds. */
const FLUSH_TIMEOUT = 100;

/** The worker's side of a byte connection. */
export class NativeServer {
  /** For calls of the worker to its host; a worker may never make any. */
  outcomes: Outcomes | undefined;
  wasCut = false;
  private isReady = false;
  readonly answerer: NativeAnswerer;
  readonly codec: PayloadCodec;
  private readonly late: LateOutcomes;
  private readonly native = getNative();

  constructor(
    private readonly connection: NativeConnection,
    private readonly setup: ServeSetup,
    private readonly kept: KeptResults | undefined,
    /** An outcome was kept. */
    onKept: () => void,
    /** The host's process, if it is known. */
    private readonly pid?: number,
  ) {
    const { names, createDispatcher } = setup;
    const codec = createCodec(setup.serializer, setup.options.sharedBuffers);
    const late = new LateOutcomes(connection, codec, kept, onKept);
    this.codec = codec;
    this.late = late;
    this.answerer = new NativeAnswerer({ connection, codec, names, createDispatcher, late });
  }

  get dispatcher(): Answerer<number> {
    return this.answerer.dispatcher;
  }

  /** Resolves when the host's handshake was read and fits. */
  serve(onEnd: () => void): Promise<void> {
    const { connection, setup } = this;
    const options = { ...setup.options, handlers: [...setup.names] };
    return new Promise((resolve, reject) => {
      const control = (what: Control, number: number, given: unknown, detail: string, kind: RequestKind) => {
        const payload = given as Encoded;
        switch (what) {
          case Control.Ready:
            this.onReady();
            return resolve();
          case Control.Mismatch:
            return reject(fromNative(given));
          case Control.HandshakeTimedOut:
            return reject(hostSilent(options.serverConnectTimeout));
          case Control.Refused:
            return this.outcomes?.refuse(number, fromNative(given));
          case Control.UnknownRequest:
            return this.answerer.onUnknownRequest(number, payload, detail, kind);
          case Control.UnknownNotification:
            return this.answerer.onUnknownNotification(payload, detail);
          case Control.Ended:
            return this.dispatcher.onEndedAsked(number, detail);
          case Control.InputRefused:
            return this.answerer.onInputRefused(number, given);
          case Control.Dropped:
            return logLimited(setup.log, 'warn', `a message from the host was dropped: ${detail}`);
          case Control.Close:
            return setup.onCloseAsked();
          case Control.Capacity:
            return this.outcomes?.onDrain();
          case Control.Writable:
            this.answerer.onWritable();
            return this.outcomes?.onWritable();
          case Control.Overflow:
            return setup.log('error', fromNative(given).message);
          case Control.Broken: {
            const failure = fromNative(given);
            setup.log('error', failure.message);
            reject(failure);
            this.leave();
            setup.limiter.release();
            return onEnd();
          }
          case Control.End:
            this.leave();
            setup.limiter.release();
            return onEnd();
        }
      };
      try {
        const report = (error: unknown) => this.onWarning(`an event of the connection failed: ${reasonOf(error)}`);
        const messages = (count: number, payloads: unknown) => dispatchBatch(this, count, payloads);
        connection.serve(options, guard(messages, report), guard(control, report));
      } catch (error) {
        throw fromNative(error);
      }
      // Earlier messages are handled after the tick of the caller.
      void queueMicrotask(() => {
        connection.takeTurn();
        this.native.flush();
      });
    });
  }

  /** Handles what has arrived, before it returns. */
  receiveNow(): void {
    if (this.isReady) this.connection.receiveNow(REST_TIMEOUT, !this.wasCut);
  }

  onWarning(text: string): void {
    logLimited(this.setup.log, 'error', text);
  }

  /** Not before: the handshake must be read, however much other input there is. */
  private onReady(): void {
    const { setup, codec } = this;
    setup.limiter.attach(this.answerer);
    // The addon refuses what its host does not support.
    const connect = (outcomes: Outcomes) => this.connectRequester(outcomes);
    setup.host.attach({ codec, answersCalls: true, connect, pid: this.pid });
    setup.onConnected();
    this.isReady = true;
    this.deliver();
  }

  private connectRequester(outcomes: Outcomes): ConnectedRequester {
    this.outcomes = outcomes;
    const { native } = this;
    const connection = requesterOf(this.connection);
    const flush = () => {
      native.flush();
      connection.flushBlocking(FLUSH_TIMEOUT);
    };
    return { connection, scheduleFlush: native.scheduleFlush, flush };
  }

  /** The host has left: the outcomes of its requests have no recipient. */
  leave(): void {
    if (this.late.hasLeft) return;
    this.late.hasLeft = true;
    this.setup.host.detach();
    this.dispatcher.abandon(this.kept !== undefined);
  }

  /** Sends the host the outcomes that arrived while none was connected. */
  deliver(): void {
    const { connection } = this;
    if (!this.isReady || this.late.hasLeft || this.kept === undefined || !connection.acceptsKeptResults) return;
    const send = connection.keptResultCommand;
    let hasEnded = false;
    for (const outcome of this.kept.take()) {
      const { type, tx, payload } = outcome;
      try {
        if (!hasEnded) send(payload);
      } catch (error) {
        const failure = fromNative(error);
        hasEnded = failure.code === 'ERR_WORKER_CLOSED';
        // It does not fit: the current host may have another limit.
        if (!hasEnded) send(this.late.encode({ type, tx, error: encodeError(failure) }));
      }
      // The connection has ended meanwhile: the next host gets it.
      if (hasEnded) this.kept.add(outcome);
    }
    this.native.scheduleFlush();
  }

  /** Another host takes over: tells this one that the worker does not end. */
  sendTakenOver(): void {
    if (!this.isReady || this.late.hasLeft) return;
    this.connection.sendTakenOver();
  }

  reportFatal(error: RemoteErrorPayload): void {
    this.connection.sendFatal(errorText(error, this.connection.messageLimit));
  }
}
