// Other code of a thread uses `parentPort`.
import assert from 'node:assert/strict';
import { describe, test, type TestContext } from 'node:test';

import { createWorker, WorkerThreadsDriver } from 'isolated-workers';

import type { Loose } from '../../fixtures/faults/support.mjs';

const file = (name: string) => new URL(`../../fixtures/parent-port/${name}`, import.meta.url);

async function start(t: TestContext, driverOptions: object) {
  const worker = await createWorker<Loose, any, Loose>({
    script: file('worker.mjs'),
    driver: WorkerThreadsDriver,
    driverOptions,
    startupData: ['data'],
    handlers: { double: (n: number) => 2 * n },
  });
  t.after(() => worker.close());
  return worker;
}

describe('A thread is a worker where its port is listened to before the package is loaded', () => {
  for (const [what, options] of [
    ['by its script', { env: { ...process.env, LISTEN_FIRST: 'yes' } }],
    ['by a module that is preloaded', { execArgv: ['--import', file('listens.mjs').href] }],
  ] as const) {
    test(what, async (t) => {
      const worker = await start(t, options);
      assert.deepEqual(await worker.send('startupData'), ['data']);
      assert.equal(await worker.send('double', 21), 42);
      assert.deepEqual((worker as any).sendSync('startupData'), ['data']);
      const many = Array.from({ length: 2_000 }, (_, n) => worker.send('double', n));
      assert.equal((await Promise.all(many)).length, 2_000);
      assert.deepEqual(await worker.close(), { type: 'exit', code: 0, signal: null });
    });
  }

  test('and the library ignores what the thread posts to its host', async (t) => {
    const worker = await start(t, {});
    for (const text of ['isolated-workers:port-lost', 'other', null]) await worker.send('tell', text);
    assert.equal(await worker.send('double', 1), 2);
  });
});

test('Repeated calls of kill() add no listeners to a thread', async (t) => {
  const warnings: Error[] = [];
  const onWarning = (warning: Error) => warnings.push(warning);
  process.on('warning', onWarning);
  t.after(() => process.off('warning', onWarning));
  const worker = await start(t, {});
  const killed = Array.from({ length: 30 }, () => worker.kill());
  await Promise.all(killed);
  // Node emits a warning in the next tick.
  await new Promise((resolve) => setImmediate(resolve));
  assert.deepEqual(warnings, []);
});
