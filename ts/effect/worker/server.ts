import * as Effect from 'effect/Effect';
import type { WorkerError } from 'effect/workers/WorkerError';

import { type HostClient, startWorkerServer, type WorkerServer } from '../../index.js';
import { MESSAGE } from '../frames.js';
import { lost, notServing } from './errors.js';
import type { RunnerOptions } from './options.js';
import { Ports } from './ports.js';
import type { Program } from './program.js';

/** The worker server under all runners of a layer, started with the first. */
export class Server {
  readonly ports = new Ports(() => this.host as HostClient);
  private host: HostClient | undefined;
  private serving: Promise<WorkerServer> | undefined;

  constructor(
    private readonly options: RunnerOptions | undefined,
    private readonly program: Program,
  ) {}

  readonly start: Effect.Effect<void, WorkerError> = Effect.suspend(() => {
    this.serving ??= this.serve();
    return Effect.tryPromise({ try: () => this.serving as Promise<WorkerServer>, catch: notServing });
  }).pipe(Effect.asVoid);

  private async serve(): Promise<WorkerServer> {
    const { options, ports, program } = this;
    const onMessage = (message: unknown, { host }: { host: HostClient }): void => {
      this.host ??= host;
      ports.receive(message);
    };
    const server = await startWorkerServer(
      { [MESSAGE]: onMessage as (message: unknown) => void },
      {
        maxPendingBytes: Infinity,
        ...options,
        onClose: () => {
          ports.closeAll();
          // A program that goes on, and has nothing to do, holds the worker no longer.
          void this.serving?.then((serving) => serving.unref());
          return program.ended;
        },
      },
    );
    server.on('unreadable', (error) => ports.fail(lost(error)));
    // A program that is over needs no worker: its host learns of it.
    void program.ended.then(() => server.close());
    return server;
  }
}
