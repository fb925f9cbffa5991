import type { Socket } from 'node:net';
import path from 'node:path';
import type { TransferListItem } from 'node:worker_threads';

import {
  createWorker,
  type WorkerClient,
  type WorkerCrashedError,
  type WorkerExit,
  type WorkerOptions as CoreOptions,
} from '../../index.js';
import { joinBroadcasts, leaveBroadcasts, onBroadcast } from '../broadcast/relay.js';
import { errorOf, invalidExecArgv, notRunning, outOfMemory } from '../errors.js';
import { FRAME, MAIL, type Frame, type StartupData } from '../frames.js';
import type { SharedMemory } from '../public.js';
import { host } from '../shared/core.js';
import { joinMail, leaveMail, type Mail, type Outcome, routeMail } from '../mail/route.js';
import { nextThreadId } from '../this-worker.js';
import { PortBridge, type Wire } from '../values/port-bridge.js';
import type { Snapshot } from '../values/snapshot.js';
import type { Backend, BackendEvents, Question } from './backend.js';
import { Deliveries } from './deliveries.js';
import { Early } from './early.js';
import { knownLimits, limitArguments, processLimits } from './limits.js';
import type { Plan } from './options.js';
import type { Setup } from './setup.js';
import type { StandardStreams } from './streams.js';

/** The largest message of a connection, in bytes. */
const MOST_BYTES = 2 ** 31;
/** How long a process may take to load this library, in milliseconds: Node gives a thread any time. */
const STARTUP_TIMEOUT = 120_000;
/** The exit code of a worker that failed, or was ended. */
const FAILED = 1;
/** The exit code of Node for arguments that it does not know. */
const REFUSED_FLAGS = 9;

/** What the library's own worker has besides its public members. */
type Client = WorkerClient & {
  readonly isServing: boolean;
  readonly ready: Promise<void>;
  receiveNow(): void;
  sendNow(millis: number): boolean;
};

/** A worker that is a process of its own. */
export class ProcessBackend implements Backend {
  readonly threadId = nextThreadId();
  /** Nothing tells a host how busy another process is: as of a thread that has not started. */
  readonly performance = { eventLoopUtilization: () => ({ idle: 0, active: 0, utilization: 0 }) };
  private readonly plan: Plan;
  private readonly sharedMemory: SharedMemory;
  private readonly streams: StandardStreams;
  private readonly events: BackendEvents;
  private readonly bridge: PortBridge;
  private readonly deliveries = new Deliveries();
  private readonly early = new Early();
  private client: Client | undefined;
  private isOpen = false;
  private isTerminated = false;
  private isReferenced = true;
  private streamsAreReferenced = true;
  private hasExited = false;
  /** The error that ends the worker; `isOwn`: the worker has sent it, and its exit code counts. */
  private error: { readonly value: unknown; readonly isOwn?: boolean } | undefined;
  private readonly started: Promise<WorkerClient | undefined>;

  constructor({ plan, sharedMemory, environment, streams, events }: Setup, data: Snapshot) {
    this.plan = plan;
    this.sharedMemory = sharedMemory;
    this.streams = streams;
    this.events = events;
    const wire: Wire = {
      post: this.post,
      receive: () => this.client?.receiveNow(),
      send: (millis) => this.sendNow(millis),
    };
    this.bridge = new PortBridge(sharedMemory, wire, 1);
    // Memory can go to a process that is there; and this thread may be about to block for its answer.
    if (sharedMemory === 'share') this.client = this.startNow();
    try {
      this.bridge.postSnapshot(data, (body) => ({ kind: 'start', data: body, environment }));
    } catch (error) {
      this.terminate();
      throw error;
    }
    this.started = sharedMemory === 'share' ? Promise.resolve(this.client) : this.start();
    joinMail(this.threadId, (mail, timeout) => this.carry(mail, timeout));
  }

  postMessage(value: unknown, transfer: readonly TransferListItem[]): void {
    this.bridge.post(value, transfer, (body) => ({ kind: 'message', body }));
  }

  postSnapshot(taken: Snapshot): void {
    this.bridge.postSnapshot(taken, (body) => ({ kind: 'message', body }));
  }

  async ask(question: Question, argument?: unknown): Promise<unknown> {
    if (this.client === undefined || this.hasExited) throw notRunning();
    return this.client.send(question, argument, { timeout: 0 });
  }

  terminate(): void {
    this.isTerminated = true;
    void this.client?.kill();
  }

  setRef(referenced: boolean): void {
    this.isReferenced = referenced;
    const { client } = this;
    if (client === undefined) return;
    if (referenced) client.ref();
    else client.unref();
    // They keep the host alive by themselves; Bun lets go of none that was told so once more.
    if (referenced === this.streamsAreReferenced) return;
    this.streamsAreReferenced = referenced;
    // Sockets, which the types do not tell.
    for (const stream of [client.stdin, client.stdout, client.stderr] as (Partial<Socket> | null)[]) {
      if (referenced) stream?.ref?.();
      else stream?.unref?.();
    }
  }

  private startNow(): Client | undefined {
    try {
      const client = host().startWorkerNow(this.options() as never) as unknown as Client;
      this.onStarted(client);
      return client;
    } catch (error) {
      this.keepLate(error);
      this.deliveries.add(() => this.onExit(FAILED));
      return undefined;
    }
  }

  private async start(): Promise<WorkerClient | undefined> {
    try {
      const client = (await createWorker(this.options())) as unknown as Client;
      this.onStarted(client);
      return client;
    } catch (error) {
      if (!this.isTerminated) this.error = { value: error };
      this.onExit(FAILED);
      return undefined;
    }
  }

  /** Brings a message by thread id, also one that was sent before the process runs. */
  private async carry(mail: Mail, timeout: number): Promise<Outcome> {
    const client = await this.started;
    return client === undefined ? 'failed' : (client.send(MAIL, mail, { timeout }) as Promise<Outcome>);
  }

  private options(): CoreOptions {
    const { given, env, script, name } = this.plan;
    const { argv = [], execArgv, resourceLimits } = given;
    const flags = [...limitArguments(resourceLimits)];
    const startupData: StartupData = {
      script,
      threadId: this.threadId,
      threadName: name,
      resourceLimits: knownLimits(resourceLimits),
      sharedMemory: this.sharedMemory,
    };
    return {
      script: path.join(__dirname, 'boot.cjs'),
      name: 'file' in script ? path.basename(script.file) : '[worker eval]',
      serializer: 'structured',
      startupData,
      // The second argument of a program is its script, and not this library's.
      argv: ['file' in script ? script.file : '[worker eval]', ...argv.map(String)],
      // A thread ignores an empty argument, and a process would take it for its script.
      ...((execArgv !== undefined || flags.length > 0) && {
        execArgv: [...(execArgv ?? process.execArgv).filter((flag) => flag !== ''), ...flags],
      }),
      env: { ...env, ...(this.sharedMemory === 'copy' && { PISCINA_DISABLE_ATOMICS: '1' }) },
      ...(this.sharedMemory === 'share' && { sharedMemory: true }),
      stdio: [given.stdin === true ? 'pipe' : 'ignore', 'pipe', 'pipe'],
      resourceLimits: processLimits(resourceLimits),
      waitForReady: false,
      timeout: { startup: STARTUP_TIMEOUT, message: 0 },
      maxPendingBytes: Infinity,
      maxMessageSize: MOST_BYTES,
      maxConcurrency: Infinity,
      logLevel: 'error',
      handlers: {
        [FRAME]: (frame: unknown) => this.onFrame(frame as Frame),
        [MAIL]: (mail: unknown) => routeMail(mail as Mail),
      },
    };
  }

  private onStarted(client: Client): void {
    this.client = client;
    this.streams.connect(client.stdin, client.stdout, client.stderr);
    client.on('crash', (error) => this.onCrash(error));
    client.on('exit', ({ reason }: WorkerExit) => {
      const code = reason.type === 'exit' ? reason.code : null;
      this.deliveries.add(() => this.onExit(this.isTerminated ? FAILED : (code ?? FAILED)));
    });
    if (this.isTerminated) return void client.kill();
    this.setRef(this.isReferenced);
    joinBroadcasts(this.post);
    // Only a process that has said so gets memory.
    if (this.sharedMemory === 'share') client.ready.then(() => this.open(client)).catch(() => {});
    else this.open(client);
  }

  /** From now on frames go to the process. */
  private open(client: Client): void {
    if (this.isOpen) return;
    this.isOpen = true;
    if (client.isActive) this.early.release((frame) => client.post(FRAME, frame));
  }

  /** Returns whether something is left. */
  private sendNow(millis: number): boolean {
    const { client } = this;
    if (client === undefined || this.hasExited) return false;
    if (!this.isOpen && client.isServing) this.open(client);
    return client.sendNow(millis) || !this.early.isEmpty;
  }

  /** Sends a frame; before the process has started, keeps it as it is now. */
  private readonly post = (frame: Frame): void => {
    if (this.isTerminated || this.hasExited) return;
    if (!this.isOpen) return this.early.keep(frame);
    if (this.client?.isActive === true) this.client.post(FRAME, frame);
  };

  private onFrame(frame: Frame): void {
    switch (frame.kind) {
      // At once: the program may be about to read its port. The port itself delivers in a later turn of the event loop.
      case 'port':
        return this.bridge.onMessage(frame.id, frame.body);
      case 'close':
        return this.bridge.onClose(frame.id);
      case 'message':
        return this.onMessage(frame);
      case 'output':
        return this.streams.write(frame.descriptor, frame.data);
      default:
        this.deliveries.add(() => this.onTold(frame));
    }
  }

  private onTold(frame: Exclude<Frame, { kind: 'port' | 'close' | 'message' | 'output' }>): void {
    switch (frame.kind) {
      case 'online':
        return this.events.online();
      case 'broadcast':
        return onBroadcast(frame, this.post);
      case 'error':
        // Its last words may still arrive.
        this.error = { value: frame.error, isOwn: true };
        return;
      case 'error-text':
        this.error = { value: errorOf(frame), isOwn: true };
    }
  }

  private onMessage({ body }: Extract<Frame, { kind: 'message' }>): void {
    let value: unknown;
    try {
      // Messages of its ports may follow in the same batch.
      ({ value } = this.bridge.open(body));
    } catch (error) {
      return this.deliveries.add(() => this.events.messageError(error));
    }
    this.deliveries.add(() => this.events.message(value));
  }

  private onCrash(crash: WorkerCrashedError): void {
    if (this.isTerminated) return;
    const { reason } = crash;
    const isLimited = this.plan.given.resourceLimits?.maxOldGenerationSizeMb !== undefined;
    const isAborted = reason.type === 'exit' && reason.signal === 'SIGABRT';
    if (crash.isOutOfMemory || (isLimited && isAborted)) this.error ??= { value: outOfMemory() };
    else if (crash.phase === 'startup') this.keepLate(this.startError(crash));
    // Its end tells nothing of its own: a program that waits for an answer has to learn of it.
    else if (reason.type !== 'exit' || reason.signal !== null) this.keepLate(crash);
  }

  /** The process has ended before this library's part of it ran. */
  private startError(crash: WorkerCrashedError): unknown {
    const { reason, cause } = crash;
    const { execArgv } = this.plan.given;
    const isRefused = reason.type === 'exit' && reason.code === REFUSED_FLAGS && execArgv !== undefined;
    return isRefused ? invalidExecArgv(execArgv) : (cause ?? crash);
  }

  /** The error that the worker itself has sent says more. */
  private keepLate(value: unknown): void {
    this.deliveries.add(() => (this.error ??= { value }));
  }

  private onExit(code: number): void {
    if (this.hasExited) return;
    this.hasExited = true;
    leaveBroadcasts(this.post);
    leaveMail(this.threadId);
    this.bridge.closeAll();
    this.streams.end();
    const { error, events } = this;
    const isFailure = error !== undefined && !this.isTerminated;
    if (isFailure) this.deliveries.add(() => events.error(error.value));
    this.deliveries.add(() => events.exit(isFailure && code === 0 && error.isOwn !== true ? FAILED : code));
  }
}
