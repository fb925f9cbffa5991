import { attachWorker, createWorker, JsonSerializer } from 'isolated-workers';
import type { AttachOptions, KeptResult, WorkerClient, WorkerOptions } from 'isolated-workers';
import { WorkerThreadsDriver } from 'isolated-workers/drivers';

import type { Equal, Expect } from './expect.cjs';
import type { Messages } from './messages.cjs';

export async function aProcessMayBeDetached(): Promise<void> {
  const worker = await createWorker<Messages>({
    script: './worker.js',
    detached: true,
    name: 'a',
    socketPath: '/run/a.sock',
    keepResults: 10,
  });
  await createWorker<Messages>({ script: './worker.js', driverOptions: { detached: true, keepResults: Infinity } });
  const { socketPath } = worker;
  type _ = Expect<Equal<typeof socketPath, string | undefined>>;
  // @ts-expect-error
  await createWorker<Messages>({ script: './worker.js', detached: 'yes' });
  // @ts-expect-error
  await createWorker<Messages>({ script: './worker.js', keepResults: '10' });
}

export async function aThreadMayNotBeDetached(): Promise<void> {
  const options = { script: './worker.js', driver: WorkerThreadsDriver };
  // @ts-expect-error
  await createWorker<Messages, WorkerThreadsDriver>({ ...options, driverOptions: { detached: true } });
}

export async function anAttachedWorkerIsAWorkerLikeAnyOther(): Promise<void> {
  const worker = await attachWorker<Messages>({ name: 'a' });
  type _ = Expect<Equal<typeof worker, WorkerClient<Messages>>>;
  const { sum } = await worker.send('compute', { values: [1] });
  sum satisfies number;
  await worker.disconnect();
  await worker.reconnect();
  // @ts-expect-error
  await worker.send('compute', { values: 1 });
}

export async function everyOptionOfAttachingIsTyped(name: string | undefined): Promise<void> {
  await attachWorker({ socketPath: '/run/a.sock', takeOver: true });
  await attachWorker<Messages>({
    name,
    serializer: new JsonSerializer(),
    timeout: { startup: 1_000, types: { load: 0 } },
    middleware: [(message) => message],
    txIdGenerator: (message) => message.type,
    maxMessageSize: 10_000,
    logLevel: 'silent',
    unresponsiveAfter: 100,
  });
  // @ts-expect-error
  await attachWorker();
  // @ts-expect-error
  await attachWorker({ name: 1 });
  // @ts-expect-error
  await attachWorker({ name: 'a', takeOver: 'yes' });
  // @ts-expect-error What starts a worker is the first host's.
  await attachWorker({ name: 'a', script: './worker.js' });
  // @ts-expect-error
  await attachWorker({ name: 'a', startupData: 1 });
}

export function keptResultsAreTold(worker: WorkerClient<Messages>): void {
  worker.on('keptResult', (kept) => {
    type _ = Expect<Equal<typeof kept, KeptResult>>;
    const { type, tx, result, error } = kept;
    type _Members = Expect<
      Equal<[typeof type, typeof tx, typeof result, typeof error], [string, string, unknown, Error | undefined]>
    >;
  });
  worker.once('disconnect', () => {}).once('reconnect', () => {});
  // @ts-expect-error
  worker.on('keptResults', () => {});
}

export const optionsMayBeMadeBeforehand: [AttachOptions<Messages>, WorkerOptions<Messages>] = [
  { name: 'a' },
  { script: './worker.js', detached: true },
];
