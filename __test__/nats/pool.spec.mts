// A pool over NATS: it follows the serving processes that come and go.
import assert from 'node:assert/strict';
import { describe, test, type TestContext } from 'node:test';

import { createPool, type PoolOptions } from 'isolated-workers';
import { NatsDriver } from 'isolated-workers/drivers/nats';

import { atEnd } from '../fixtures/nats/at-end.mjs';
import { noBroker, suiteBroker } from '../fixtures/nats/broker.mjs';
import { heartbeat, program, serveEcho } from '../fixtures/nats/support.mjs';
import { gone } from '../fixtures/processes.mjs';
import { eventually, failure, type Loose } from '../fixtures/support.mjs';

describe('A pool over NATS', { skip: noBroker }, () => {
  const broker = suiteBroker();

  async function poolOf(t: TestContext, options: Partial<PoolOptions<Loose, NatsDriver>>) {
    const driver = new NatsDriver({ servers: broker.url, heartbeat, waitForWorker: 500 });
    const pool = await createPool<Loose, NatsDriver>({
      script: 'echo',
      driver,
      logLevel: 'silent',
      ...options,
    } as never);
    atEnd(t, () => pool.close({ pending: 'reject' } as never));
    return pool;
  }

  /** The process ids of the workers that answer many requests at once. */
  async function answering(pool: { send(type: string, payload?: unknown): Promise<unknown> }): Promise<Set<unknown>> {
    return new Set(await Promise.all(Array.from({ length: 32 }, () => pool.send('pid'))));
  }

  const holds = async (pool: Parameters<typeof answering>[0], pids: readonly number[]) => {
    const found = await answering(pool);
    return found.size === pids.length && pids.every((pid) => found.has(pid));
  };

  test('grows into a serving process that comes later', async (t) => {
    const first = await serveEcho(t, broker.url);
    const pool = await poolOf(t, { minWorkers: 1, maxWorkers: 4 });
    assert.deepEqual(await answering(pool), new Set(first.pids));
    const second = await serveEcho(t, broker.url, { workers: 3 });
    await eventually('it uses the workers of both', () => holds(pool, [...first.pids, ...second.pids]));
  });

  test('moves the requests of a serving process that is closed to another one', async (t) => {
    const [leaving, staying] = await Promise.all([1, 2].map(() => serveEcho(t, broker.url, { workers: 2 })));
    assert.ok(leaving && staying);
    const unexpectedShutdown = { strategy: 'retry', attempts: 3 } as const;
    const pool = await poolOf(t, { minWorkers: 4, maxWorkers: 4, unexpectedShutdown });
    const answers = Promise.all(Array.from({ length: 8 }, () => pool.send('block', 50)));
    await leaving.close();
    assert.deepEqual(new Set(await answers), new Set([50]));
    await eventually('it uses the workers that are left', () => holds(pool, staying.pids));
  });

  test('keeps the workers of other machines when one dies, and takes those of a new one', async (t) => {
    const [dying, line] = await program(t, 'serving.mjs', [broker.url, 'echo', '2']);
    const staying = await serveEcho(t, broker.url, { workers: 1 });
    const unexpectedShutdown = { strategy: 'retry', attempts: 5 } as const;
    const pool = await poolOf(t, { minWorkers: 3, maxWorkers: 3, unexpectedShutdown });
    const lost = JSON.parse(line) as number[];
    await eventually('it uses all', () => holds(pool, [...lost, ...staying.pids]));
    const answers = Promise.all(Array.from({ length: 30 }, (_, id) => pool.send('echo', id)));
    dying.kill('SIGKILL');
    assert.deepEqual(
      await answers,
      Array.from({ length: 30 }, (_, id) => id),
    );
    await eventually('it uses the worker that is left', () => holds(pool, staying.pids));
    for (const pid of lost) await gone(pid);
    const fresh = await serveEcho(t, broker.url, { workers: 2 });
    await eventually('it uses the new ones, too', () => holds(pool, [...fresh.pids, ...staying.pids]), 20_000);
  });

  test('without any worker rejects, and serves as soon as there is one', async (t) => {
    const pool = await poolOf(t, { minWorkers: 0, maxWorkers: 2 });
    const error = await failure(pool.send('echo', 1));
    assert.equal(error.code, 'ERR_POOL_UNAVAILABLE');
    assert.equal(error.cause?.code, 'ERR_NO_SUCH_WORKER');
    const waiting = eventually('it is answered', async () => {
      try {
        return (await pool.send('echo', 2)) === 2;
      } catch {
        return false;
      }
    });
    await serveEcho(t, broker.url);
    await waiting;
  });

  test('of which two use the workers of one name share them, and a closed one leaves its share to the other', async (t) => {
    const serving = await serveEcho(t, broker.url, { workers: 4 });
    const [one, two] = await Promise.all([1, 2].map(() => poolOf(t, { minWorkers: 2, maxWorkers: 4 })));
    assert.ok(one && two);
    const [first, second] = await Promise.all([answering(one), answering(two)]);
    assert.equal(first.size + second.size, 4);
    assert.equal(new Set([...first, ...second]).size, 4);
    await one.close();
    await eventually('all workers are those of the other', async () => (await answering(two)).size === 4, 20_000);
    assert.equal(serving.taken, 4);
  });
});
