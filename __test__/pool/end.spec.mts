// A pool ends, and leaves nothing behind.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { createPool } from 'isolated-workers';

import { isGone } from '../fixtures/processes.mjs';
import { begin, eventually, failure, type Loose, script, withDrivers } from '../fixtures/pool/support.mjs';

const run = promisify(execFile);
const program = (name: string) => fileURLToPath(new URL(`../fixtures/pool/${name}.mjs`, import.meta.url));

withDrivers('close', (driver) => {
  test('finishes running and waiting requests, and refuses later ones', async (t) => {
    const { pool, file, open } = await begin(t, { ...driver, maxWorkers: 2 });
    const gates = [1, 2, 3, 4].map((name) => pool.send('gate', { path: file('gate'), name }));
    const closed = pool.close();
    const text = /the pool "worker\.mjs" is closed, or about to be/;
    for (const refused of [
      failure(pool.send('echo', 1)),
      failure((pool.stream('count' as never, { to: 1 } as never) as any).next()),
      failure(pool.broadcast('tell', {})),
      failure(pool.restart()),
      failure(pool.drained()),
    ]) {
      const error = await refused;
      assert.equal(error.code, 'ERR_WORKER_CLOSED');
      assert.match(error.message, text);
    }
    assert.throws(() => pool.post('note', 1), text);
    assert.throws(() => pool.resize({ maxWorkers: 1 }), text);
    open('gate');
    assert.deepEqual(await Promise.all(gates), [1, 2, 3, 4]);
    await closed;
    await pool.close();
    assert.deepEqual([pool.workers.length, pool.stats().workers, pool.stats().starting], [0, 0, 0]);
  });

  test('with "reject" rejects waiting and running requests, also in a second call', async (t) => {
    for (const isSecond of [false, true]) {
      const { pool, file } = await begin(t, { ...driver, maxWorkers: 1 });
      const gates = [1, 2].map((name) => failure(pool.send('gate', { path: file('gate'), name })));
      await eventually('one runs', () => pool.stats().inFlight === 1);
      if (isSecond) void pool.close();
      await pool.close({ pending: 'reject' });
      for (const gate of gates) assert.equal((await gate).code, 'ERR_WORKER_CLOSED');
      assert.deepEqual([pool.workers.length, pool.stats().inFlight, pool.stats().failed], [0, 0, 2]);
    }
  });

  test('ends a pool whose workers are starting', async (t) => {
    const { pool } = await begin(t, { ...driver, minWorkers: 0, maxWorkers: 4 });
    const sent = Array.from({ length: 4 }, (_, value) => failure(pool.send('echo', value)));
    await pool.close({ pending: 'reject' });
    for (const each of sent) assert.equal((await each).code, 'ERR_WORKER_CLOSED');
    assert.equal(pool.workers.length, 0);
  });

  test('ends workers above a limit, draining workers and spares', async (t) => {
    const { pool, file } = await begin(t, { ...driver, minWorkers: 2, maxWorkers: 2, spares: 1 });
    const gates = [1, 2].map((name) => failure(pool.send('gate', { path: file('gate'), name })));
    await eventually('one is spare', () => pool.stats().spares === 1);
    const workers = [...pool.workers];
    pool.resize({ minWorkers: 1, maxWorkers: 1 });
    await pool.close({ pending: 'reject' });
    await Promise.all(gates);
    assert.deepEqual(
      workers.map(({ state }) => state),
      ['gone', 'gone', 'gone'],
    );
  });
});

withDrivers('A process', (driver, isThread) => {
  test('ends by itself while its pools are idle', async () => {
    for (const what of ['idle', 'done', 'paused']) {
      const { stdout } = await run(process.execPath, [program('host'), isThread ? 'thread' : 'process', what], {
        timeout: 20_000,
        killSignal: 'SIGKILL',
      });
      const { pids, answered } = JSON.parse(stdout);
      assert.equal(answered, what === 'idle' ? 0 : 3);
      if (!isThread) await eventually('its workers are gone', () => pids.every((pid: number) => isGone(pid)));
    }
  });

  test('lives as long as a request waits for a worker', async () => {
    const { stdout } = await run(process.execPath, [program('host'), isThread ? 'thread' : 'process', 'waits'], {
      timeout: 20_000,
      killSignal: 'SIGKILL',
    });
    assert.equal(JSON.parse(stdout).answered, 10);
  });

  test('keeps nothing of closed pools', async () => {
    const left = () => process.getActiveResourcesInfo().filter((name) => /Process|Worker|Message|Timeout/.test(name));
    const one = async () => {
      const pool = await createPool<Loose>({
        script,
        ...(driver as object),
        maxWorkers: 3,
        idleTimeout: 10_000,
        recycle: { maxAge: 60_000 },
      });
      await Promise.all(Array.from({ length: 30 }, (_, index) => pool.send('echo', index, { queueTimeout: 10_000 })));
      await pool.close();
    };
    for (let round = 0; round < 4; round++) await one();
    await eventually('nothing is left', () => left().length === 0);
  });
});
