// JavaScript of the host runs for seconds without a pause: messages that arrived meanwhile are not late.
import assert from 'node:assert/strict';
import { describe, test, type TestContext } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';

import { ChildProcessDriver, createWorker, InProcessDriver, WorkerThreadsDriver } from 'isolated-workers';

import { ForkDriver } from '../fixtures/drivers/custom/fork-driver.mjs';
import { rounds } from '../fixtures/rounds.mjs';
import type { Loose } from '../fixtures/support.mjs';

const script = new URL('../fixtures/blocked/worker.mjs', import.meta.url);
const BLOCKED = 3000;
/** Longer than each timeout that is over meanwhile. */
const LONG = rounds(3_000, 10_000);
const drivers = {
  child_process: new ChildProcessDriver(),
  worker_threads: new WorkerThreadsDriver(),
  in_process: new InProcessDriver(),
  'a driver of the user': new ForkDriver(),
};
const names = Object.keys(drivers) as (keyof typeof drivers)[];

function block(millis = BLOCKED): void {
  for (const end = performance.now() + millis; performance.now() < end;);
}

function create(name: keyof typeof drivers, options: object = {}) {
  return createWorker<Loose, any>({ script, driver: drivers[name], name, ...options } as never);
}

async function start(t: TestContext, name: keyof typeof drivers, options: object = {}) {
  const worker = await create(name, options);
  t.after(() => worker.close());
  return worker;
}

describe('A host that is blocked for three seconds', () => {
  test('receives each answer that arrived meanwhile, with each driver', async (t) => {
    const workers = await Promise.all(names.map((name) => start(t, name, { timeout: { message: 1000 } })));
    // As much as fits into a socket that nobody reads: each message of `fork` is a write, and takes its room there.
    const requests = workers.flatMap((worker, index) => [
      ...Array.from({ length: 60 }, (_, value) => worker.send('echo', value)),
      ...Array.from({ length: 4 }, () => worker.send('text', 10_000)),
      // A worker in process is blocked itself, and has begun no such answer.
      ...Array.from({ length: names[index] === 'in_process' ? 0 : 20 }, (_, value) =>
        worker.send('later', { ms: 50, value }, { timeout: 500 }),
      ),
    ]);
    // The messages are on their way.
    await new Promise((resolve) => setImmediate(resolve));
    block();
    const outcomes = await Promise.allSettled(requests);
    assert.deepEqual(outcomes.filter(({ status }) => status === 'rejected').map((lost: any) => lost.reason.message), []); // prettier-ignore
    assert.deepEqual(await Promise.all(workers.map((worker) => worker.send('echo', 'after'))), names.map(() => 'after')); // prettier-ignore
    for (const worker of workers) assert.deepEqual([worker.isActive, worker.isConnected], [true, true]);
  });

  test('receives the answers of workers in its own thread, which fill each turn of the loop with their work', async (t) => {
    const workers = await Promise.all([1, 2, 3].map(() => start(t, 'in_process', { timeout: { message: 200 } })));
    // Each computation is longer than a turn may handle messages.
    const computing = workers.flatMap((worker) => Array.from({ length: 5 }, () => worker.send('compute', 20)));
    const answers = workers.flatMap((worker) => Array.from({ length: 5 }, (_, value) => worker.send('echo', value)));
    // The messages are on their way.
    await new Promise((resolve) => setImmediate(resolve));
    block(400);
    await Promise.all([...computing, ...answers]);
  });

  test('still rejects requests without an answer', async (t) => {
    const workers = await Promise.all(names.map((name) => start(t, name)));
    const requests = workers.map((worker) => worker.send('hang', undefined, { timeout: 1000 }));
    await new Promise((resolve) => setImmediate(resolve));
    block();
    for (const outcome of await Promise.allSettled(requests)) {
      assert.equal((outcome as PromiseRejectedResult).reason.code, 'ERR_MESSAGE_TIMEOUT');
    }
    // Their handlers run on.
    await Promise.all(workers.map((worker) => worker.terminate()));
  });

  test('starts its workers when it blocks while they spawn', async (t) => {
    const options = { timeout: { startup: 2500 }, waitForReady: false };
    const workers = await Promise.all(names.map((name) => start(t, name, options)));
    const echoes = workers.map((worker) => worker.send('echo', 1));
    block();
    assert.deepEqual(await Promise.all(echoes), [1, 1, 1, 1]);
  });

  test('starts its workers when it blocks right after createWorker', async (t) => {
    const starting = names.map((name) => start(t, name, { timeout: { startup: 2500 } }));
    await Promise.resolve();
    block();
    const workers = await Promise.all(starting);
    assert.deepEqual(await Promise.all(workers.map((worker) => worker.send('echo', 1))), [1, 1, 1, 1]);
  });

  for (const state of ['idle', 'working in short stints']) {
    test(`does not report its ${state} workers as unresponsive`, async (t) => {
      const watched = names.filter((name) => name !== 'in_process');
      const told: unknown[] = [];
      const workers = await Promise.all(watched.map((name) => start(t, name, { unresponsiveAfter: 500 })));
      for (const [index, worker] of workers.entries()) {
        worker.on('unresponsive', (details) => told.push([watched[index], details]));
        if (state !== 'idle') worker.post('stints', undefined);
      }
      // Some looks before and after: there is nothing to wait for.
      await delay(300);
      block();
      await delay(600);
      assert.deepEqual(told, []);
      for (const health of await Promise.all(workers.map((worker) => worker.health({ blockedAfter: 500 })))) {
        assert.deepEqual(health, { state: 'alive' });
      }
    });
  }
});

for (const name of ['child_process', 'worker_threads'] as const) {
  test(`A host that blocks for ${LONG / 1000} seconds misses nothing of its workers (${name})`, async (t) => {
    const timeout = { message: 5000, types: { later: 1000, text: 500, patient: 60_000 } };
    const [steady, leaving] = await Promise.all([start(t, name, { timeout }), start(t, name, { timeout })]);
    const crash = new Promise<any>((resolve) => leaving.once('crash', resolve));
    const answered = [
      ...Array.from({ length: 40 }, (_, value) => steady.send('later', { ms: 100 + value, value })),
      ...Array.from({ length: 10 }, () => steady.send('text', 5000)),
      steady.send('later', { ms: 400, value: 'of its own' }, { timeout: 450 }),
      leaving.send('later', { ms: 100, value: 'before it left' }),
      leaving.send('exitSoon', 600),
    ];
    const lost = [leaving.send('hang', undefined, { timeout: 2000 }), leaving.send('patient')];
    const late = steady.send('hang', undefined, { timeout: 2000 });
    const settled = Promise.allSettled([...answered, ...lost, late]);
    await new Promise((resolve) => setImmediate(resolve));
    const began = performance.now();
    block(LONG);
    const outcomes: any[] = await settled;
    assert.ok(performance.now() - began >= LONG);
    assert.deepEqual(
      outcomes.slice(0, 41).map(({ value }) => value?.length ?? value ?? 'lost'),
      [...Array.from({ length: 40 }, (_, value) => value), 5000],
    );
    const codes = outcomes.map(({ reason }) => reason?.code ?? 'answered');
    const last = ['ERR_WORKER_CRASHED', 'ERR_WORKER_CRASHED', 'ERR_MESSAGE_TIMEOUT'];
    assert.deepEqual(codes, [...answered.map(() => 'answered'), ...last]);
    assert.equal(outcomes[answered.length].reason.reason.code, 7);
    assert.equal((await crash).reason.code, 7);
    assert.deepEqual([leaving.isActive, steady.isActive], [false, true]);
    assert.equal(await steady.send('echo', 'after'), 'after');
    assert.deepEqual(await steady.health(), { state: 'alive' });
    await steady.terminate();
  });
}
