import type { ConnectedRequester, Outcomes } from '../connection.js';
import { fromNative, hostSilent } from '../errors.js';
import { KEPT_RESULT, type KeptOutcome, type KeptResults, TAKEN_OVER } from '../kept-results.js';
import { settled } from '../codecs/parts.js';
import { createCodec, type Encoded } from '../payload-codec.js';
import { encodeError } from '../remote-error.js';
import type { RemoteErrorPayload } from '../types/message.js';
import type { ServeSetup } from '../worker-channel.js';
import { NativeAnswerer } from './answerer.js';
import type { NativeConnection } from './binding.js';
import { Control } from './records.js';
import { handOn } from './batches.js';
import { requesterOf } from './requester.js';

/** How long a host that does not read may hold up its worker, in milliseconds. */
const FLUSH_TIMEOUT = 100;

/** The worker's side of a connection that moves bytes. */
export class NativeServer extends NativeAnswerer {
  /** Of what the worker asks its host; it may never ask anything. */
  outcomes: Outcomes | undefined;
  private isReady = false;
  private hasLeft = false;
  /** Calls that nobody waits for: what they come to is not kept. */
  private readonly forgotten = new Set<number>();

  constructor(
    connection: NativeConnection,
    private readonly setup: ServeSetup,
    private readonly kept: KeptResults | undefined,
    /** An outcome was kept. */
    private readonly onKept: () => void,
  ) {
    const { names, createDispatcher } = setup;
    super({ connection, codec: createCodec(setup.serializer), names, createDispatcher });
  }

  get answerer(): this {
    return this;
  }

  /** Resolves when the host's handshake was read and fits. */
  serve(onEnd: () => void): Promise<void> {
    const { connection, setup } = this;
    const options = { ...setup.options, handlers: [...setup.names] };
    return new Promise((resolve, reject) => {
      const onControl = (what: number, number: number, payload: Encoded, detail: string) => {
        switch (what) {
          case Control.Ready:
            this.onReady();
            return resolve();
          case Control.Mismatch:
            return reject(fromNative(detail));
          case Control.HandshakeTimedOut:
            return reject(hostSilent(options.serverConnectTimeout));
          case Control.Refused:
            return this.outcomes?.refuse(number, fromNative(detail));
          case Control.UnknownRequest:
            return this.onUnknownRequest(number, payload, detail);
          case Control.UnknownNotification:
            return this.onUnknownNotification(payload, detail);
          case Control.InputRefused:
            return this.onInputRefused(number, detail);
          case Control.Dropped:
            return setup.log('warn', `a message from the host was dropped: ${detail}`);
          case Control.Close:
            return setup.onCloseAsked();
          case Control.Room:
            setup.turns.release();
            this.dispatcher.onRoom();
            return this.outcomes?.onRoom();
          case Control.End:
            this.leave();
            setup.turns.release();
            return onEnd();
        }
      };
      try {
        connection.serve(options, (count: number, payloads: unknown) => handOn(this, count, payloads), onControl);
      } catch (error) {
        throw fromNative(error);
      }
      // What came before is handled when the caller is done with this tick.
      queueMicrotask(() => {
        connection.drain();
        this.native.flush();
      });
    });
  }

  /** Not before: the handshake is to be read, however much there is to do. */
  private onReady(): void {
    const { setup, codec } = this;
    setup.turns.attach(this);
    // What its host does not understand, the addon refuses.
    setup.host.attach({ codec, answersCalls: true, connect: (outcomes) => this.connectRequester(outcomes) });
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

  /** The host has left: what its requests come to has no taker. */
  leave(): void {
    if (this.hasLeft) return;
    this.hasLeft = true;
    this.setup.host.detach();
    this.dispatcher.abandon(this.kept !== undefined);
  }

  /** Tells the host what came to its end while none was there. */
  deliver(): void {
    if (!this.isReady || this.hasLeft || this.kept === undefined) return;
    for (const { type, tx, payload } of this.kept.take()) {
      try {
        this.connection.postCommand(KEPT_RESULT, payload);
      } catch (error) {
        // It does not fit: the host of today may have another limit.
        this.connection.postCommand(KEPT_RESULT, this.encodeKept({ type, tx, error: encodeError(fromNative(error)) }));
      }
    }
    this.native.scheduleFlush();
  }

  private keep(call: number, type: string, outcome: Pick<KeptOutcome, 'result' | 'error'>): void {
    const tx = this.transactionId(call) ?? '';
    this.kept?.add({ type, tx, payload: this.encodeKept({ type, tx, ...outcome }) });
    this.onKept();
  }

  private encodeKept(outcome: KeptOutcome): Encoded {
    return settled(this.codec.encode(outcome, `the kept result of "${outcome.type}"`) as Encoded);
  }

  /** Another host takes over: this one is told that it is not the worker that ends. */
  tellTakenOver(): void {
    if (!this.isReady || this.hasLeft) return;
    this.connection.postCommand(TAKEN_OVER, undefined);
  }

  override respond(call: number, type: string, result: unknown): void {
    const isForgotten = this.forgotten.delete(call);
    if (!this.hasLeft) super.respond(call, type, result);
    else if (!isForgotten) this.keep(call, type, { result });
  }

  override fail(call: number, type: string, error: RemoteErrorPayload): void {
    const isForgotten = this.forgotten.delete(call);
    if (!this.hasLeft) super.fail(call, type, error);
    else if (!isForgotten) this.keep(call, type, { error });
  }

  forget(call: number): void {
    this.forgotten.add(call);
  }

  protected override onFull(): void {
    this.setup.turns.hold();
  }

  setReading(reading: boolean): void {
    this.connection.setReading(reading);
  }

  tellFatal(error: RemoteErrorPayload): void {
    this.connection.tellFatal(JSON.stringify(error));
  }
}
