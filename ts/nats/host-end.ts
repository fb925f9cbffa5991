import { type DriverChannel, type DriverMessage, type ShutdownReason, WorkerError } from '../index.js';
import { nextTick, setImmediate, setTimeout } from '../util/primordials.js';
import { backPressure, canWait, MOST_WAITING } from './back-pressure.js';
import type { Broker } from './broker/broker.js';
import { refusalIn } from './broker/errors.js';
import type { SharedBroker } from './broker/shared-broker.js';
import { decodeMessage, encodeMessage } from './message-bytes.js';
import type { Settings } from './options.js';
import { type Claim, sessionSubjects } from './subjects.js';
import { Frame, Link } from './wire/link.js';

/** How long the serving process may take to report the end of a killed worker, in milliseconds. */
const KILL_GRACE = 1000;

/** The host's end of a session with one worker. */
export class HostEnd implements DriverChannel {
  readonly pid: number;
  readonly #link: Link;
  readonly #toWorker: string;
  readonly #ended: Promise<ShutdownReason>;
  #resolveEnded!: (reason: ShutdownReason) => void;
  /** Messages from before the library listens. */
  #early: DriverMessage[] | undefined = [];
  #onMessage: (message: DriverMessage) => void = () => {};
  #onError: (error: Error) => void = () => {};
  #hasEnded = false;
  #failure: Error | undefined;
  #isHeld = false;

  constructor(
    private readonly broker: Broker,
    private readonly shared: SharedBroker,
    private readonly settings: Settings,
    name: string,
    { session, pid }: Claim,
  ) {
    this.pid = pid;
    this.#ended = new Promise((resolve) => (this.#resolveEnded = resolve));
    const { toWorker, toHost } = sessionSubjects(settings.prefix, session);
    this.#toWorker = toWorker;
    const peer = `the worker of "${name}"`;
    this.#link = new Link(broker, toWorker, toHost, settings, peer, {
      onMessage: (bytes) => this.#receive(bytes),
      onControl: (frame, text) => {
        if (frame === Frame.End) this.#end(text);
      },
      onBroken: (reason, cause) => this.#fail(reason, cause),
    });
    shared.onRefused(toWorker, (error) => this.#fail(error.message, error));
    this.#link.control(Frame.Open);
    this.#link.start();
    void broker.closed.then((error) => {
      this.#fail(error?.message ?? 'the connection to the NATS server has ended', error);
    });
    this.ref();
  }

  /** @throws `ERR_NOT_AUTHORIZED` where the broker refuses one of the two subjects. */
  async opened(): Promise<void> {
    await Promise.race([this.broker.flush(), this.#ended]);
    // The client library reports a refusal a moment later than the answer that follows it.
    await new Promise<void>((resolve) => void setImmediate(resolve));
    const error = this.#hasEnded ? this.#failure : undefined;
    if (error instanceof WorkerError) throw error;
  }

  get isConnected(): boolean {
    return !this.#hasEnded;
  }

  send(message: DriverMessage): void {
    const bytes = encodeMessage(message, this.settings.maxMessageSize);
    if (this.#hasEnded) return;
    const { waiting } = this.broker.outflow;
    if (waiting > 0 && waiting + bytes.length > MOST_WAITING && canWait(message)) {
      throw backPressure(message.type, 'the NATS server', waiting);
    }
    this.#link.send(bytes);
  }

  onMessage(listener: (message: DriverMessage) => void): void {
    this.#onMessage = listener;
    nextTick(() => {
      const early = this.#early ?? [];
      this.#early = undefined;
      for (const message of early) listener(message);
    });
  }

  onError(listener: (error: Error) => void): void {
    this.#onError = listener;
  }

  onClose(listener: (reason: ShutdownReason) => void): void {
    void this.#ended.then(listener);
  }

  /** The library has asked the worker to stop; the serving process reports its end. */
  async close(): Promise<void> {
    await this.#ended;
  }

  terminate(signal: NodeJS.Signals = 'SIGTERM'): void {
    if (this.#hasEnded) return;
    this.#link.control(Frame.Kill, signal);
    if (signal === 'SIGKILL') setTimeout(() => this.#fail('its serving process does not answer'), KILL_GRACE);
  }

  ref(): void {
    this.#hold(true);
  }

  unref(): void {
    this.#hold(false);
  }

  #hold(isHeld: boolean): void {
    if (this.#isHeld === isHeld || this.#hasEnded) return;
    this.#isHeld = isHeld;
    this.shared.hold(isHeld);
  }

  #receive(bytes: Buffer): void {
    let message: DriverMessage;
    try {
      message = decodeMessage(bytes);
    } catch (error) {
      return this.#fail(`an unreadable message arrived: ${String(error)}`);
    }
    if (this.#early === undefined) this.#onMessage(message);
    else this.#early.push(message);
  }

  #end(text: string): void {
    const { code = null, signal = null, error } = exitOf(text);
    if (error === undefined) this.#finish({ type: 'exit', code, signal });
    else this.#fail(error);
  }

  #fail(reason: string, cause?: Error): void {
    if (this.#hasEnded) return;
    const error = cause instanceof WorkerError ? cause : (refusalIn(cause) ?? new Error(reason));
    this.#failure = error;
    this.#onError(error);
    this.#finish({ type: 'error', error });
  }

  #finish(reason: ShutdownReason): void {
    if (this.#hasEnded) return;
    this.#hold(false);
    this.#hasEnded = true;
    this.#link.control(Frame.Leave);
    this.#link.close();
    this.shared.forget(this.#toWorker);
    this.shared.release();
    this.#resolveEnded(reason);
  }
}

interface Exit {
  readonly code?: number | null;
  readonly signal?: NodeJS.Signals | null;
  readonly error?: string;
}

function exitOf(text: string): Exit {
  try {
    return (JSON.parse(text) as Exit | null) ?? {};
  } catch {
    return { error: 'its serving process reported its end in an unreadable way' };
  }
}
