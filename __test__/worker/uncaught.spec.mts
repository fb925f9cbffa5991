// What a worker prints of an error that nobody catches, and what its host learns of it.
import assert from 'node:assert/strict';
import { text } from 'node:stream/consumers';
import { describe, test } from 'node:test';

import { createWorker, WorkerThreadsDriver, type WorkerClient } from 'isolated-workers';

import { forkDriver } from '../fixtures/fork-driver.mjs';
import { failure, fixture } from '../fixtures/support.mjs';

const common = { script: fixture('own-end'), logLevel: 'silent' as const, argv: ['quiet'] };

describe('With printUncaught: false', () => {
  for (const [type, expected] of [
    ['throwLater', { name: 'TypeError', code: 'E_FAIL' }],
    ['rejectLater', { name: 'RangeError', code: undefined }],
  ] as const) {
    test(`the host of a process gets the error, and standard error nothing (${type})`, async () => {
      const worker = await createWorker<any>({ ...common, stdio: ['ignore', 'pipe', 'pipe'] });
      const errors = text(worker.stderr!);
      const waiting = failure(worker.send('never'));
      await worker.send(type, 'told');
      const { code, reason, cause } = await waiting;
      assert.deepEqual(
        { code, reason },
        { code: 'ERR_WORKER_CRASHED', reason: { type: 'exit', code: 1, signal: null } },
      );
      assert.deepEqual(
        { name: cause.name, message: cause.message, code: cause.code },
        { message: 'told', ...expected },
      );
      assert.equal(await errors, '');
    });
  }

  test('an error that the worker catches itself ends nothing', async (t) => {
    const worker = await createWorker<any>(common);
    t.after(() => worker.close());
    await worker.send('catchOne');
    await worker.send('throwLater', 'caught');
    assert.equal(await worker.send('echo', 1), 1);
    const waiting = failure(worker.send('never'));
    await worker.send('throwLater', 'the next one');
    assert.equal((await waiting).cause.message, 'the next one');
  });

  const others = {
    thread: () => createWorker({ ...common, driver: WorkerThreadsDriver, driverOptions: { stderr: true } } as never),
    'custom driver': () =>
      createWorker({ ...common, argv: undefined, driver: forkDriver, driverOptions: { argv: ['forked', 'quiet'] } }),
  };
  for (const [name, begin] of Object.entries(others)) {
    test(`the host gets the error, too (${name})`, async () => {
      const worker = (await begin()) as unknown as WorkerClient;
      const errors = worker.stderr === null ? '' : text(worker.stderr);
      const waiting = failure(worker.send('never'));
      await worker.send('throwLater', 'told');
      assert.equal((await waiting).cause.message, 'told');
      assert.equal(await errors, '');
    });
  }
});

test('By default a worker prints such an error as other programs do', async () => {
  const worker = await createWorker<any>({ ...common, argv: [], stdio: ['ignore', 'pipe', 'pipe'] });
  const errors = text(worker.stderr!);
  const waiting = failure(worker.send('never'));
  await worker.send('throwLater', 'printed');
  assert.equal((await waiting).cause.message, 'printed');
  assert.match(await errors, /TypeError: printed/);
});

test('The option is true or false', async () => {
  const error = await failure(createWorker({ ...common, script: fixture('wrong-print-uncaught'), stdio: 'ignore' }));
  assert.match(error.message, /printUncaught must be true or false/);
});
