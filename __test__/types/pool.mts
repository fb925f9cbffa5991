import { createPool, createWorker, unchecked } from 'isolated-workers';
import type {
  MessageSender,
  MessagesFrom,
  PoolOptions,
  PoolStats,
  PoolWorker,
  RequestSender,
  WorkerPool,
  WorkerStream,
} from 'isolated-workers';
import { WorkerThreadsDriver } from 'isolated-workers/drivers';

import type { Equal, Expect } from './expect.cjs';
import type { Messages } from './messages.cjs';

const handlers = {
  add: ({ a, b }: { a: number; b: number }) => ({ sum: a + b }),
  async *count(to: number) {
    for (let index = 0; index < to; index++) yield index;
    return 'done';
  },
};
type Inferred = MessagesFrom<typeof handlers>;

export async function theMessagesMayBeInferredFromHandlers(): Promise<void> {
  const pool = await createPool<Inferred>({ script: './worker.js' });
  const added = pool.send('add', { a: 1, b: 2 }, { priority: 1, key: 'k', queueTimeout: 5, timeout: 10 });
  const counted = pool.stream('count', 3, { key: 'k' });
  const told = pool.broadcast('add', { a: 1, b: 2 }, { replay: 'all' });
  type _ = [
    Expect<Equal<typeof added, Promise<{ sum: number }>>>,
    Expect<Equal<typeof counted, WorkerStream<number, string>>>,
    Expect<Equal<typeof told, Promise<{ sum: number }[]>>>,
  ];
  pool.post('add', { a: 1, b: 2 }, { priority: 1 });
  // @ts-expect-error
  await pool.send('add', { a: 1 });
  // @ts-expect-error
  await pool.send('subtract', { a: 1, b: 2 });
  // @ts-expect-error
  await pool.send('add', { a: 1, b: 2 }, { key: 1 });
  // @ts-expect-error
  await pool.send('add', { a: 1, b: 2 }, { priorty: 1 });
  // @ts-expect-error
  await pool.broadcast('count', 3);
}

export function aPoolIsASender(pool: WorkerPool<Messages>, threads: WorkerPool<Messages, WorkerThreadsDriver>): void {
  const one: RequestSender<Messages> = pool;
  const other: MessageSender<Messages> = threads;
  // @ts-expect-error
  const wrong: MessageSender<Inferred> = pool;
  void [one, other, wrong];
}

export function onlyThreadsMoveMemory(
  pool: WorkerPool<Inferred>,
  threads: WorkerPool<Inferred, WorkerThreadsDriver>,
): void {
  const memory = new ArrayBuffer(1);
  void threads.send('add', { a: 1, b: 2 }, { transfer: [memory] });
  // @ts-expect-error
  void pool.send('add', { a: 1, b: 2 }, { transfer: [memory] });
}

export async function validatorsGiveTheTypes(): Promise<void> {
  const messages = { twice: { payload: unchecked<number>(), result: unchecked<string>() } };
  const pool = await createPool({ script: './worker.js', messages });
  const twice = pool.send('twice', 2);
  type _ = Expect<Equal<typeof twice, Promise<string>>>;
  // @ts-expect-error
  await pool.send('twice', '2');
}

export function optionsAreThoseOfAWorkerAndThoseOfAPool(): void {
  const options: PoolOptions<Messages, WorkerThreadsDriver> = {
    script: './worker.js',
    driver: WorkerThreadsDriver,
    driverOptions: { workerData: 1 },
    maxWorkers: 2,
    strategy: (workers) => workers[0] as PoolWorker,
    recycle: { afterRequests: 5, maxRssMb: 5, maxAge: 5, jitter: 1 },
  };
  void createPool(options);
  // @ts-expect-error
  void createPool({ script: './worker.js', strategy: 'random' });
  // @ts-expect-error
  void createPool({ script: './worker.js', waitForReady: false });
  // @ts-expect-error
  void createPool({ script: './worker.js', socketPath: '/tmp/x' });
  // @ts-expect-error
  void createPool<Messages, WorkerThreadsDriver>({ script: './worker.js' });
  // @ts-expect-error
  void createWorker({ script: './worker.js', maxWorkers: 2 });
}

export function eventsAndFiguresAreTyped(pool: WorkerPool<Messages>): void {
  pool
    .on('workerStart', (worker: PoolWorker) => void worker.age)
    .once('workerExit', (_worker, reason) => void (reason.type === 'exit' && reason.code))
    .off('drain', () => {});
  const { waitTime }: PoolStats = pool.stats();
  type _ = Expect<Equal<(typeof waitTime)['p999'], number>>;
  // @ts-expect-error
  pool.on('crash', () => {});
  // @ts-expect-error
  pool.workers.push(pool.workers[0]);
}
