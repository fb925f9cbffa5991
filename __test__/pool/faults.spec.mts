// The workers of a pool end, hang, or cannot start.
import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { test } from 'node:test';

import { WorkerCrashedError } from 'isolated-workers';

import { stop } from '../fixtures/lives/support.mjs';
import { begin, eventually, failure, record, withDrivers } from '../fixtures/pool/support.mjs';

const retry = { strategy: 'retry' } as const;

withDrivers('A worker that crashes', (driver, isThread) => {
  test('is replaced; the pool rejects its request and no other', async (t) => {
    const { pool } = await begin(t, { ...driver, minWorkers: 2, maxWorkers: 2 });
    const names = record(pool);
    const error = await failure(pool.send('crash', 'x'));
    assert.ok(error instanceof WorkerCrashedError);
    assert.equal(error.messageType, 'crash');
    assert.equal(await pool.send('echo', 1), 1);
    await eventually('two serve', () => pool.stats().workers === 2);
    await eventually('it was told', () => names.length >= 2);
    assert.deepEqual(names.toSorted(), ['workerExit', 'workerStart']);
    const { crashed, failed, completed } = pool.stats();
    assert.deepEqual([crashed, failed, completed], [1, 1, 1]);
  });

  test('is replaced when it was idle, too', async (t) => {
    const { pool } = await begin(t, { ...driver, minWorkers: 1, maxWorkers: 1 });
    if (isThread) return t.skip('nobody can kill a thread from outside');
    const pid = pool.workers[0]!.pid!;
    process.kill(pid, 'SIGKILL');
    await eventually('another serves', () => pool.workers[0]?.pid !== pid && pool.stats().workers === 1);
    assert.equal(pool.stats().crashed, 1);
    assert.equal(await pool.send('echo', 1), 1);
  });

  test('passes its request to another worker, where the request may be retried', async (t) => {
    const { pool, file, begun } = await begin(t, { ...driver, maxWorkers: 2, unexpectedShutdown: retry });
    assert.equal(await pool.send('crashUnless', { path: file('met'), name: 'x' }), 'x');
    assert.deepEqual(begun(), ['x', 'x']);
    assert.equal(pool.stats().failed, 0);
  });

  test('harms no neighbour: a request that ends each worker fails alone', async (t) => {
    const { pool, file, open, lines } = await begin(t, {
      ...driver,
      maxWorkers: 2,
      concurrency: 4,
      unexpectedShutdown: { strategy: 'retry', attempts: 3 },
    });
    const gates = Array.from({ length: 6 }, (_, name) => pool.send('gate', { path: file('gate'), name }));
    const poison = failure(pool.send('crash', 'poison'));
    await eventually('it was tried once', () => lines().includes('crash poison'));
    open('gate');
    const error = await poison;
    assert.equal(error.code, 'ERR_WORKER_CRASHED');
    assert.deepEqual([error.attempt, error.maxAttempts], [3, 3]);
    assert.deepEqual(await Promise.all(gates), [0, 1, 2, 3, 4, 5]);
    assert.equal(lines().filter((line) => line === 'crash poison').length, 3);
    assert.equal(pool.stats().failed, 1);
    assert.equal(await pool.send('echo', 'fine'), 'fine');
  });

  test('does not restart the timeout of its request, which counts from the first attempt', async (t) => {
    const { pool, file } = await begin(t, { ...driver, maxWorkers: 1, unexpectedShutdown: { ...retry, attempts: 50 } });
    const error = await failure(pool.send('crash', file('never'), { timeout: 600 }));
    assert.equal(error.code, 'ERR_MESSAGE_TIMEOUT');
    assert.match(error.message, /within 600 ms/);
    assert.equal(pool.stats().queued, 0);
  });

  test('fails its stream once, after the chunks that arrived', async (t) => {
    const { pool } = await begin(t, { ...driver, maxWorkers: 1, unexpectedShutdown: retry, concurrency: 2 });
    const stream = pool.stream('count' as never, { to: 2, path: '/no/such/file' } as never) as any;
    assert.deepEqual([(await stream.next()).value, (await stream.next()).value], [0, 1]);
    await failure(pool.send('crash', 'x'));
    assert.equal((await failure(stream.next())).code, 'ERR_WORKER_CRASHED');
  });
});

withDrivers('A pool whose workers cannot start', (driver) => {
  const quiet = { stdio: ['ignore', 'ignore', 'ignore'] } as const;
  const options = {
    ...driver,
    minWorkers: 0,
    maxWorkers: 2,
    ...('driver' in driver ? { driverOptions: { stderr: true } } : quiet),
  };

  test('rejects waiting requests with the reason after some attempts, and recovers when workers can start', async (t) => {
    const { pool, file, open, starts } = await begin(t, options as never);
    await pool.close();
    const failsIf = file('broken');
    open('broken');
    const next = await begin(t, { ...options, startupData: { failsIf } } as never);
    const names = record(next.pool);
    const sent = await Promise.all([1, 2, 3].map((value) => failure(next.pool.send('echo', value))));
    for (const error of sent) {
      assert.equal(error.code, 'ERR_POOL_UNAVAILABLE');
      assert.match(error.message, /the pool "worker\.mjs" has no worker for it and can start none: /);
      assert.equal(error.cause.code, 'ERR_WORKER_CRASHED');
    }
    assert.ok(names.filter((name) => name === 'error').length <= 4, names.join(' '));
    // For a moment nothing is tried.
    const before = performance.now();
    assert.equal((await failure(next.pool.send('echo', 4))).code, 'ERR_POOL_UNAVAILABLE');
    assert.ok(performance.now() - before < 500);
    await eventually('nothing is being started', () => next.pool.stats().starting === 0);
    rmSync(failsIf);
    await eventually('it tries again', async () => (await next.pool.send('echo', 5).catch(() => undefined)) === 5);
    assert.equal(await next.pool.send('echo', 6), 6);
    assert.equal(starts(), 0);
  });

  test('continues with the workers that it has', async (t) => {
    const { pool, file, open } = await begin(t, { ...options, startupData: { failsIf: undefined } } as never);
    await pool.close();
    const failsIf = file('broken');
    const next = await begin(t, { ...options, startupData: { failsIf } } as never);
    assert.equal(await next.pool.send('echo', 1), 1);
    open('broken');
    const sent = Array.from({ length: 5 }, (_, value) => next.pool.send('later', { ms: 100, value }));
    assert.deepEqual(await Promise.all(sent), [0, 1, 2, 3, 4]);
    assert.equal(next.pool.stats().workers, 1);
  });
});

withDrivers('A worker that hangs', (driver, isThread) => {
  test('gets no requests after a timeout until it responds; the pool continues with the others', async (t) => {
    const { pool, file, open } = await begin(t, { ...driver, minWorkers: 2, maxWorkers: 2 });
    const blocked = await failure(pool.send('blockUntil', file('end'), { timeout: 50 }));
    assert.equal(blocked.code, 'ERR_MESSAGE_TIMEOUT');
    // The worker that is blocked answers none of them.
    for (let index = 0; index < 20; index++) assert.equal(await pool.send('echo', index), index);
    assert.equal(pool.workers.filter(({ state }) => state === 'paused').length, 1);
    open('end');
    await eventually('it serves again', () => pool.workers.every(({ state }) => state === 'idle'));
  });

  test('dies by SIGKILL where the options say so, and the pool replaces it and retries its request', async (t) => {
    const { pool, lines } = await begin(t, { ...driver, maxWorkers: 1, unresponsiveAfter: 150 });
    const error = await failure(pool.send('block', 60_000));
    assert.ok(error instanceof WorkerCrashedError);
    assert.match(error.message, /did not respond for 150 ms/);
    assert.equal(await pool.send('echo', 1), 1);
    assert.equal(pool.stats().crashed, 1);
    assert.equal(lines().filter((line) => line.startsWith('start')).length, 2);
  });

  test('that is stopped gets no requests, and the pool kills it where the options say so', async (t) => {
    if (isThread || process.platform === 'win32') return t.skip('only a process can be stopped');
    const { pool } = await begin(t, { minWorkers: 2, maxWorkers: 2 });
    // With nothing to do, the first request goes to the first slot.
    const first = { pid: Number.parseInt(await pool.send('who'), 10) };
    await stop(first);
    const lost = failure(pool.send('echo', 'to the first', { timeout: 300 }));
    for (let index = 0; index < 5; index++) assert.equal(await pool.send('echo', index), index);
    assert.equal((await lost).code, 'ERR_MESSAGE_TIMEOUT');
    for (let index = 0; index < 5; index++) assert.equal(await pool.send('echo', index), index);
    process.kill(first.pid, 'SIGCONT');
    await eventually(
      'both serve',
      () => pool.stats().idle === 2 && pool.workers.every(({ state }) => state === 'idle'),
    );
    await pool.close();

    const strict = await begin(t, { maxWorkers: 1, unresponsiveAfter: 200, unexpectedShutdown: retry });
    await stop({ pid: strict.pool.workers[0]!.pid! });
    assert.equal(await strict.pool.send('echo', 'tried again'), 'tried again');
    assert.equal(strict.pool.stats().crashed, 1);
  });
});
