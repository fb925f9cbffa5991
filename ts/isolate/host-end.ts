import { type DriverChannel, type DriverMessage, type ShutdownReason, WorkerError } from '../index.js';
import { clearInterval, setInterval } from '../util/primordials.js';
import { eachEvent } from './events.js';
import { Ended, Event, limitNames } from './generated.js';
import type { Isolate } from './isolate.js';
import type { Jail } from './jail/jail.js';
import { HostFunctions } from './host-functions.js';
import { type Library, load } from './load.js';
import { type Limits, type LimitName, measureOf, type Settings } from './options.js';
import type { Sources } from './sources.js';
import { Turns } from './turns.js';
import { memoriesOf, wakeThreads } from './shared-memory.js';
import { checkMovable, detach, type TransferList } from './transfer.js';
import { decode, encode, type Parcel } from './values.js';

/** Longer than any program runs. */
const FOREVER = 2 ** 30;

/** The host's end of one isolate. */
export class IsolateHostEnd implements DriverChannel {
  readonly pid = undefined;
  readonly #native: Isolate;
  /** Of a cooperative isolate. */
  readonly #turns: Turns | undefined;
  readonly #functions: HostFunctions;
  readonly #ended: Promise<ShutdownReason>;
  #resolveEnded!: (reason: ShutdownReason) => void;
  #onMessage: (message: DriverMessage, bytes: number) => void = () => {};
  #onError: (error: Error) => void = () => {};
  #hasEnded = false;
  #signal: NodeJS.Signals | null = null;
  /** Keeps the event loop alive. */
  #hold: NodeJS.Timeout | undefined;

  constructor(
    private readonly sources: Sources,
    private readonly settings: Settings,
    jail: Jail | undefined,
    library: Library = 'isolated-workers',
    data: Readonly<Record<string, unknown>> = {},
  ) {
    const { NativeIsolate } = load(library);
    const { limits, globals } = settings;
    this.#ended = new Promise((resolve) => (this.#resolveEnded = resolve));
    this.#functions = new HostFunctions(globals, settings.sharedMemory, (reply) => this.#post(reply));
    const setup = {
      library,
      entry: sources.entry,
      source: this.#entrySource(),
      data: serialising(Object.keys(data).join(), () =>
        encodeStart({ ...data, globals: [...globals.keys()] }, settings),
      ),
      memory: measureOf(limits, 'memoryMb'),
      stack: measureOf(limits, 'stackKb'),
      cpuPerMessage: limits.cpuMsPerMessage,
      cpu: limits.cpuMs,
      wall: limits.wallMs,
      result: limits.maxResultBytes,
      queued: limits.maxQueuedBytes,
      shares: settings.sharedMemory,
    };
    const onEvents = () => this.#receive();
    if (jail !== undefined) this.#native = jail.start(setup, onEvents);
    else if (settings.timeSlice === undefined) this.#native = NativeIsolate.thread(setup, onEvents);
    else {
      const native = NativeIsolate.cooperative(setup, settings.timeSlice, () => this.#turns?.wake());
      this.#native = native;
      this.#turns = new Turns(native, onEvents, settings.timeSlice);
    }
    this.ref();
  }

  /** The start of an isolate carries its script, so that it need not ask. An isolate whose script is wrong asks, and gets the reason. */
  #entrySource(): string | undefined {
    try {
      return this.sources.read(this.sources.entry);
    } catch {
      return undefined;
    }
  }

  get isConnected(): boolean {
    return !this.#hasEnded;
  }

  send({ type, tx, payload, kind, context }: DriverMessage, transfer: TransferList = []): void {
    serialising(type, () => {
      checkMovable(transfer);
      const parcel = encode([type, tx, payload, kind, context], this.settings.sharedMemory);
      detach(transfer);
      this.#post(parcel);
    });
  }

  #post({ bytes, memories }: Parcel): void {
    if (this.#hasEnded) return;
    this.#native.post(bytes, memories.length === 0 ? null : memories);
    this.#turns?.wake();
  }

  onMessage(listener: (message: DriverMessage, bytes: number) => void): void {
    this.#onMessage = listener;
  }

  onError(listener: (error: Error) => void): void {
    this.#onError = listener;
  }

  onClose(listener: (reason: ShutdownReason) => void): void {
    void this.#ended.then(listener);
  }

  /** The library in the isolate has been asked to stop, and ends it. */
  async close(): Promise<void> {
    await this.#ended;
  }

  terminate(signal: NodeJS.Signals = 'SIGTERM'): void {
    if (this.#hasEnded) return;
    this.#signal ??= signal;
    this.#native.kill();
    this.#turns?.wake();
  }

  ref(): void {
    if (this.#hasEnded) return;
    this.#hold ??= setInterval(() => {}, FOREVER);
    this.#turns?.hold(true);
  }

  unref(): void {
    clearInterval(this.#hold);
    this.#hold = undefined;
    this.#turns?.hold(false);
  }

  #receive(): void {
    eachEvent(this.#native.take(), (event, bytes) => {
      // An exception must not keep later events from their listeners.
      try {
        this.#handle(event, bytes);
      } catch (error) {
        this.#onError(error as Error);
      }
    });
  }

  #handle(event: Event, bytes: Buffer): void {
    switch (event) {
      case Event.Message:
        return this.#deliver(decode(bytes) as unknown[], bytes.length);
      case Event.SharedMessage:
        return this.#deliver(decode(bytes, memoriesOf(this.#native.takeMemories())) as unknown[], bytes.length);
      case Event.Notified: {
        const [memory] = memoriesOf(this.#native.takeMemories()) as [SharedArrayBuffer];
        return wakeThreads(memory, bytes.readUInt32LE(), bytes.readUInt32LE(4));
      }
      case Event.Output:
        return void process.stdout.write(`${bytes.toString()}\n`);
      case Event.ErrorOutput:
        return void process.stderr.write(`${bytes.toString()}\n`);
      case Event.Load:
        return this.#supply(() => this.sources.read(bytes.toString()));
      case Event.Resolve: {
        const [base = '', specifier = ''] = bytes.toString().split('\0');
        return this.#supply(() => this.sources.resolve(base, specifier));
      }
      case Event.Ended:
        return this.#end(bytes);
    }
  }

  /** A message of the library has its type first, a call of a host function its number. */
  #deliver(message: unknown[], bytes: number): void {
    const [type, tx, payload, kind, context] = message;
    if (typeof type === 'number') return this.#functions.call(type, tx, payload);
    this.#onMessage({ type, tx, payload, kind, context } as DriverMessage, bytes);
  }

  /** The isolate waits for a source, or for a name. */
  #supply(find: () => string): void {
    let found: string;
    try {
      found = find();
    } catch (error) {
      const { message, code } = error as NodeJS.ErrnoException;
      this.#native.supply(null, message, code ?? null);
      return this.#turns?.wake();
    }
    this.#native.supply(found, null, null);
    this.#turns?.wake();
  }

  #end(bytes: Buffer): void {
    const rest = bytes.subarray(1);
    switch (bytes[0] as Ended) {
      case Ended.Exit:
        return this.#finish({ type: 'exit', code: rest.readInt32LE(), signal: null });
      case Ended.Failed:
        return this.#fail(toError(decode(rest)));
      case Ended.Limit:
        return this.#fail(overLimit(this.settings.limits, limitNames[rest[0] as number] ?? 'memoryMb'));
      case Ended.Killed:
        return this.#finish({ type: 'exit', code: null, signal: this.#signal ?? 'SIGKILL' });
      case Ended.Panicked:
        return this.#finish({
          type: 'error',
          error: new Error(rest.toString()),
          restart: this.#native.isInnocent === true,
        });
    }
  }

  #fail(error: Error): void {
    this.#finish({ type: 'error', error });
  }

  #finish(reason: ShutdownReason): void {
    this.#hasEnded = true;
    this.unref();
    this.#resolveEnded(reason);
  }
}

/** The error of an isolate that has used more than it may. */
export function overLimit(limits: Limits, limit: LimitName): Error {
  const value = limits[limit];
  const text = `it went over a limit of its \`driverOptions\`: limits.${limit} is ${value}`;
  return Object.assign(new WorkerError('ERR_RESOURCE_LIMIT', text), { limit, value });
}

function serialising<T>(what: string, act: () => T): T {
  try {
    return act();
  } catch (cause) {
    const text = `"${what}" cannot be serialised by the driver "isolate": ${String(cause)}`;
    throw new WorkerError('ERR_NOT_SERIALIZABLE', text, { cause });
  }
}

/** Code of an isolate may throw anything. */
function toError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown), { cause: thrown });
}

/** What an isolate has when its script begins. */
function encodeStart(data: object, { sharedMemory }: Settings): Buffer {
  const { bytes, memories } = encode(data, sharedMemory);
  if (memories.length > 0)
    throw new TypeError('a SharedArrayBuffer travels in messages alone: send it by postMessage()');
  return bytes;
}
