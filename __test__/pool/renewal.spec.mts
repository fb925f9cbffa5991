// A pool replaces healthy workers, and broadcasts to all of them.
import assert from 'node:assert/strict';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { test } from 'node:test';

import { begin, eventually, failure, type LoosePool, withDrivers } from '../fixtures/pool/support.mjs';

/** Sends requests without a pause until the test stops it; a worker must answer each. */
function load(pool: LoosePool) {
  const over = new AbortController();
  let count = 0;
  const senders = Array.from({ length: 4 }, async () => {
    while (!over.signal.aborted) assert.equal(await pool.send('later', { ms: 2, value: ++count && 'ok' }), 'ok');
  });
  return async () => {
    over.abort();
    await Promise.all(senders);
    return count;
  };
}

withDrivers('A pool', (driver, isThread) => {
  test('replaces a worker after a number of requests, and loses none', async (t) => {
    const recycle = { afterRequests: 10, jitter: 0 };
    const { pool, starts } = await begin(t, { ...driver, minWorkers: 2, maxWorkers: 2, recycle });
    const stop = load(pool);
    await eventually('three were replaced', () => pool.stats().recycled >= 3);
    const count = await stop();
    await eventually('two serve', () => pool.workers.length === 2);
    const { completed, failed, crashed, recycled, workers } = pool.stats();
    assert.deepEqual([completed, failed, crashed, workers], [count, 0, 0, 2]);
    assert.ok(starts() >= 2 + recycled);
  });

  test('serves with the new worker before it drains the old one', async (t) => {
    const { pool, file, open } = await begin(t, {
      ...driver,
      maxWorkers: 1,
      concurrency: 2,
      recycle: { afterRequests: 1 },
    });
    const who = await pool.send('who');
    const gate = pool.send('gate', { path: file('gate'), name: 'long' });
    await eventually('another serves', () => pool.stats().recycled === 1);
    const states = pool.workers.map(({ state }) => state);
    assert.equal(states.filter((state) => state !== 'draining').length, 1);
    assert.notEqual(await pool.send('who'), who);
    open('gate');
    assert.equal(await gate, 'long');
  });

  test('replaces a worker by its age', async (t) => {
    const { pool } = await begin(t, { ...driver, maxWorkers: 1, recycle: { maxAge: 100 } });
    const who = await pool.send('who');
    await eventually('it was replaced', () => pool.stats().recycled > 0);
    assert.notEqual(await pool.send('who'), who);
  });

  test('replaces a worker by its memory', async (t) => {
    const recycle = { maxRssMb: 150 };
    if (isThread) {
      const error = await failure(begin(t, { ...driver, recycle }));
      assert.equal(error.code, 'ERR_UNSUPPORTED_BY_DRIVER');
      return;
    }
    if (process.platform !== 'linux') return t.skip('Linux tells the memory of a process');
    const { pool } = await begin(t, { maxWorkers: 1, recycle });
    await pool.send('grow', 200);
    await eventually('it was replaced', () => pool.stats().recycled === 1);
    assert.ok(pool.workers.some(({ rss }) => rss! < 150 * 2 ** 20));
  });

  test('restarts all workers under load without losing a request', async (t) => {
    const { pool } = await begin(t, { ...driver, minWorkers: 2, maxWorkers: 2, spares: 1 });
    await eventually('one is spare', () => pool.stats().spares === 1);
    const before = new Set(pool.workers.map(({ name }) => name));
    const stop = load(pool);
    await pool.restart();
    assert.deepEqual(
      pool.workers.filter(({ name }) => before.has(name)),
      [],
    );
    const count = await stop();
    const { completed, failed, crashed, recycled } = pool.stats();
    assert.deepEqual([completed, failed, crashed, recycled], [count, 0, 0, 2]);
  });

  test('continues with the old workers where no new one can start, and reports the reason', async (t) => {
    const quiet = isThread ? { driverOptions: { stderr: true } } : { stdio: ['ignore', 'ignore', 'ignore'] };
    const first = await begin(t, { ...driver, maxWorkers: 1 });
    const failsIf = first.file('broken');
    const { pool } = await begin(t, { ...driver, ...quiet, maxWorkers: 1, startupData: { failsIf } } as never);
    const who = await pool.send('who');
    first.open('broken');
    assert.equal((await failure(pool.restart())).code, 'ERR_WORKER_CRASHED');
    assert.equal(await pool.send('who'), who);
  });
});

withDrivers('A broadcast', (driver) => {
  test('reaches all workers, and later ones before they serve', async (t) => {
    const { pool, file, open } = await begin(t, { ...driver, minWorkers: 2, maxWorkers: 4 });
    const told = await pool.broadcast('tell', { name: 'a', value: 1 });
    assert.equal(new Set(told).size, 2);
    await pool.broadcast('tell', { name: 'a', value: 2 });
    const gates = Array.from({ length: 4 }, (_, name) => pool.send('gate', { path: file('gate'), name }));
    await eventually('four are busy', () => pool.stats().busy === 4);
    open('gate');
    await Promise.all(gates);
    const all = await Promise.all(Array.from({ length: 4 }, () => pool.send('told')));
    for (const each of all) assert.deepEqual(each, { a: 2 });
    await failure(pool.send('crash', 'x'));
    const late = Array.from({ length: 4 }, (_, name) => pool.send('gate', { path: file('late'), name }));
    await eventually('another serves', () => pool.stats().busy === 4);
    open('late');
    await Promise.all(late);
    for (let turn = 0; turn < 4; turn++) assert.deepEqual(await pool.send('told'), { a: 2 });
  });

  test('reaches later workers if its option says so', async (t) => {
    const { pool } = await begin(t, { ...driver, minWorkers: 0, maxWorkers: 1 });
    const payload = { name: 'c', value: 1 };
    assert.deepEqual(await pool.broadcast('tell', { name: 'a', value: 1 }, { replay: 'all' }), []);
    await pool.broadcast('tell', { name: 'b', value: 1 }, { replay: 'all' });
    await pool.broadcast('tell', payload, { replay: 'none' });
    payload.name = 'changed later';
    assert.deepEqual(await pool.send('told'), { a: 1, b: 1 });
    await pool.broadcast('tell', { name: 'd', value: 1 });
    await failure(pool.send('crash', 'x'));
    assert.deepEqual(await pool.send('told'), { d: 1 });
  });

  test('rejects with the errors of handlers, once all have answered', async (t) => {
    const { pool } = await begin(t, { ...driver, minWorkers: 2, maxWorkers: 2 });
    const error = await failure(pool.broadcast('tell', { name: 'a', value: 'refused' }, { replay: 'none' }));
    assert.ok(error instanceof AggregateError);
    assert.match(error.message, /^2 of 2 workers failed to handle the broadcast "tell"/);
    assert.ok(error.errors.every((each) => each instanceof RangeError));
    const data = await failure(pool.broadcast('tell', { name: () => {} } as never));
    assert.equal(data.code, 'ERR_NOT_SERIALIZABLE');
    assert.equal(await pool.send('echo', 1), 1);
  });

  test('that a new worker fails to handle keeps it from serving', async (t) => {
    const { pool } = await begin(t, { ...driver, minWorkers: 0, maxWorkers: 1 });
    await pool.broadcast('tell', { name: 'a', value: 'refused' });
    const error = await failure(pool.send('echo', 1));
    assert.equal(error.code, 'ERR_POOL_UNAVAILABLE');
    assert.ok(error.cause.cause instanceof RangeError);
    assert.equal(pool.workers.length, 0);
  });
});

withDrivers('diagnostics_channel', (driver) => {
  test('reports the events of a pool', async (t) => {
    const told: { event: string; message: any }[] = [];
    const listen = ['workerStart', 'workerExit', 'drain', 'error'].map((event) => {
      const name = `isolated-workers:pool:${event}`;
      const listener = (message: unknown) => void told.push({ event, message });
      subscribe(name, listener);
      return () => unsubscribe(name, listener);
    });
    t.after(() => listen.forEach((end) => end()));
    const { pool, file, open } = await begin(t, { ...driver, maxWorkers: 1, name: 'told' });
    const gates = [1, 2].map((name) => pool.send('gate', { path: file('gate'), name }));
    open('gate');
    await Promise.all(gates);
    await pool.close();
    assert.deepEqual(
      told.map(({ event }) => event),
      ['workerStart', 'drain', 'workerExit'],
    );
    for (const { message } of told) assert.equal(message.pool, 'told');
    assert.equal(told[0]?.message.worker.name, 'told-1');
    assert.equal(told[2]?.message.reason.type, 'exit');
  });
});
