import { createWorker, startWorkerServer, type Handlers, type WorkerClient } from 'isolated-workers';
import drivers = require('isolated-workers/drivers');
import { ChildProcessDriver } from 'isolated-workers/drivers/child-process';
import { WorkerThreadsDriver } from 'isolated-workers/drivers/worker-threads';

import type { Equal, Expect } from './expect.cjs';
import type { Messages } from './messages.cjs';

export type TheSubpathsGiveTheSameDrivers = Expect<
  Equal<
    [typeof ChildProcessDriver, typeof WorkerThreadsDriver],
    [typeof drivers.ChildProcessDriver, typeof drivers.WorkerThreadsDriver]
  >
>;

export async function theHostIsTyped(): Promise<void> {
  const worker: WorkerClient<Messages> = await createWorker<Messages>({ script: './worker.js' });
  const result = await worker.send('compute', { values: [1] });
  type _ = Expect<Equal<typeof result, { sum: number }>>;
  // @ts-expect-error
  await worker.send('compute', { values: 1 });

  const thread = await createWorker<Messages, WorkerThreadsDriver>({ script: './worker.js', driver: WorkerThreadsDriver });
  // @ts-expect-error
  await thread.reconnect();
}

export async function theWorkerIsTyped(handlers: Handlers<Messages>): Promise<void> {
  await startWorkerServer(handlers);
  await startWorkerServer({ handlers });
  // @ts-expect-error
  await startWorkerServer<Messages>({ handlers: {} });
}
