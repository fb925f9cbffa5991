import type { Msg, Subscription } from '@nats-io/transport-node';

import type { Broker } from '../broker/broker.js';
import { clearInterval, setInterval } from '../../util/primordials.js';
import type { Settings } from '../options.js';

/** The kinds of frames. Each frame begins with its kind and its number, so that either end notices a lost one. */
export enum Frame {
  /** A part of a message; more follow. */
  Part,
  /** The last part of a message. */
  Last,
  /** A sign of life. */
  Beat,
  /** Of the host: it receives from here on. */
  Open,
  /** Of the host: sends the worker a signal. */
  Kill,
  /** Of the host: it has left. */
  Leave,
  /** Of the serving process: the worker has ended; its exit code and signal, or an error. */
  End,
}

export interface LinkListener {
  /** The bytes are valid during the call. */
  onMessage(bytes: Buffer): void;
  onControl(frame: Frame, text: string): void;
  /** The other end is silent, a frame was lost, or the broker refused the subject: then there is a cause. The link closes next. */
  onBroken(reason: string, cause?: Error): void;
}

const HEAD = 5;
/** Room for what the client library adds to a message. */
const RESERVE = 64;

/** One end of a session: two subjects of the broker. It cuts messages into frames that the broker accepts. */
export class Link {
  private readonly subscription: Subscription;
  private beats: NodeJS.Timeout | undefined;
  private silent = 0;
  private sent = 0;
  private received = 0;
  private parts: Buffer[] = [];
  private size = 0;
  /** It receives nothing more, and can still tell the other end. */
  private isBroken = false;
  private isClosed = false;

  constructor(
    private readonly broker: Broker,
    private readonly out: string,
    into: string,
    private readonly settings: Settings,
    private readonly peer: string,
    private readonly listener: LinkListener,
  ) {
    this.subscription = broker.connection.subscribe(into, {
      callback: (error, message) => this.receive(error, message),
    });
  }

  /** Both ends receive: from here on each sends signs of life, and gives up the other one without them. */
  start(): void {
    // Counted, not measured: a blocked event loop reads what has arrived before it gives the other end up.
    this.beats = setInterval(() => this.beat(), this.settings.interval);
    this.beats.unref();
  }

  send(message: Buffer): void {
    const most = (this.broker.connection.info?.max_payload ?? 2 ** 20) - HEAD - RESERVE;
    let start = 0;
    for (; message.length - start > most; start += most)
      this.publish(Frame.Part, message.subarray(start, start + most));
    this.publish(Frame.Last, message.subarray(start));
  }

  control(frame: Frame, text = ''): void {
    this.publish(frame, Buffer.from(text));
  }

  close(): void {
    if (this.isClosed) return;
    this.isClosed = true;
    clearInterval(this.beats);
    this.parts = [];
    if (!this.broker.connection.isClosed()) this.subscription.unsubscribe();
  }

  private publish(frame: Frame, body: Buffer): void {
    if (this.isClosed) return;
    const bytes = Buffer.allocUnsafe(HEAD + body.length);
    bytes[0] = frame;
    bytes.writeUInt32LE(this.sent, 1);
    body.copy(bytes, HEAD);
    this.sent = (this.sent + 1) >>> 0;
    this.broker.outflow.publish(this.out, bytes);
  }

  private beat(): void {
    this.silent++;
    if (this.silent > this.settings.silentBeats) {
      this.break(`${this.peer} was silent for ${this.settings.silentBeats * this.settings.interval} ms`);
    } else if (this.broker.isConnected) this.control(Frame.Beat);
  }

  private receive(error: Error | null, message: Msg): void {
    if (this.isClosed || this.isBroken) return;
    if (error !== null) return this.break(`the broker refused the subject of ${this.peer}: ${error.message}`, error);
    const bytes = Buffer.from(message.data.buffer, message.data.byteOffset, message.data.length);
    if (bytes.length < HEAD || bytes.readUInt32LE(1) !== this.received) {
      return this.break(`a message of ${this.peer} was lost on its way`);
    }
    this.received = (this.received + 1) >>> 0;
    this.silent = 0;
    const frame = bytes[0] as Frame;
    const body = bytes.subarray(HEAD);
    if (frame === Frame.Part || frame === Frame.Last) this.join(body, frame === Frame.Last);
    else if (frame !== Frame.Beat) this.listener.onControl(frame, body.toString());
  }

  private join(body: Buffer, isLast: boolean): void {
    this.size += body.length;
    const { maxMessageSize } = this.settings;
    if (this.size > maxMessageSize) {
      return this.break(
        `a message of ${this.peer} has more than ${maxMessageSize} bytes, the \`maxMessageSize\` of this side`,
      );
    }
    const { parts } = this;
    if (!isLast) {
      // The memory of the frame belongs to the client library.
      parts.push(Buffer.from(body));
      return;
    }
    const message = parts.length === 0 ? body : Buffer.concat([...parts, body], this.size);
    if (parts.length > 0) this.parts = [];
    this.size = 0;
    this.listener.onMessage(message);
  }

  private break(reason: string, cause?: Error): void {
    clearInterval(this.beats);
    this.isBroken = true;
    this.listener.onBroken(reason, cause);
    this.close();
  }
}
