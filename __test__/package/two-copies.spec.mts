// A dependency of a worker, or of its host, brings its own copy of the package.
import assert from 'node:assert/strict';
import { describe, test, type TestContext } from 'node:test';

import {
  createWorker,
  InProcessDriver,
  WorkerError,
  WorkerThreadsDriver,
  type Driver,
  type WorkerOptions,
} from 'isolated-workers';

import { copyPackage } from '../fixtures/copies/support.mjs';
import type { Loose } from '../fixtures/faults/support.mjs';

const url = copyPackage();
const script = new URL('../fixtures/copies/worker.mjs', import.meta.url);

const drivers: [string, Driver | undefined][] = [
  ['a process', undefined],
  ['a thread', WorkerThreadsDriver as unknown as Driver],
  ['a module of the host', new InProcessDriver() as Driver],
];

async function start(t: TestContext, driver: Driver | undefined, act: string, library = { createWorker }) {
  const env = { TWO_COPIES_URL: url, TWO_COPIES_ACT: act };
  Object.assign(process.env, env);
  const worker = await library.createWorker<Loose, any, Loose>({
    script,
    driver,
    startupData: { n: 1 },
    handlers: { double: (n: number) => 2 * n },
  } as WorkerOptions<Loose, any, Loose>);
  t.after(() => worker.close());
  return worker;
}

for (const [what, driver] of drivers) {
  describe(`A worker that is ${what} and has two copies of the package`, () => {
    for (const act of ['imports', 'startupData', 'serves']) {
      test(`is one worker, whose copies share host and start-up data (the plugin's ${act})`, async (t) => {
        const worker = await start(t, driver, act);
        const first = act === 'startupData' ? { n: 1 } : null;
        assert.deepEqual(await worker.send('plugin'), { isOther: true, first });
        assert.deepEqual(await worker.send('startupData'), [{ n: 1 }, { n: 1 }]);
        assert.deepEqual(await worker.send('askHost', 21), [42, 42]);
        assert.deepEqual(await worker.send('echo', ['a', 1]), ['a', 1]);
      });
    }

    test('serves through one of them', async (t) => {
      const worker = await start(t, driver, 'imports');
      assert.equal(await worker.send('second'), 'ERR_INVALID_OPTION');
    });

    test('serves where its host uses the other copy', async (t) => {
      const worker = await start(t, driver, 'imports', await import(url));
      assert.deepEqual(await worker.send('askHost', 4), [8, 8]);
    });
  });
}

test('An error of one copy is a WorkerError of the other, and nothing else is', async (t) => {
  const worker = await start(t, undefined, 'imports');
  assert.deepEqual(await worker.send('errors'), {
    error: [true, false, false],
    crash: [true, true],
    derived: [true, true],
    others: false,
    revoked: false,
  });
  const other = await import(url);
  const refused = await other.createWorker({ script: 5 }).catch((error: unknown) => error);
  assert.ok(refused instanceof WorkerError);
  assert.equal(refused.code, 'ERR_INVALID_OPTION');
});
