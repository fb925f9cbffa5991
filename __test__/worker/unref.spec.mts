// The connection of a worker server does not keep its worker alive.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { createWorker, InProcessDriver, type WorkerClient, WorkerThreadsDriver } from 'isolated-workers';

import { forkDriver } from '../fixtures/fork-driver.mjs';
import { fixture } from '../fixtures/support.mjs';

const script = fixture('unref.mjs');
const handlers = { slow: () => new Promise((resolve) => setTimeout(resolve, 50, 'from the host')) };
const common = { script, handlers, logLevel: 'silent' as const };

const starts: Record<string, () => Promise<unknown>> = {
  process: () => createWorker(common),
  thread: () => createWorker({ ...common, driver: WorkerThreadsDriver }),
  'custom driver': () => createWorker({ ...common, driver: forkDriver, driverOptions: { argv: ['forked'] } }),
};

/** The end of a worker, which the host waits for. */
const endOf = (worker: WorkerClient) =>
  new Promise<unknown>((resolve) => worker.ref().once('exit', ({ reason }) => resolve(reason)));
const quietly = { type: 'exit', code: 0, signal: null };

for (const [name, start] of Object.entries(starts)) {
  describe(`unref() of a worker server (${name})`, () => {
    const startWorker = async () => (await start()) as WorkerClient;

    test('lets an idle worker end, after its answers', async () => {
      const worker = await startWorker();
      const end = endOf(worker);
      // In this order: a custom driver may write each request alone, and a worker that is idle ends before it reads the next.
      const answers = Promise.all([worker.send('echo', 1), worker.send('later', 2), worker.send('unref')]);
      assert.deepEqual(await answers, [1, 2, true]);
      assert.deepEqual(await end, quietly);
    });

    test('has no effect after ref()', async () => {
      const worker = await startWorker();
      assert.equal(await worker.send('keep'), true);
      assert.equal(await worker.send('later', 2), 2);
      assert.equal(await worker.send('echo', 3), 3);
      await worker.close();
    });
  });
}

test('unref() does not end a worker that waits for an answer of its host', async () => {
  const worker = (await starts['process']?.()) as WorkerClient;
  const end = endOf(worker);
  assert.equal(await worker.send('askHost'), 'from the host');
  assert.deepEqual(await end, quietly);
});

test("unref() changes nothing in the host's own thread", async () => {
  const worker = await createWorker({ ...common, driver: InProcessDriver });
  assert.equal(await worker.send('unref'), true);
  assert.equal(await worker.send('later', 2), 2);
  await worker.close();
});
