import { AsyncLocalStorage } from 'node:async_hooks';
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import { MessageChannel } from 'node:worker_threads';

import type { ConnectedHost, ConnectionSetup } from '../connection.js';
import { ValueConnection } from '../values/host-connection.js';
import { PortWire } from '../values/port-wire.js';
import { PortWorkerChannel } from '../values/thread-worker-channel.js';
import { findInProcess, type WorkerChannel } from '../worker-channel.js';
import type { Ending, HostChannel } from './host-channel.js';
import { refuseOptions } from './refuse-options.js';

const NAME = 'in_process';

let started = 0;
/** Bun forgets whose code it is while it imports: there, one script is loaded after the other. */
let loading: WorkerChannel | undefined;
let lastLoad: Promise<unknown> = Promise.resolve();
let storage: AsyncLocalStorage<WorkerChannel> | undefined;
/** The last worker of each script whose turn to load it has come, or will come. */
const turns = new Map<string, Promise<void>>();

/** Tells whose code runs. Made when it is first needed: nobody else pays for it. */
function surroundings(): AsyncLocalStorage<WorkerChannel> {
  if (storage === undefined) {
    const created = (storage = new AsyncLocalStorage());
    findInProcess(() => created.getStore() ?? loading);
  }
  return storage;
}

/** A worker in the host's own thread, and the host's end of its connection. */
export class InProcessChannel implements HostChannel {
  readonly isCore = true;
  readonly movesValues = true;
  readonly pid = undefined;
  readonly title = 'a module of the host';
  readonly stdout = null;
  readonly stderr = null;
  readonly lastWords = undefined;
  readonly exited: Promise<Ending>;
  private resolveExited!: (ending: Ending) => void;
  private readonly worker: PortWorkerChannel;
  private isOver = false;

  private readonly ports = new MessageChannel();

  static create(script: string, options: object): InProcessChannel {
    refuseOptions(NAME, options);
    return new InProcessChannel(script);
  }

  private constructor(private readonly script: string) {
    const { ports } = this;
    this.exited = new Promise((resolve) => (this.resolveExited = resolve));
    this.worker = new PortWorkerChannel(NAME, ports.port2, {
      wait: () => {},
      exit: () => this.end(),
      enter: (act) => surroundings().run(this.worker, act),
    });
    ports.port1.once('close', () => this.end());
  }

  connect(setup: ConnectionSetup): ConnectedHost {
    const connected = ValueConnection.connect(new PortWire(this.ports.port1, NAME, { sharesThread: true }), setup);
    this.load().catch((error: unknown) => this.end(error instanceof Error ? error : new Error(String(error))));
    return connected;
  }

  /** Runs the script, as a module of its own however often it runs. What it imports is shared with the host. */
  private load(): Promise<void> {
    const { script } = this;
    if (/\.m[jt]s$/.test(script)) return this.import();
    // It may be a CommonJS module, which is known by its path: two at once would get one.
    const loaded = Promise.resolve(turns.get(script)).then(() => this.import());
    const over = Promise.race([loaded.catch(() => {}), this.exited]).then(() => {
      if (turns.get(script) === over) turns.delete(script);
    });
    turns.set(script, over);
    return loaded;
  }

  private async import(): Promise<void> {
    if (this.isOver) return;
    const url = pathToFileURL(this.script);
    url.searchParams.set('isolated-worker', String(++started));
    try {
      await surroundings().run(this.worker, () => this.evaluate(url.href));
    } finally {
      delete createRequire(this.script).cache[this.script];
    }
  }

  private evaluate(url: string): Promise<unknown> {
    if (process.versions['bun'] === undefined) return import(url);
    const load = lastLoad.then(async () => {
      loading = this.worker;
      try {
        await import(url);
      } finally {
        loading = undefined;
      }
    });
    lastLoad = load.catch(() => {});
    return load;
  }

  /** Who can ask, waits. */
  async pulse(): Promise<number> {
    return this.isOver ? -3 : 0;
  }

  askToEnd(): void {}

  /** Code that runs cannot be ended from the same thread: the connection is. */
  kill(): void {
    this.end();
  }

  private end(error?: Error): void {
    // The server that is told ends its channel, and so comes here again.
    if (this.isOver) return;
    this.isOver = true;
    this.worker.abandon();
    this.resolveExited(
      error === undefined
        ? { reason: { type: 'exit', code: 0, signal: null } }
        : { reason: { type: 'error', error }, cause: error },
    );
  }

  /** The connection alone keeps the host alive. */
  setRef(): void {}
}
