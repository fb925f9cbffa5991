import { AsyncLocalStorage } from 'node:async_hooks';
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import { MessageChannel } from '../../util/node-threads.js';

import type { ConnectedHost, ConnectionSetup } from '../../connection/connection.js';
import { flushAtExit } from '../../addon/exit-flush.js';
import { ValueConnection } from '../../value-connection/host-connection.js';
import { PortWire } from '../../value-connection/wires/port-wire.js';
import { PortWorkerChannel } from '../../worker/channels/thread.js';
import { resolveScript } from '../script.js';
import { findInProcess } from '../../worker/find-channel.js';
import type { WorkerChannel } from '../../worker/worker-channel.js';
import { busyFor, GONE, type Pulse } from '../pulse.js';
import type { Ending, HostChannel } from '../host-channel.js';
import { invalidOption } from '../../errors/worker-error.js';
import type { InProcessOptions } from '../../types/in-process-options.js';
import { refuseOptions } from '../refuse-options.js';

const NAME = 'in_process';

let started = 0;
/** Bun loses the asynchronous context during an import: there, scripts load one at a time. */
let loading: WorkerChannel | undefined;
let lastLoad: Promise<unknown> = Promise.resolve();
let storage: AsyncLocalStorage<WorkerChannel> | undefined;
/** The last worker of each script that loads it, or will load it. */
const turns = new Map<string, Promise<void>>();

/** Identifies the worker whose code runs. Created on first use: programs without it pay nothing. */
function currentWorker(): AsyncLocalStorage<WorkerChannel> {
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
  readonly stderrTail = undefined;
  readonly exited: Promise<Ending>;
  private resolveExited!: (ending: Ending) => void;
  private readonly worker: PortWorkerChannel;
  private isOver = false;

  private readonly ports = new MessageChannel();

  static create(script: string, options: InProcessOptions): InProcessChannel {
    refuseOptions(NAME, options);
    const { load } = options;
    if (load !== undefined && typeof load !== 'function') throw invalidOption('load', 'a function', load);
    return new InProcessChannel(load === undefined ? resolveScript(script) : script, load);
  }

  /** @param loader - Loads the module in place of `import()`. */
  private constructor(
    private readonly script: string,
    private readonly loader: (() => unknown) | undefined,
  ) {
    const { ports } = this;
    this.exited = new Promise((resolve) => (this.resolveExited = resolve));
    this.worker = new PortWorkerChannel(NAME, ports.port2, {
      wait: () => {},
      exit: () => this.end(),
      enter: (act) => currentWorker().run(this.worker, act),
    });
    ports.port1.once('close', () => this.end());
  }

  connect(setup: ConnectionSetup): ConnectedHost {
    const wire = new PortWire(this.ports.port1, NAME, { sharesThread: true });
    const connected = ValueConnection.connect(wire, setup);
    const settled = flushAtExit({ flush: () => wire.flush(), settle: () => this.worker.drain() });
    void this.exited.then(settled);
    this.load().catch((error: unknown) => this.end(error instanceof Error ? error : new Error(String(error))));
    return connected;
  }

  /** Runs the script, as a separate module each time. The host shares its imports. */
  private load(): Promise<void> {
    const { script, loader } = this;
    if (loader !== undefined) return currentWorker().run(this.worker, async () => void (await loader()));
    if (/\.m[jt]s$/.test(script)) return this.import();
    // It may be a CommonJS module, which its path identifies: two concurrent loads would share one.
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
      await currentWorker().run(this.worker, () => this.evaluate(url.href));
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

  /** A caller exists, so the worker waits. */
  async pulse(): Promise<Pulse> {
    return this.isOver ? GONE : busyFor(0);
  }

  askToEnd(): void {}

  /** Code cannot be ended from its own thread: this ends the connection. */
  kill(): void {
    this.end();
  }

  private end(error?: Error): void {
    // The notified server ends its channel, and so calls this again.
    if (this.isOver) return;
    this.isOver = true;
    this.worker.abandon();
    this.resolveExited(
      error === undefined
        ? { reason: { type: 'exit', code: 0, signal: null } }
        : { reason: { type: 'error', error }, cause: error },
    );
  }

  /** Only the connection keeps the host alive. */
  setRef(): void {}
}
