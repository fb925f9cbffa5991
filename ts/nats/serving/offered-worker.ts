import { randomBytes } from 'node:crypto';

import type { Msg, Subscription } from '@nats-io/transport-node';

import type { Logger, WorkerError } from '../../index.js';
import { clearTimeout, setTimeout } from '../../util/primordials.js';
import type { Broker } from '../broker/broker.js';
import { refusalIn } from '../broker/errors.js';
import type { Settings } from '../options.js';
import { type Claim, offerSubject, QUEUE, sessionSubjects, VERSION } from '../subjects.js';
import { Frame, Link } from '../wire/link.js';
import { type Exit, type Program, WorkerProcess } from './worker-process.js';

/** The pause before a process that has ended too early is started again, in milliseconds: it doubles up to the second. */
const FIRST_PAUSE = 100;
const LONGEST_PAUSE = 5000;

/** The signals that a host may send. */
const SIGNALS = new Set(['SIGTERM', 'SIGKILL']);

/** One place for a worker: a process that is offered, has one host, and is followed by the next process. */
export class OfferedWorker {
  private process!: WorkerProcess;
  private offer: Subscription | undefined;
  private link: Link | undefined;
  private opening: NodeJS.Timeout | undefined;
  private restart: NodeJS.Timeout | undefined;
  private pause = FIRST_PAUSE;
  private isClosed = false;
  private hasExited = false;
  /** The broker does not let this process offer the worker. */
  refusal: WorkerError | undefined;
  private toHost: string | undefined;
  /** The first start, which `serve` waits for. */
  readonly started: Promise<void>;
  /** The end of the last process, after `close`. */
  readonly ended: Promise<void>;
  private resolveStarted!: () => void;
  private rejectStarted!: (exit: Exit) => void;
  private resolveEnded!: () => void;

  constructor(
    private readonly broker: Broker,
    private readonly settings: Settings,
    private readonly name: string,
    private readonly program: Program,
    private readonly logger: Logger,
  ) {
    this.started = new Promise((resolve, reject) => {
      this.resolveStarted = resolve;
      this.rejectStarted = reject;
    });
    this.ended = new Promise((resolve) => (this.resolveEnded = resolve));
    this.start();
  }

  /** The process id of the present process. */
  get pid(): number {
    return this.process.pid;
  }

  get isTaken(): boolean {
    return this.link !== undefined;
  }

  close(reason: string): void {
    if (this.isClosed) return;
    this.isClosed = true;
    clearTimeout(this.restart);
    this.withdraw();
    this.leave({ code: null, signal: null, error: reason });
    if (this.hasExited) this.resolveEnded();
    else this.process.dismiss();
  }

  private start(): void {
    let isReady = false;
    this.hasExited = false;
    this.process = new WorkerProcess(this.program, {
      onReady: () => {
        isReady = true;
        this.pause = FIRST_PAUSE;
        if (!this.isClosed) this.offerIt();
        this.resolveStarted();
      },
      onMessage: (bytes) => this.forward(bytes),
      onExit: (exit) => this.onExit(exit, isReady),
    });
  }

  private onExit(exit: Exit, wasReady: boolean): void {
    this.hasExited = true;
    this.withdraw();
    this.leave(exit);
    if (this.isClosed) return this.resolveEnded();
    if (wasReady) return this.start();
    this.rejectStarted(exit);
    this.logger.warn(
      `a worker of "${this.name}" ended before it called startWorkerServer(): ${describeExit(exit)}. It starts again in ` +
        `${this.pause} ms.`,
    );
    this.restart = setTimeout(() => this.start(), this.pause);
    this.pause = Math.min(2 * this.pause, LONGEST_PAUSE);
  }

  /** Each free worker has a subscription of its own, which ends with the first message: no host asks a taken one. */
  private offerIt(): void {
    if (this.broker.connection.isClosed()) return;
    this.offer = this.broker.connection.subscribe(offerSubject(this.settings.prefix, this.name), {
      queue: QUEUE,
      max: 1,
      callback: (error, message) => {
        if (error === null) return this.onAsked(message);
        this.refusal = refusalIn(error);
        this.logger.error(`a worker of "${this.name}" is not offered: ${(this.refusal ?? error).message}`);
      },
    });
  }

  private withdraw(): void {
    if (this.offer !== undefined && !this.broker.connection.isClosed()) this.offer.unsubscribe();
    this.offer = undefined;
  }

  private onAsked(message: Msg): void {
    this.offer = undefined;
    if (this.isClosed) return;
    if (!isRequest(message.data)) {
      message.respond(JSON.stringify({ version: VERSION }));
      return this.offerIt();
    }
    const session = randomBytes(18).toString('base64url');
    const { toWorker, toHost } = sessionSubjects(this.settings.prefix, session);
    const link = new Link(this.broker, toHost, toWorker, this.settings, 'the host', {
      onMessage: (bytes) => {
        if (!this.process.send(bytes)) this.onHostGone('the worker reads too slowly, and too many bytes wait for it');
      },
      onControl: (frame, text) => this.onControl(frame, text),
      onBroken: (reason, cause) => {
        if (cause !== undefined) this.logger.error(`a host lost its worker of "${this.name}": ${reason}`);
        this.onHostGone(reason);
      },
    });
    this.link = link;
    this.toHost = toHost;
    const claim: Claim = { version: VERSION, session, pid: this.process.pid };
    message.respond(JSON.stringify(claim));
    // The host may have stopped waiting: then it never opens the session, and the worker has seen nothing of it.
    this.opening = setTimeout(() => {
      link.close();
      this.link = undefined;
      this.toHost = undefined;
      this.opening = undefined;
      this.offerIt();
    }, this.settings.silentBeats * this.settings.interval);
  }

  private onControl(frame: Frame, text: string): void {
    if (frame === Frame.Open && this.opening !== undefined) {
      clearTimeout(this.opening);
      this.opening = undefined;
      this.link?.start();
      this.process.open();
    } else if (frame === Frame.Kill && SIGNALS.has(text)) this.process.kill(text as NodeJS.Signals);
    else if (frame === Frame.Leave) this.onHostGone('the host has left');
  }

  /** What the broker does not take yet waits in the worker. */
  private forward(bytes: Buffer): void {
    this.link?.send(bytes);
    const { process } = this;
    const { outflow } = this.broker;
    if (!outflow.isFull) return;
    process.pause();
    outflow.onRoom(() => process.resume());
  }

  /** The broker knows nothing of the limit of an offer that it learns again when a connection comes back. */
  renewOffer(): void {
    if (this.offer === undefined) return;
    this.withdraw();
    this.offerIt();
  }

  /** The broker does not take messages of a subject. */
  onRefused(subject: string, reason: string): void {
    if (subject === this.toHost) this.onHostGone(reason);
  }

  /** The process has served its one host; the next one gets a new process. */
  private onHostGone(reason: string): void {
    this.leave({ code: null, signal: null, error: reason });
    this.process.dismiss();
  }

  /** Ends the session. */
  private leave(exit: Exit): void {
    clearTimeout(this.opening);
    this.opening = undefined;
    this.link?.control(Frame.End, JSON.stringify(exit));
    this.link?.close();
    this.link = undefined;
    this.toHost = undefined;
  }
}

export function describeExit({ code, signal, error }: Exit): string {
  return error ?? (signal === null ? `exit code ${code}` : `signal ${signal}`);
}

function isRequest(data: Uint8Array): boolean {
  try {
    return (JSON.parse(Buffer.from(data).toString()) as { version?: unknown } | null)?.version === VERSION;
  } catch {
    return false;
  }
}
