import { inspect } from 'node:util';

import { type DriverMessage, type ShutdownReason, WorkerError } from '../../index.js';
import { setImmediate } from '../../util/primordials.js';
import { IsolateHostEnd, overLimit } from '../host-end.js';
import { Jail } from '../jail/jail.js';
import { type Limits, settingsOf } from '../options.js';
import { sourcesOf } from '../sources.js';
import { Inbox } from './inbox.js';
import { checkOptions, fileOf, listenerOf } from './options.js';
import { toError } from './remote-error.js';
import type { WorkerErrorEvent, WorkerMessageEvent, WorkerOptions } from './types.js';

/** What the worker sends of an error. Its code may have sent anything. */
interface ErrorReport {
  readonly text?: unknown;
  readonly module?: unknown;
  readonly line?: unknown;
  readonly data?: unknown;
}

/**
 * `os.Worker` of QuickJS runtimes: each worker is an isolate that runs a script written for it. The host does not end before its
 * workers do, unless they are unreferenced.
 *
 * @example
 * ```ts
 * const worker = new Worker(new URL('./worker.js', import.meta.url), { initialData: { n: 42 } });
 * worker.onmessage = ({ data }) => {
 *   console.log(data);
 *   worker.onmessage = null;
 * };
 * ```
 */
export class Worker {
  /** In a worker the end of its connection to the host. A host has none. */
  static readonly parent: undefined = undefined;
  /** In a worker what its host has given. A host has none. */
  static readonly initialData: undefined = undefined;

  readonly #file: string;
  readonly #limits: Limits;
  /** The module of the script; `undefined`: the worker could not start. */
  readonly #entry: string | undefined;
  readonly #end: IsolateHostEnd | undefined;
  readonly #inbox = new Inbox();
  #onmessage: ((event: WorkerMessageEvent) => void) | null = null;
  #onerror: ((event: WorkerErrorEvent) => void) | null = null;
  /** The host wants no more messages. */
  #isClosed = false;
  /** It wants no errors either. */
  #isTerminated = false;

  /** @throws `ERR_INVALID_OPTION`, `ERR_NOT_SERIALIZABLE`, `ERR_UNSUPPORTED_PLATFORM`. */
  constructor(file: string | URL, options: WorkerOptions = {}) {
    this.#file = fileOf(file);
    checkOptions(options);
    const { initialData, overrideCode, driverOptions = {} } = options;
    const settings = settingsOf(driverOptions);
    this.#limits = settings.limits;
    try {
      const sources = sourcesOf(this.#file, settings, overrideCode, ['os', 'std', 'cmdline']);
      this.#entry = sources.entry;
      // A neighbour that overruns a limit would end with its process.
      const jail = settings.jail ? new Jail() : undefined;
      this.#end = new IsolateHostEnd(sources, settings, jail, 'quickjs:os', { initialData });
    } catch (error) {
      // As an error of the script, which the worker would report.
      if (!(error instanceof WorkerError) || error.code !== 'ERR_SCRIPT_NOT_FOUND') throw error;
      setImmediate(() => this.#report(error));
      return;
    }
    // Each event has a turn of its own, after which promises settle. An error of a listener is one of the host.
    this.#end.onMessage((message, bytes) => void setImmediate(() => this.#receive(message, bytes)));
    this.#end.onError((error) => void setImmediate(() => this.#report(error)));
    this.#end.onClose((reason) => void setImmediate(() => this.#ended(reason)));
  }

  /** Sends a structured clone. The worker keeps it until it has a listener. */
  postMessage(message?: unknown): void {
    if (!this.#isClosed) this.#send('message', message);
  }

  get onmessage(): ((event: WorkerMessageEvent) => void) | null {
    return this.#onmessage;
  }

  /**
   * Messages of the worker wait for a listener. `null` closes the connection: the worker ends when it has handled what was posted
   * before and has nothing else to do. No further message of it arrives.
   */
  set onmessage(listener: ((event: WorkerMessageEvent) => void) | null) {
    this.#onmessage = listenerOf('onmessage', listener);
    if (listener === null) this.#close();
    // One turn for each message that waits.
    for (let count = this.#inbox.size; count > 0; count--) setImmediate(() => this.#deliver());
  }

  get onerror(): ((event: WorkerErrorEvent) => void) | null {
    return this.#onerror;
  }

  /** Without a listener the host writes errors of the worker to its standard error. */
  set onerror(listener: ((event: WorkerErrorEvent) => void) | null) {
    this.#onerror = listenerOf('onerror', listener);
  }

  /** Ends the worker at once, whatever it does. */
  terminate(): void {
    this.#isTerminated = true;
    this.#isClosed = true;
    this.#onmessage = null;
    this.#inbox.clear();
    this.#end?.terminate();
  }

  /** Keeps the host alive until the worker has ended. It is the default. */
  ref(): void {
    this.#end?.ref();
  }

  /** Lets the host end while the worker runs. */
  unref(): void {
    this.#end?.unref();
  }

  #send(type: 'message' | 'close', payload?: unknown): void {
    this.#end?.send({ type, payload } as DriverMessage);
  }

  #close(): void {
    if (this.#isClosed) return;
    this.#send('close');
    this.#isClosed = true;
    this.#inbox.clear();
  }

  #receive({ type, payload }: DriverMessage, bytes: number): void {
    if (type === 'error') return this.#receiveError((payload ?? {}) as ErrorReport);
    if (this.#isClosed) return;
    this.#inbox.add(payload, bytes);
    if (this.#onmessage !== null) return this.#deliver();
    // Without a listener nothing else bounds what waits.
    if (this.#inbox.bytes <= this.#limits.maxQueuedBytes) return;
    this.#report(overLimit(this.#limits, 'maxQueuedBytes'));
    this.terminate();
  }

  #deliver(): void {
    if (this.#onmessage === null || this.#inbox.size === 0) return;
    const data = this.#inbox.take();
    this.#onmessage({ data });
  }

  #receiveError({ text, module, line, data }: ErrorReport): void {
    const isScript = module === undefined || module === this.#entry;
    this.#emit({
      message: String(text),
      filename: isScript ? this.#file : String(module),
      lineno: typeof line === 'number' ? line : 0,
      error: toError(data),
    });
  }

  #ended(reason: ShutdownReason): void {
    if (reason.type === 'error') this.#report(reason.error);
  }

  /** An error that is none of the script's. */
  #report(error: Error): void {
    this.#emit({ message: error.message, filename: this.#file, lineno: 0, error });
  }

  #emit(event: WorkerErrorEvent): void {
    if (this.#isTerminated) return;
    if (this.#onerror !== null) return this.#onerror(event);
    const { filename, message, error } = event;
    const shown = error === null ? `${inspect(message)}, which is no error` : inspect(error);
    process.stderr.write(`uncaught in the worker ${filename}: ${shown}\n`);
  }
}
