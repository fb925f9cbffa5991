// The event of a message that has arrived and cannot be read.
import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';

import { createWorker, type WorkerError, WorkerThreadsDriver } from 'isolated-workers';

import { nest } from '../fixtures/effect/nest.mjs';
import { fixture, type Loose } from '../fixtures/support.mjs';

async function start(t: TestContext, stackSizeMb?: number) {
  const worker = await createWorker<Loose, WorkerThreadsDriver>({
    script: fixture('loses-messages'),
    driver: WorkerThreadsDriver,
    driverOptions: stackSizeMb === undefined ? {} : { resourceLimits: { stackSizeMb } },
    logLevel: 'silent',
  });
  t.after(() => worker.close());
  return worker;
}

test('A host hears of a message that is too deep for its stack, and the next one arrives', async (t) => {
  const worker = await start(t);
  const heard = new Promise<WorkerError>((resolve) => worker.on('unreadable', resolve));
  await worker.send('deep', 8000);
  const error = await heard;
  assert.equal(error.code, 'ERR_MALFORMED_MESSAGE');
  assert.ok(error.cause instanceof RangeError);
  assert.equal(await worker.send('take', 5), 'number');
});

test('A worker hears of a message that is too deep for its stack, and a request fails, too', async (t) => {
  const worker = await start(t, 0.3);
  worker.post('take', nest(1800));
  await assert.rejects(worker.send('take', nest(1800)), { code: 'ERR_NOT_SERIALIZABLE' });
  assert.deepEqual(await worker.send('codes'), ['ERR_MALFORMED_MESSAGE', 'ERR_MALFORMED_MESSAGE']);
});
