// A pool chooses a worker for each request.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { createPool, type PoolWorker } from 'isolated-workers';

import { begin, eventually, failure, type Options, script, withDrivers } from '../fixtures/pool/support.mjs';

withDrivers('The strategy of a pool', (driver) => {
  const full: Options = { ...driver, minWorkers: 3, maxWorkers: 3, concurrency: 10 };

  test('least-busy gives each request to the worker that runs the fewest', async (t) => {
    const { pool, file, open } = await begin(t, full);
    const gates = Array.from({ length: 6 }, (_, name) => pool.send('gate', { path: file('gate'), name }));
    assert.deepEqual(
      pool.workers.map(({ inFlight }) => inFlight),
      [2, 2, 2],
    );
    open('gate');
    await Promise.all(gates);
  });

  test('round-robin goes from one to the next', async (t) => {
    const { pool } = await begin(t, { ...full, strategy: 'round-robin' });
    const who: string[] = [];
    for (let turn = 0; turn < 6; turn++) who.push(await pool.send('who'));
    assert.equal(new Set(who.slice(0, 3)).size, 3);
    assert.deepEqual(who.slice(0, 3), who.slice(3));
  });

  test('a function chooses the worker, and sees the request', async (t) => {
    const seen: unknown[] = [];
    const { pool } = await begin(t, {
      ...full,
      strategy: (workers, { type, payload, priority }) => {
        seen.push({ type, payload, priority, states: workers.map(({ state }) => state) });
        return workers.at(-1) as PoolWorker;
      },
    });
    const who = await Promise.all([1, 2, 3].map(() => pool.send('who', undefined, { priority: 2 })));
    assert.equal(new Set(who).size, 1);
    assert.equal(seen.length, 3);
    assert.deepEqual(seen[0], { type: 'who', payload: undefined, priority: 2, states: ['idle', 'idle', 'idle'] });
  });

  test('a function that throws, or returns a foreign worker, rejects only the request', async (t) => {
    const other = await createPool({ script, ...(driver as object) });
    t.after(() => other.close());
    let choose: (workers: readonly PoolWorker[]) => unknown = ([first]) => first;
    const strategy = (workers: readonly PoolWorker[]) => choose(workers) as PoolWorker;
    const { pool } = await begin(t, { ...driver, maxWorkers: 2, minWorkers: 2, strategy });
    const [dead, alive] = pool.workers as [PoolWorker, PoolWorker];
    choose = () => dead;
    const lost = failure(pool.send('crash', 'x'));
    await lost;
    const wrong = {
      'a worker of another pool': [
        () => other.workers[0],
        /"worker\.mjs-1", which is of another pool or has no free place/,
      ],
      'a worker that is gone': [() => dead, /which is gone/],
      'no worker': [() => undefined, /not undefined/],
      'something else': [() => ({ ...alive }), /not a value of the type object/],
      'a worker that looks like one': [() => new Proxy(alive, {}), /not a value of the type object/],
    } as const;
    for (const [title, [act, text]] of Object.entries(wrong)) {
      choose = act;
      const error = await failure(pool.send('who'));
      assert.equal(error.code, 'ERR_INVALID_OPTION', title);
      assert.match(error.message, text);
      assert.match(
        error.message,
        /^the strategy of the pool "worker\.mjs" must return one of the workers that it was given/,
      );
    }
    choose = () => {
      throw new RangeError('no idea');
    };
    assert.ok((await failure(pool.send('who'))) instanceof RangeError);
    assert.throws(() => pool.post('note', 1), RangeError);
    choose = ([first]) => first;
    assert.match(await pool.send('who'), /:/);
    const { failed, queued, inFlight } = pool.stats();
    assert.deepEqual([failed, queued, inFlight], [7, 0, 0]);
  });
});

withDrivers('A key', (driver) => {
  test('sends its requests to the same worker, and different keys to different workers', async (t) => {
    const { pool } = await begin(t, { ...driver, maxWorkers: 4 });
    const keys = Array.from({ length: 20 }, (_, index) => `key ${index}`);
    const ask = () => Promise.all(keys.map((key) => pool.send('who', undefined, { key })));
    const first = await ask();
    assert.deepEqual(await ask(), first);
    assert.ok(new Set(first).size > 1);
  });

  test('begins its requests in the order of the calls, whatever their priority', async (t) => {
    const { pool, file, open, begun } = await begin(t, { ...driver, maxWorkers: 2, minWorkers: 2 });
    const gate = pool.send('gate', { path: file('gate'), name: 'first' }, { key: 'k' });
    await eventually('it has begun', () => begun().length === 1);
    const sent = [0, 5, 1].map((priority, index) => pool.send('begin', index, { key: 'k', priority }));
    const others = ['x', 'y'].map((name) => pool.send('begin', name));
    // The other worker runs them, and none of the key.
    await Promise.all(others);
    assert.deepEqual(begun().toSorted(), ['first', 'x', 'y']);
    pool.post('note', 'noted', { key: 'k' });
    assert.equal(pool.stats().queued, 4);
    open('gate');
    await Promise.all([gate, ...sent]);
    assert.deepEqual(
      begun().filter((name) => /\d/.test(name)),
      ['0', '1', '2'],
    );
    assert.deepEqual(await pool.send('notes', undefined, { key: 'k' }), ['noted']);
  });

  test('keeps its worker when the pool shrinks, as long as that runs a request of the key', async (t) => {
    const { pool, file, open } = await begin(t, { ...driver, minWorkers: 4, maxWorkers: 4 });
    const keys = Array.from({ length: 8 }, (_, index) => `key ${index}`);
    const gates = keys.map((key) => pool.send('gate', { path: file('gate'), name: key }, { key }));
    const after = keys.map((key) => pool.send('who', undefined, { key }));
    pool.resize({ minWorkers: 1, maxWorkers: 1 });
    open('gate');
    assert.deepEqual(await Promise.all(gates), keys);
    const who = await Promise.all(after);
    await eventually('one is left', () => pool.workers.length === 1);
    const last = await pool.send('who');
    assert.equal(who.at(-1), last);
  });

  test('gets another worker when its own is lost', async (t) => {
    const { pool } = await begin(t, { ...driver, maxWorkers: 2 });
    const who = await pool.send('who', undefined, { key: 'k' });
    await failure(pool.send('crash', 'x', { key: 'k' }));
    const next = await pool.send('who', undefined, { key: 'k' });
    assert.notEqual(next, who);
    assert.equal(await pool.send('who', undefined, { key: 'k' }), next);
  });
});
