// With AsyncLocalStorage, a progress listener runs in the context of its call.
import assert from 'node:assert/strict';
import { AsyncLocalStorage } from 'node:async_hooks';
import { test } from 'node:test';

import { createWorker, InProcessDriver, type WorkerClient, WorkerThreadsDriver } from 'isolated-workers';

import type { Loose } from '../fixtures/faults/support.mjs';
import { fixture } from '../fixtures/support.mjs';

for (const [name, driver] of [
  ['a process', undefined],
  ['a thread', WorkerThreadsDriver],
  ['a module of the host', InProcessDriver],
] as const) {
  test(`The library runs onProgress in the context of its call (${name})`, async (t) => {
    const users = new AsyncLocalStorage<string>();
    const script = fixture('replaced/worker.mjs');
    const worker = (await users.run('ada', () => createWorker({ script, driver } as never))) as WorkerClient<Loose>;
    t.after(() => worker.close());
    const seen: unknown[] = [];
    const onProgress = () => void seen.push(users.getStore());
    await Promise.all([
      users.run('bob', () => worker.send('job', undefined, { onProgress })),
      users.run('eve', () => worker.send('job', undefined, { onProgress })),
      users.exit(() => worker.send('job', undefined, { onProgress })),
    ]);
    assert.deepEqual(seen, ['bob', 'eve', undefined]);
  });
}
