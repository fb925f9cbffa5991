// A worker in the host's own thread leaves nothing behind when it ends.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { createWorker, InProcessDriver, type WorkerClient } from 'isolated-workers';

import { failure, fixture, type Messages } from '../../fixtures/support.mjs';

const options = { script: fixture('echo.mjs'), driver: InProcessDriver, logLevel: 'silent' } as const;
type InProcess = WorkerClient<Messages, InProcessDriver>;

test('Node reports no leak of listeners, however many workers one thread runs', async (t) => {
  const warnings: Error[] = [];
  const note = (warning: Error) => void warnings.push(warning);
  process.on('warning', note);
  t.after(() => process.off('warning', note));
  const start = () => createWorker<Messages, InProcessDriver>(options);
  const workers: InProcess[] = await Promise.all(Array.from({ length: 20 }, start));
  await Promise.all(workers.map((worker) => worker.send('echo', 1)));
  await Promise.all(workers.map((worker) => worker.close()));
  assert.deepEqual(warnings, []);
});

test('A worker leaves no listener behind, whether the host closes or terminates it', async () => {
  const before = process.listenerCount('exit');
  const closed = await createWorker<Messages, InProcessDriver>(options);
  await closed.close();
  const terminated = await createWorker<Messages, InProcessDriver>(options);
  const lost = failure(terminated.send('later', { ms: 200, value: 1 }));
  await terminated.close({ timeout: 1 });
  assert.equal((await lost).code, 'ERR_WORKER_CLOSED');
  assert.equal(process.listenerCount('exit'), before);
});
