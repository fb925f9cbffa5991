// A worker ends by itself, where its host has said that this is no crash.
import assert from 'node:assert/strict';
import { describe, test, type TestContext } from 'node:test';

import { createPool, createWorker, WorkerThreadsDriver, type WorkerClient } from 'isolated-workers';

import { forkDriver } from '../fixtures/fork-driver.mjs';
import { failure, fixture } from '../fixtures/support.mjs';

const common = { script: fixture('own-end'), logLevel: 'silent' as const, endsByItself: true };
type Extra = Record<string, unknown>;
const starts: Record<string, (extra?: Extra) => Promise<unknown>> = {
  process: (extra) => createWorker({ ...common, ...extra }),
  thread: (extra) => createWorker({ ...common, ...extra, driver: WorkerThreadsDriver }),
  'custom driver': (extra) =>
    createWorker({ ...common, ...extra, driver: forkDriver, driverOptions: { argv: ['forked'] } }),
};

for (const [name, begin] of Object.entries(starts)) {
  describe(`With endsByItself (${name})`, () => {
    const startWorker = async (t: TestContext, extra?: Extra) => {
      const worker = (await begin(extra)) as WorkerClient;
      t.after(() => worker.close());
      const events: string[] = [];
      for (const event of ['crash', 'exit', 'restart'] as const) worker.on(event, () => events.push(event));
      const ended = new Promise((resolve) => worker.ref().once('exit', ({ reason }) => resolve(reason)));
      return { worker, events, ended };
    };
    const quietly = { type: 'exit', code: 0, signal: null };

    test('an idle worker ends without a crash, and is closed then', async (t) => {
      const { worker, events, ended } = await startWorker(t);
      await worker.send('leave');
      assert.deepEqual(await ended, quietly);
      assert.equal(worker.isActive, false);
      assert.equal((await failure(worker.send('echo', 1))).code, 'ERR_WORKER_CLOSED');
      assert.deepEqual(await worker.close(), quietly);
      assert.deepEqual(events, ['exit']);
    });

    test('a request in flight rejects with ERR_WORKER_CLOSED', async (t) => {
      const { worker, events, ended } = await startWorker(t);
      const waiting = failure(worker.send('never'));
      worker.post('exit', 0);
      assert.equal((await waiting).code, 'ERR_WORKER_CLOSED');
      await ended;
      assert.deepEqual(events, ['exit']);
    });

    test('another exit code is a crash as ever', async (t) => {
      const { worker, events, ended } = await startWorker(t);
      const waiting = failure(worker.send('never'));
      worker.post('exit', 3);
      assert.equal((await waiting).code, 'ERR_WORKER_CRASHED');
      assert.deepEqual(await ended, { ...quietly, code: 3 });
      assert.deepEqual(events, ['crash', 'exit']);
    });

    test('with startOnDemand the next message starts the worker again', async (t) => {
      const { worker, events, ended } = await startWorker(t, { startOnDemand: true });
      await worker.send('leave');
      await ended;
      assert.equal(await worker.send('echo', 'again'), 'again');
      assert.equal(worker.isActive, true);
      assert.ok(!events.includes('crash'), events.join());
    });

    test('retries repeat requests of a crash, and none of such an end', async (t) => {
      const retrying = { unexpectedShutdown: { strategy: 'retry', attempts: 2 } };
      const { worker, events, ended } = await startWorker(t, retrying);
      const waiting = failure(worker.send('never'));
      worker.post('exit', 0);
      assert.equal((await waiting).code, 'ERR_WORKER_CLOSED');
      await ended;
      assert.deepEqual(events, ['exit']);
    });
  });
}

test('sendSync to a worker that ends by itself throws ERR_WORKER_CLOSED', async (t) => {
  const worker = await createWorker<any>(common);
  t.after(() => worker.close());
  assert.throws(() => worker.sendSync('exit', 0), { code: 'ERR_WORKER_CLOSED' });
  assert.throws(() => worker.sendSync('echo', 0), { code: 'ERR_WORKER_CLOSED' });
});

test('Without the option such an end is a crash', async (t) => {
  const worker = await createWorker<any>({ ...common, endsByItself: false });
  t.after(() => worker.close());
  const error = await failure(worker.send('exit', 0));
  assert.equal(error.code, 'ERR_WORKER_CRASHED');
  assert.deepEqual(error.reason, { type: 'exit', code: 0, signal: null });
});

test('A worker that ends before it serves has crashed in any case', async () => {
  const starting = createWorker({ ...common, argv: ['early'] });
  assert.equal((await failure(starting)).code, 'ERR_WORKER_CRASHED');
});

test('The option is true or false, and a pool does not have it', async () => {
  await assert.rejects(createWorker({ ...common, endsByItself: 1 as never }), {
    code: 'ERR_INVALID_OPTION',
    message: /endsByItself must be true or false/,
  });
  await assert.rejects(async () => createPool({ ...common } as never), { code: 'ERR_INVALID_OPTION' });
});
