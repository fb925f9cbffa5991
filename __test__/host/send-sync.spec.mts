// sendSync with processes and threads, beyond the cases of the conformance suite.
import assert from 'node:assert/strict';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { test } from 'node:test';

import { createWorker, WorkerCrashedError, WorkerThreadsDriver } from 'isolated-workers';

import { fixture, isAlive, type Messages, start } from '../fixtures/support.mjs';

function thrown(act: () => unknown): any {
  try {
    act();
  } catch (error) {
    return error;
  }
  assert.fail('it was expected to throw, and it did not');
}

const drivers = { child_process: undefined, worker_threads: WorkerThreadsDriver };

for (const [name, driver] of Object.entries(drivers)) {
  const startWorker = async () =>
    createWorker<Messages>({ script: fixture('echo.mjs'), driver: driver as unknown as undefined });

  test(`${name}: payloads larger than all buffers go both ways while the thread is blocked`, async () => {
    const worker = await startWorker();
    const text = 'ä€😀'.repeat(2 ** 20);
    assert.equal(worker.sendSync('echo', text), text);
    const other = worker.send('echo', text);
    assert.equal(worker.sendSync('echo', text.slice(1)), text.slice(1));
    assert.equal(await other, text);
    await worker.close();
  });

  test(`${name}: sendSync works in the handler of another answer`, async () => {
    const worker = await startWorker();
    const echoes = [...Array(100).keys()].map(async (value) => {
      const first = await worker.send('echo', value);
      return worker.sendSync('echo', first + 0.5);
    });
    assert.deepEqual(
      await Promise.all(echoes),
      [...Array(100).keys()].map((value) => value + 0.5),
    );
    await worker.close();
  });

  test(`${name}: one thread waits for several workers in turn, each with its own answer`, async () => {
    const workers = await Promise.all([startWorker(), startWorker(), startWorker()]);
    const others = workers.map((worker, index) => worker.send('later', { ms: 20, value: `later ${index}` }));
    for (let round = 0; round < 50; round++) {
      workers.forEach((worker, index) =>
        assert.equal(worker.sendSync('echo', `${index} ${round}`), `${index} ${round}`),
      );
    }
    assert.deepEqual(await Promise.all(others), ['later 0', 'later 1', 'later 2']);
    await Promise.all(workers.map((worker) => worker.close()));
  });

  test(`${name}: each request that times out while the thread is blocked rejects once afterwards`, async () => {
    const worker = await startWorker();
    const outcomes: string[] = [];
    const late = worker.send('later', { ms: 60_000, value: 1 }, { timeout: 30 }).catch((error) => {
      outcomes.push(error.code);
    });
    assert.equal(worker.sendSync('later', { ms: 150, value: 'done' }), 'done');
    await late;
    assert.deepEqual(outcomes, ['ERR_MESSAGE_TIMEOUT']);
    assert.equal(await worker.send('echo', 1), 1);
    // What goes on in the worker is of no interest any more.
    await worker.kill();
  });
}

test('sendSync throws when its thread ends, whenever that happens', async () => {
  const driver = WorkerThreadsDriver;
  // Before it has loaded the library, nothing tells: the start-up timeout does.
  const begin = (script: string) =>
    createWorker<any, WorkerThreadsDriver>({
      script: fixture(script),
      driver,
      waitForReady: false,
      timeout: { startup: 500, message: 0 },
      logLevel: 'silent',
    });
  const failing = await begin('faults/throws.mjs');
  assert.equal(thrown(() => failing.sendSync('echo')).code, 'ERR_START_TIMEOUT');
  const ending = await begin('ends-while-loading.mjs');
  assert.equal(thrown(() => ending.sendSync('exit')).code, 'ERR_WORKER_CRASHED');
  for (let round = 0; round < 20; round++) {
    const worker = await createWorker<any, WorkerThreadsDriver>({ script: fixture('ends-while-loading.mjs'), driver });
    const error = thrown(() => worker.sendSync('exit'));
    assert.ok(error instanceof WorkerCrashedError, String(error));
    await worker.close();
  }
  await Promise.all([failing.close(), ending.close()]);
});

test('sendSync throws at once when its worker is killed, with the signal', async (t) => {
  const worker = await start(t);
  // The worker is stopped, and killed by what no blocked thread is needed for.
  const { pid } = worker;
  const helper = await start(t, { script: fixture('killer.mjs') as URL });
  helper.post('kill' as never, { pid, signal: 'SIGKILL', after: 100 } as never);
  const error = thrown(() => worker.sendSync('later', { ms: 60_000, value: 1 }));
  assert.ok(error instanceof WorkerCrashedError, String(error.stack));
  assert.deepEqual(error.reason, { type: 'exit', code: null, signal: 'SIGKILL' });
  assert.equal(isAlive(pid), true, 'its end is not taken from who waits for it');
  const exit = await new Promise((resolve) => worker.once('exit', ({ reason }) => resolve(reason)));
  assert.deepEqual(exit, { type: 'exit', code: null, signal: 'SIGKILL' });
});

test('sendSync throws for an invalid result, and returns what the validator makes of a valid one', async (t) => {
  const number = {
    '~standard': {
      version: 1 as const,
      vendor: 'test',
      validate: (value: unknown) =>
        typeof value === 'number' ? { value: value + 0.5 } : { issues: [{ message: 'no number' }] },
    },
  };
  const slow = { '~standard': { ...number['~standard'], validate: async (value: unknown) => ({ value }) } };
  const messages = { echo: { payload: number, result: number }, kindOf: { payload: slow, result: slow } };
  const worker = (await start(t, { messages } as object)) as any;
  assert.equal(worker.sendSync('echo', 1), 1.5);
  assert.equal(thrown(() => worker.sendSync('echo', 'text')).code, 'ERR_INVALID_MESSAGE');
  assert.equal(thrown(() => worker.sendSync('kindOf', 1)).code, 'ERR_ASYNC_MIDDLEWARE');
  assert.equal(await worker.send('kindOf', 1), 'number');
});

test('diagnostics_channel reports sendSync like other requests', async (t) => {
  const worker = await start(t);
  const told: unknown[] = [];
  for (const event of ['send', 'result', 'error']) {
    const listener = (detail: any) => told.push([event, (detail.message ?? detail).type]);
    subscribe(`isolated-workers:${event}`, listener);
    t.after(() => unsubscribe(`isolated-workers:${event}`, listener));
  }
  worker.sendSync('echo', 1);
  thrown(() => worker.sendSync('fall', 'down'));
  assert.deepEqual(told, [
    ['send', 'echo'],
    ['result', 'echo'],
    ['send', 'fall'],
    ['error', 'fall'],
  ]);
});
