import { createWorker } from 'isolated-workers';
import type { CloseOptions, WorkerClient } from 'isolated-workers';
import { InProcessDriver, WorkerThreadsDriver } from 'isolated-workers/drivers';

import type { Equal, Expect } from './expect.cjs';
import type { Messages } from './messages.cjs';

export function aWorkerCanBeStartedAgain(worker: WorkerClient<Messages>, options: CloseOptions): void {
  const restarted = worker.restart(options);
  const { inFlight } = worker;
  type _ = Expect<Equal<[typeof restarted, typeof inFlight], [Promise<void>, number]>>;
  worker.on('idle', () => {});
  // @ts-expect-error The event has no argument.
  worker.on('idle', (count: number) => count);
}

export function aSignalMayBeLeftOut(signal: AbortSignal | null | undefined): void {
  void createWorker({ script: 'worker.js', signal, startOnDemand: true });
  void createWorker({ script: 'worker.js', driver: new WorkerThreadsDriver(), cwd: '/', fallback: 'ignore' });
  // @ts-expect-error There are two ways.
  void createWorker({ script: 'worker.js', fallback: 'drop' });
}

export function aModuleOfTheHostMayBeLoadedByATestRunner(): void {
  void createWorker({
    script: 'worker.js',
    driver: new InProcessDriver(),
    driverOptions: { load: () => import('isolated-workers') },
  });
  // @ts-expect-error A function loads it.
  void createWorker({ script: 'worker.js', driver: new InProcessDriver(), driverOptions: { load: './worker.js' } });
}
