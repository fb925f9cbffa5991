// A pool has the same methods with each driver, and passes options to its workers.
import assert from 'node:assert/strict';
import { AsyncLocalStorage } from 'node:async_hooks';
import { describe, test } from 'node:test';

import {
  createPool,
  type DefineMessages,
  defineMessages,
  InProcessDriver,
  unchecked,
  WorkerThreadsDriver,
} from 'isolated-workers';
import { z } from 'zod';

import { forkDriver } from '../fixtures/fork-driver.mjs';
import { failure, type Loose } from '../fixtures/pool/support.mjs';

const fixture = (name: string) => new URL(`../fixtures/${name}`, import.meta.url);

for (const [name, driver] of Object.entries({
  "the host's thread": InProcessDriver,
  'a driver of the user': forkDriver,
})) {
  test(`A pool works with ${name}`, async (t) => {
    const script = name.startsWith('a driver') ? fixture('pool/forked.mjs') : fixture('echo.mjs');
    const pool = await createPool<Loose>({
      script: name.startsWith('a driver') ? script.pathname : script,
      driver,
      maxWorkers: 2,
      concurrency: 2,
      unexpectedShutdown: { strategy: 'retry' },
      recycle: { afterRequests: 5, jitter: 0 },
    } as never);
    t.after(() => pool.close());
    const sent = Array.from({ length: 30 }, (_, value) => pool.send('echo', value, { key: `${value % 3}` }));
    assert.deepEqual(
      await Promise.all(sent),
      Array.from({ length: 30 }, (_, value) => value),
    );
    assert.equal(pool.stats().completed, 30);
    const [late] = await Promise.all([
      failure(pool.send('echo', 1, { signal: AbortSignal.abort() })),
      pool.send('echo', 2),
    ]);
    assert.equal(late.name, 'AbortError');
    await pool.close();
    assert.equal(pool.workers.length, 0);
  });
}

describe('A pool passes to its workers these options of createWorker:', () => {
  type Messages = DefineMessages<{ ask: { payload: number; result: number } }>;
  type HostMessages = DefineMessages<{ double: { payload: number; result: number } }>;

  test('host handlers, which each worker can call', async () => {
    const pool = await createPool<Messages, WorkerThreadsDriver, HostMessages>({
      script: fixture('pool/asks.mjs'),
      driver: WorkerThreadsDriver,
      minWorkers: 2,
      maxWorkers: 2,
      handlers: { double: (number) => number * 2 },
    });
    assert.deepEqual(await Promise.all([1, 2, 3].map((number) => pool.send('ask', number))), [2, 4, 6]);
    await pool.close();
  });

  test('validators, which check results', async () => {
    const messages = defineMessages({
      echo: { payload: unchecked<unknown>(), result: z.number() },
    });
    const pool = await createPool({ script: fixture('echo.mjs'), messages, maxWorkers: 1 });
    const [one, other] = await Promise.allSettled([pool.send('echo', 1), pool.send('echo', 'text')]);
    assert.deepEqual(one, { status: 'fulfilled', value: 1 });
    assert.equal(other.status === 'rejected' && other.reason.code, 'ERR_INVALID_MESSAGE');
    await pool.close();
  });

  test('a context, which travels with waiting requests, too', async () => {
    const storage = new AsyncLocalStorage<string>();
    const injected: (string | undefined)[] = [];
    const context = {
      inject() {
        injected.push(storage.getStore());
        return { id: storage.getStore() ?? 'none' };
      },
      extract: (_carrier: unknown, run: () => unknown) => run(),
    };
    const pool = await createPool<Loose>({ script: fixture('echo.mjs'), maxWorkers: 1, context } as never);
    await Promise.all(['a', 'b', 'c'].map((id) => storage.run(id, () => pool.send('echo', id))));
    assert.deepEqual(injected, ['a', 'b', 'c']);
    await pool.close();
  });
});
