import type { NatsConnection } from '@nats-io/transport-node';

import type { DriverChannel, DriverMessage, ShutdownReason } from '../index.js';
import { setTimeout } from '../util/primordials.js';
import { decodeMessage, encodeMessage } from './message-bytes.js';
import type { Settings } from './options.js';
import type { SharedConnection } from './shared-connection.js';
import { sessionSubjects } from './subjects.js';
import { Frame, Link } from './wire/link.js';

/** How long the serving process may take to report the end of a killed worker, in milliseconds. */
const KILL_GRACE = 1000;

/** The host's end of a session with one worker. */
export class HostEnd implements DriverChannel {
  readonly #link: Link;
  readonly #ended: Promise<ShutdownReason>;
  #resolveEnded!: (reason: ShutdownReason) => void;
  #onMessage: (message: DriverMessage) => void = () => {};
  #onError: (error: Error) => void = () => {};
  #hasEnded = false;
  #isHeld = false;

  constructor(
    connection: NatsConnection,
    private readonly shared: SharedConnection,
    private readonly settings: Settings,
    name: string,
    session: string,
    readonly pid: number,
  ) {
    this.#ended = new Promise((resolve) => (this.#resolveEnded = resolve));
    const { toWorker, toHost } = sessionSubjects(settings.prefix, session);
    const peer = `the worker of "${name}"`;
    this.#link = new Link(connection, toWorker, toHost, settings, peer, {
      onMessage: (bytes) => this.#receive(bytes),
      onControl: (frame, text) => {
        if (frame === Frame.End) this.#end(text);
      },
      onBroken: (reason) => this.#fail(reason),
    });
    this.#link.control(Frame.Open);
    void connection.closed().then((error) => {
      const reason = error instanceof Error ? `: ${error.message}` : '';
      this.#fail(`the connection to the NATS server has ended${reason}`);
    });
    this.ref();
  }

  get isConnected(): boolean {
    return !this.#hasEnded;
  }

  send(message: DriverMessage): void {
    const bytes = encodeMessage(message, this.settings.maxMessageSize);
    if (!this.#hasEnded) this.#link.send(bytes);
  }

  onMessage(listener: (message: DriverMessage) => void): void {
    this.#onMessage = listener;
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
    this.#onMessage(message);
  }

  #end(text: string): void {
    const { code = null, signal = null, error } = exitOf(text);
    if (error === undefined) this.#finish({ type: 'exit', code, signal });
    else this.#fail(error);
  }

  #fail(reason: string): void {
    if (this.#hasEnded) return;
    const error = new Error(reason);
    this.#onError(error);
    this.#finish({ type: 'error', error });
  }

  #finish(reason: ShutdownReason): void {
    if (this.#hasEnded) return;
    this.#hold(false);
    this.#hasEnded = true;
    this.#link.control(Frame.Leave);
    this.#link.close();
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
