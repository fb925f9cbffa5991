// What workers in the host's own thread leave behind when they are gone.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { createWorker, InProcessDriver, type WorkerClient } from 'isolated-workers';

import { fixture, rejection, type Messages } from './fixtures/support.mjs';

const options = { script: fixture('echo.mjs'), driver: InProcessDriver, logLevel: 'silent' } as const;
type InProcess = WorkerClient<Messages, InProcessDriver>;

test('however many workers there are in one thread, Node warns of no leak', async (t) => {
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

test('a worker leaves no listener behind, whether it was closed or had to be terminated', async () => {
  const before = process.listenerCount('exit');
  const closed = await createWorker<Messages, InProcessDriver>(options);
  await closed.close();
  const terminated = await createWorker<Messages, InProcessDriver>(options);
  const lost = rejection(terminated.send('later', { ms: 200, value: 1 }));
  await terminated.close({ timeout: 1 });
  assert.equal((await lost).code, 'ERR_WORKER_CLOSED');
  assert.equal(process.listenerCount('exit'), before);
});
