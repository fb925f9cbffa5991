// A worker starts again: by restart(), on demand, but not after its signal aborts; `inFlight` counts its requests.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import {
  ChildProcessDriver,
  createWorker,
  InProcessDriver,
  type WorkerClient,
  WorkerThreadsDriver,
} from 'isolated-workers';

import type { Loose } from '../fixtures/faults/support.mjs';
import { failure, fixture, isAlive } from '../fixtures/support.mjs';

const drivers = [
  ['a process', ChildProcessDriver],
  ['a thread', WorkerThreadsDriver],
  ['a module of the host', InProcessDriver],
] as const;

const startOne = async (options: object) =>
  (await createWorker({ script: fixture('echo.mjs'), ...options } as never)) as WorkerClient<Loose>;

for (const [name, driver] of drivers) {
  test(`restart() lets requests finish, and the next worker receives later messages in order (${name})`, async (t) => {
    const worker = await startOne({ driver });
    t.after(() => worker.close());
    const told: unknown[] = [];
    worker.on('restart', ({ count }) => told.push(count));
    worker.on('exit', () => told.push('exit'));
    const { pid } = worker;
    worker.post('note', 'before');
    const running = worker.send('later', { ms: 50, value: 'finished' });
    const restarted = worker.restart();
    assert.equal(worker.isActive, true);
    worker.post('note', 'first');
    const sent = worker.send('noted');
    worker.post('note', 'second');
    const stream = (worker as WorkerClient<any, any>).stream('echo', 1);
    assert.equal(worker.inFlight, 2);
    assert.equal(await running, 'finished');
    await restarted;
    assert.deepEqual(await sent, ['first']);
    assert.equal(await stream.result, 1);
    assert.deepEqual(await worker.send('noted'), ['first', 'second']);
    if (pid !== undefined) {
      assert.notEqual(worker.pid, pid);
      assert.equal(isAlive(pid), false);
    }
    assert.deepEqual(told, ['exit', 1]);
    const again = new Promise((resolve) => worker.once('restart', resolve));
    await worker.restart();
    await again;
    assert.deepEqual(told, ['exit', 1, 'exit', 2]);
  });

  test(`restart() starts a closed worker (${name})`, async (t) => {
    const worker = await startOne({ driver });
    t.after(() => worker.close());
    await worker.close();
    assert.equal((await failure(worker.send('echo', 1))).code, 'ERR_WORKER_CLOSED');
    await worker.restart();
    assert.equal(await worker.send('echo', 1), 1);
    assert.equal(worker.isActive, true);
  });

  test(`restart({ pending: 'reject' }) does not wait for requests (${name})`, async (t) => {
    const worker = await startOne({ driver });
    t.after(() => worker.close());
    const refused = failure(worker.send('later', { ms: 500, value: 1 }));
    await worker.restart({ pending: 'reject' });
    assert.equal((await refused).code, 'ERR_WORKER_CLOSED');
    assert.equal(await worker.send('echo', 1), 1);
  });

  test(`close() during a restart leaves no worker (${name})`, async () => {
    const worker = await startOne({ driver });
    const restarted = failure(worker.restart());
    const waiting = failure(worker.send('echo', 1));
    await worker.close();
    assert.equal((await restarted).code, 'ERR_WORKER_CLOSED');
    assert.equal((await waiting).code, 'ERR_WORKER_CLOSED');
    assert.equal(worker.isActive, false);
    assert.equal(worker.inFlight, 0);
  });

  test(`With startOnDemand a closed worker starts at the next message (${name})`, async (t) => {
    const worker = await startOne({ driver, startOnDemand: true });
    t.after(() => worker.close());
    await worker.close();
    assert.deepEqual(await Promise.all([worker.send('echo', 1), worker.send('echo', 2)]), [1, 2]);
    await worker.close();
    worker.post('note', 'posted');
    assert.deepEqual(await worker.send('noted'), ['posted']);
    await worker.close();
    assert.equal(worker.isActive, false);
  });

  test(`idle occurs when the last request has its outcome, and inFlight counts requests (${name})`, async (t) => {
    const worker = await startOne({ driver });
    t.after(() => worker.close());
    let idle = 0;
    worker.on('idle', () => idle++);
    assert.equal(worker.inFlight, 0);
    const both = [worker.send('echo', 1), worker.send('later', { ms: 30, value: 2 })];
    assert.equal(worker.inFlight, 2);
    await both[0];
    for (let step = 0; step < 5; step++) await worker.send('echo', step);
    assert.equal(idle, 0);
    const told = new Promise((resolve) => worker.once('idle', () => resolve(worker.inFlight)));
    await both[1];
    assert.equal(await told, 0);
    assert.equal(idle, 1);
    const failed = new Promise<void>((resolve) => worker.once('idle', resolve));
    await failure(worker.send('fall', 'a failure counts, too'));
    await failed;
  });

  test(`An abort ends a start, and a serving worker (${name})`, async () => {
    const reason = new Error('not wanted any more');
    const early = new AbortController();
    early.abort(reason);
    assert.equal(await failure(startOne({ driver, signal: early.signal })), reason);

    const during = new AbortController();
    const starting = failure(startOne({ driver, signal: during.signal }));
    setImmediate(() => during.abort(reason));
    assert.equal(await starting, reason);

    const late = new AbortController();
    const worker = await startOne({ driver, signal: late.signal });
    const gone = new Promise<void>((resolve) => worker.once('exit', () => resolve()));
    const pending = failure(worker.send('later', { ms: 500, value: 1 }));
    late.abort(reason);
    await gone;
    assert.equal((await pending).code, 'ERR_WORKER_CLOSED');
    assert.equal(await failure(worker.restart()), reason);
  });

  test(`With fallback: 'ignore' createWorker ignores options that only another driver has (${name})`, async (t) => {
    const options = { driver, cwd: '.', killTree: true, stdio: 'ignore', onOutput: () => {}, sharedMemory: false };
    const worker = await startOne({ ...options, driverOptions: { workerData: 1 }, fallback: 'ignore', name: 'kept' });
    t.after(() => worker.close());
    assert.equal(worker.name, 'kept');
    assert.equal(await worker.send('echo', 1), 1);
    const error = await failure(startOne({ driver, driverOptions: { wrong: 1 }, fallback: 'ignore' }));
    assert.equal(error.code, 'ERR_INVALID_OPTION');
  });
}

test('restart() waits for the replacement of a crashed worker, and replaces that', async (t) => {
  const worker = await startOne({});
  worker.ref();
  t.after(() => worker.close());
  const gone = new Promise<void>((resolve) => worker.once('exit', () => resolve()));
  process.kill(worker.pid as number, 'SIGKILL');
  await gone;
  assert.equal(worker.isActive, false);
  await worker.restart();
  assert.equal(await worker.send('echo', 1), 1);
});

test('Requests that wait for a retry count as in flight', async (t) => {
  const worker = await startOne({ unexpectedShutdown: { strategy: 'retry', attempts: 3 } });
  t.after(() => worker.close());
  const idle = new Promise((resolve) => worker.once('idle', () => resolve(worker.inFlight)));
  const answer = worker.send('later', { ms: 50, value: 1 });
  const crashed = new Promise<void>((resolve) => worker.once('crash', () => resolve()));
  process.kill(worker.pid as number, 'SIGKILL');
  await crashed;
  assert.equal(worker.inFlight, 1);
  assert.equal(await answer, 1);
  assert.equal(await idle, 0);
});

test('Concurrent calls of restart() start one worker', async (t) => {
  const worker = await startOne({});
  t.after(() => worker.close());
  await worker.close();
  let count = 0;
  worker.on('restart', () => count++);
  await Promise.all([worker.restart(), worker.restart()]);
  assert.equal(await worker.send('echo', 1), 1);
  assert.equal(count, 1);
});

test('A message whose memory has moved to a worker cannot move to another', async (t) => {
  const { port1, port2 } = new MessageChannel();
  t.after(() => port1.close());
  const driverOptions = { workerData: { port2 }, transferList: [port2] };
  const worker = await startOne({ driver: WorkerThreadsDriver, driverOptions });
  t.after(() => worker.close());
  assert.equal((await failure(worker.restart())).code, 'ERR_INVALID_OPTION');
  const refused = startOne({ driver: WorkerThreadsDriver, driverOptions, startOnDemand: true });
  assert.equal((await failure(refused)).code, 'ERR_INVALID_OPTION');
});

test('One signal for many workers has one listener', async () => {
  const controller = new AbortController();
  const workers = await Promise.all(
    [1, 2, 3].map(() => startOne({ driver: WorkerThreadsDriver, signal: controller.signal })),
  );
  await workers[0]?.close();
  const gone = workers.slice(1).map((worker) => new Promise<void>((resolve) => worker.once('exit', () => resolve())));
  controller.abort();
  await Promise.all(gone);
});
