import type { AsyncLocalStorage as Storage } from 'node:async_hooks';
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import type { MessageChannel } from 'node:worker_threads';

import type { ConnectedHost, ConnectionSetup } from '../connection.js';
import { ValueConnection } from '../values/host-connection.js';
import { PortWire } from '../values/port-wire.js';
import { PortWorkerChannel } from '../values/thread-worker-channel.js';
import { findInProcess, type WorkerChannel } from '../worker-channel.js';
import type { Ending, HostChannel } from './host-channel.js';

const NAME = 'in_process';

let started = 0;
let storage: Storage<WorkerChannel> | undefined;

/** Tells whose code runs. Made when it is first needed: nobody else pays for it. */
function surroundings(): Storage<WorkerChannel> {
  if (storage === undefined) {
    const { AsyncLocalStorage } = require('node:async_hooks') as {
      AsyncLocalStorage: new () => Storage<WorkerChannel>;
    };
    const created = (storage = new AsyncLocalStorage());
    findInProcess(() => created.getStore());
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
  private hasEnded = false;

  constructor(
    private readonly script: string,
    private readonly ports: MessageChannel,
  ) {
    this.exited = new Promise((resolve) => (this.resolveExited = resolve));
    this.worker = new PortWorkerChannel(NAME, ports.port2, {
      wait: () => {},
      exit: () => this.end(),
      enter: (act) => surroundings().run(this.worker, act),
    });
    ports.port1.once('close', () => this.end());
  }

  connect(setup: ConnectionSetup): ConnectedHost {
    const connected = ValueConnection.connect(new PortWire(this.ports.port1, NAME), setup);
    this.load().catch((error: unknown) => this.end(error instanceof Error ? error : new Error(String(error))));
    return connected;
  }

  /** Runs the script, as a module of its own however often it runs. What it imports is shared with the host. */
  private async load(): Promise<void> {
    const url = pathToFileURL(this.script);
    url.searchParams.set('isolated-worker', String(++started));
    try {
      await surroundings().run(this.worker, () => import(url.href));
    } finally {
      // A CommonJS module is known by its path: the next worker shall not get this one's.
      delete createRequire(this.script).cache[this.script];
    }
  }

  askToEnd(): void {}

  /** Code that runs cannot be ended from the same thread: the connection is. */
  kill(): void {
    this.end();
  }

  private end(error?: Error): void {
    // The server that is told ends its channel, and so comes here again.
    if (this.hasEnded) return;
    this.hasEnded = true;
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
