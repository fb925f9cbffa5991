// A worker server tells of its host, whatever the driver.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { createWorker, InProcessDriver, WorkerThreadsDriver } from 'isolated-workers';

import { eventually, fixture, type Loose } from '../fixtures/support.mjs';

const script = fixture('detached/several.mjs');
const handlers = { lookup: (key: unknown) => `answer to ${key}`, counts: () => 0, news: () => {} };

for (const [what, options, pid] of [
  ['a process', {}, process.platform === 'linux' ? process.pid : undefined],
  ['a thread', { driver: WorkerThreadsDriver }, undefined],
  ['a module in the thread of its host', { driver: InProcessDriver }, undefined],
] as const) {
  describe(`The server of ${what}`, () => {
    test('has its host, and calls it', async () => {
      const worker = await createWorker<Loose, any>({ script, handlers, ...options } as never);
      assert.deepEqual(await worker.send('hosts'), [{ pid, isConnected: true }]);
      assert.equal(await worker.send('early'), 'answer to early');
      assert.equal(await worker.send('ask', 1), 'answer to 1');
      await worker.close();
    });
  });
}

test('A process reports that its host has left and has come again', async () => {
  const worker = await createWorker<Loose>({ script, handlers });
  await worker.disconnect();
  await worker.reconnect();
  await eventually('it is reported', async () => (await worker.send('events')).length === 2);
  const events = await worker.send('events');
  assert.deepEqual(
    events.map(([name]: [string]) => name),
    ['disconnect', 'connect'],
  );
  assert.deepEqual(await worker.send('left'), [[false, ...Array(3).fill('ERR_HOST_DISCONNECTED')]]);
  await worker.close();
});
