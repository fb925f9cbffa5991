import type { Answerer, Answers, AnyHandler } from '../answers.js';
import { fromNative, hostSilent, unsupportedByDriver } from '../errors.js';
import { KEPT_RESULT, type KeptOutcome, type KeptResults, TAKEN_OVER } from '../kept-results.js';
import { createCodec, type Encoded, type PayloadCodec } from '../payload-codec.js';
import { encodeError } from '../remote-error.js';
import type { RemoteErrorPayload } from '../types/message.js';
import type { ServeSetup } from '../worker-channel.js';
import type { NativeConnection } from './binding.js';
import { Control, getNative, HEAD, RECORD, RecordKind } from './environment.js';

/** The worker's side of a connection that moves bytes. A call is the addon's number for it. */
export class NativeServer implements Answers<number> {
  private readonly native = getNative();
  private readonly codec: PayloadCodec;
  private isReady = false;
  private hasLeft = false;
  private readonly dispatcher: Answerer<number>;
  /** By the addon's numbers. */
  private readonly handlers: readonly (AnyHandler | undefined)[];

  constructor(
    private readonly connection: NativeConnection,
    private readonly setup: ServeSetup,
    private readonly kept: KeptResults | undefined,
    /** An outcome was kept. */
    private readonly onKept: () => void,
  ) {
    this.codec = createCodec(setup.serializer);
    this.dispatcher = setup.createDispatcher(this);
    this.handlers = setup.names.map((name) => this.dispatcher.find(name));
  }

  /** Resolves when the host's handshake was read and fits. */
  serve(onEnd: () => void): Promise<void> {
    const { connection, dispatcher, setup } = this;
    const { options, names } = setup;
    return new Promise((resolve, reject) => {
      const onControl = (what: number, number: number, payload: Encoded, detail: string) => {
        switch (what) {
          case Control.Ready:
            // Not before: the handshake is to be read, however much there is to do.
            setup.turns.attach(this);
            setup.onConnected();
            this.isReady = true;
            this.deliver();
            return resolve();
          case Control.Mismatch:
            return reject(fromNative(detail));
          case Control.HandshakeTimedOut:
            return reject(hostSilent(options.serverConnectTimeout));
          case Control.UnknownRequest:
            return dispatcher.receive(number, detail, undefined, this.codec.decode(payload));
          case Control.UnknownNotification:
            return dispatcher.receive(undefined, detail, undefined, this.codec.decode(payload));
          case Control.Dropped:
            return setup.log('warn', `a message from the host was dropped: ${detail}`);
          case Control.Close:
            return setup.onCloseAsked();
          case Control.Room:
            return setup.turns.release();
          case Control.End:
            this.leave();
            setup.turns.release();
            return onEnd();
        }
      };
      try {
        connection.serve(options, [...names], this.onMessages, onControl);
      } catch (error) {
        throw fromNative(error);
      }
      // What came before is handled when the caller is done with this tick.
      queueMicrotask(() => {
        connection.drain();
        this.native.environment.flush();
      });
    });
  }

  private readonly onMessages = (count: number, payloads: Encoded): void => {
    const { dispatcher, handlers } = this;
    const { names } = this.setup;
    const { records } = this.native;
    const values = this.codec.decodeBatch(records, count, payloads);
    for (let index = 0; index < count; index++) {
      const at = HEAD + index * RECORD;
      const call = records[at] === RecordKind.Request ? records[at + 1] : undefined;
      const handler = records[at + 2] as number;
      const type = names[handler] as string;
      dispatcher.receive(call, type, handlers[handler], values[index], records[at + 3]);
    }
  };

  /** The host has left: what its requests come to has no taker. */
  leave(): void {
    this.hasLeft = true;
  }

  /** Tells the host what came to its end while none was there. */
  deliver(): void {
    if (!this.isReady || this.hasLeft || this.kept === undefined) return;
    for (const { type, tx, payload } of this.kept.take()) {
      try {
        this.connection.post(KEPT_RESULT, payload);
      } catch (error) {
        // It does not fit: the host of today may have another limit.
        this.connection.post(KEPT_RESULT, this.encodeKept({ type, tx, error: encodeError(fromNative(error)) }));
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
    return this.codec.encode(outcome, `the kept result of "${outcome.type}"`) as Encoded;
  }

  /** Another host takes over: this one is told that it is not the worker that ends. */
  tellTakenOver(): void {
    if (!this.isReady || this.hasLeft) return;
    this.connection.post(TAKEN_OVER, undefined);
  }

  respond(call: number, type: string, result: unknown): void {
    if (this.hasLeft) return this.keep(call, type, { result });
    const hasRoom = this.connection.respond(call, this.codec.encode(result, `the result of "${type}"`));
    this.native.scheduleFlush();
    if (!hasRoom) this.setup.turns.hold();
  }

  fail(call: number, type: string, error: RemoteErrorPayload): void {
    if (this.hasLeft) return this.keep(call, type, { error });
    const hasRoom = this.connection.fail(call, JSON.stringify(error));
    this.native.scheduleFlush();
    if (!hasRoom) this.setup.turns.hold();
  }

  setReading(reading: boolean): void {
    this.connection.setReading(reading);
  }

  tellFatal(error: RemoteErrorPayload): void {
    this.connection.tellFatal(JSON.stringify(error));
  }

  /** PLACEHOLDER: byte connections carry no progress, chunks and input yet. */
  progress(): void {}

  chunk(): number {
    throw unsupportedByDriver('child_process', 'streams', 'worker_threads');
  }

  demand(): void {}

  transactionId(call: number): string | undefined {
    return this.connection.callTransactionId(call) ?? undefined;
  }
}
