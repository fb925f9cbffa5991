// A pool serves requests with healthy workers.
import assert from 'node:assert/strict';
import { AsyncLocalStorage } from 'node:async_hooks';
import { describe, test } from 'node:test';

import { createPool, preparePayload, WorkerThreadsDriver, type PoolWorker, type RequestSender } from 'isolated-workers';

import { begin, eventually, failure, type Loose, record, script, withDrivers } from '../fixtures/pool/support.mjs';

withDrivers('A pool', (driver) => {
  test('has the methods of a worker', async (t) => {
    const { pool } = await begin(t, driver);
    const sender: RequestSender<Loose> = pool;
    assert.deepEqual(await sender.send('echo', { a: [1] }), { a: [1] });
    const error = await failure(pool.send('fail', 'on purpose'));
    assert.ok(error instanceof TypeError);
    assert.equal(error.message, 'on purpose');
    const steps: number[] = [];
    assert.equal(await pool.send('progress', 3, { onProgress: (step) => steps.push(step as never) }), 3);
    assert.deepEqual(steps, [1, 2, 3]);
    assert.equal(await pool.send('sum', null, { input: [1, 2, 3] as never }), 6);
    pool.post('note', 'a');
    assert.deepEqual(await pool.send('notes'), ['a']);
    assert.equal((await failure(pool.send('no such type'))).code, 'ERR_UNKNOWN_MESSAGE_TYPE');
    assert.deepEqual(await pool.send('echo', preparePayload([1, 2])), [1, 2]);
  });

  test('delivers a waiting payload like any other, whatever structured clone carries', async (t) => {
    const { pool, file, open } = await begin(t, { ...driver, maxWorkers: 1 });
    const gate = pool.send('gate', { path: file('gate'), name: 'first' });
    const echoed = pool.send('echo', new Map([['at', new Date(0)]]));
    assert.equal(pool.stats().queued, 1);
    open('gate');
    assert.deepEqual(await echoed, new Map([['at', new Date(0)]]));
    await gate;
  });

  test('streams at once, and behind other requests', async (t) => {
    const { pool, file, open } = await begin(t, { ...driver, maxWorkers: 1 });
    for (const isQueued of [false, true]) {
      const gate = isQueued ? pool.send('gate', { path: file('gate'), name: 'first' }) : undefined;
      const stream = pool.stream('count' as never, { to: 5 } as never) as AsyncIterable<number> & {
        result: Promise<string>;
      };
      const chunks: number[] = [];
      if (isQueued) open('gate');
      for await (const chunk of stream) chunks.push(chunk);
      assert.deepEqual(chunks, [0, 1, 2, 3, 4]);
      assert.match(await stream.result, /^\d+:\d+$/);
      await gate;
    }
    assert.equal(pool.stats().inFlight, 0);
    assert.equal(pool.stats().completed, 3);
  });

  test('drops a waiting stream that its reader leaves', async (t) => {
    const { pool, file, open } = await begin(t, { ...driver, maxWorkers: 1 });
    const gate = pool.send('gate', { path: file('gate'), name: 'first' });
    const stream = pool.stream('count' as never, { to: 5 } as never) as any;
    const pending = stream.next();
    assert.equal(pool.stats().queued, 1);
    assert.deepEqual(await stream.return(), { done: true, value: undefined });
    assert.deepEqual(await pending, { done: true, value: undefined });
    assert.equal((await failure(stream.result)).code, 'ERR_CANCELLED');
    assert.deepEqual(await stream.next(), { done: true, value: undefined });
    assert.equal(pool.stats().queued, 0);
    open('gate');
    await gate;
  });

  test('grows with waiting requests up to maxWorkers, and shrinks to minWorkers when idle', async (t) => {
    const { pool, file, open, starts } = await begin(t, { ...driver, maxWorkers: 3, idleTimeout: 50 });
    const names = record(pool);
    assert.equal(pool.stats().workers, 1);
    const gates = [1, 2, 3, 4, 5].map((name) => pool.send('gate', { path: file('gate'), name }));
    await eventually('three are busy', () => pool.stats().busy === 3);
    assert.equal(pool.stats().queued, 2);
    open('gate');
    assert.deepEqual(await Promise.all(gates), [1, 2, 3, 4, 5]);
    await eventually('two have ended', () => pool.workers.length === 1);
    assert.equal(starts(), 3);
    await eventually('all was told', () => names.length >= 4);
    assert.deepEqual(names.filter((name) => name === 'workerExit').length, 2);
    assert.equal(pool.stats().crashed, 0);
    assert.equal(await pool.send('echo', 1), 1);
  });

  test('starts no worker before the first request, with minWorkers: 0', async (t) => {
    const { pool, starts } = await begin(t, { ...driver, minWorkers: 0, maxWorkers: 2, idleTimeout: 30 });
    assert.deepEqual([pool.stats().workers, starts()], [0, 0]);
    assert.equal(await pool.send('echo', 1), 1);
    assert.equal(starts(), 1);
    await eventually('it has ended', () => pool.workers.length === 0);
    pool.post('note', 'kept for the next worker');
    assert.deepEqual(await pool.send('notes'), ['kept for the next worker']);
  });

  test('runs `concurrency` requests in a worker at once', async (t) => {
    const { pool, file, open } = await begin(t, { ...driver, maxWorkers: 1, concurrency: 3 });
    const gates = [1, 2, 3, 4].map((name) => pool.send('gate', { path: file('gate'), name }));
    await eventually('three run', () => pool.stats().inFlight === 3);
    assert.deepEqual([pool.stats().queued, pool.stats().workers], [1, 1]);
    open('gate');
    await Promise.all(gates);
  });

  test('changes its size at run time', async (t) => {
    const { pool, file, open } = await begin(t, { ...driver, maxWorkers: 1 });
    const gates = [1, 2, 3].map((name) => pool.send('gate', { path: file('gate'), name }));
    pool.resize({ maxWorkers: 3 });
    await eventually('three are busy', () => pool.stats().busy === 3);
    pool.resize({ maxWorkers: 1 });
    assert.equal(pool.stats().workers, 1);
    assert.deepEqual(pool.workers.map(({ state }) => state).toSorted(), ['busy', 'draining', 'draining']);
    open('gate');
    assert.deepEqual(await Promise.all(gates), [1, 2, 3]);
    await eventually('one is left', () => pool.workers.length === 1);
    pool.resize({ minWorkers: 2, maxWorkers: 2 });
    await eventually('two serve', () => pool.stats().workers === 2);
  });

  test('starts spares in advance, and uses one in place of a new worker', async (t) => {
    const { pool, file, open, starts } = await begin(t, { ...driver, maxWorkers: 2, spares: 1 });
    await eventually('one is spare', () => pool.stats().spares === 1);
    const gates = [1, 2].map((name) => pool.send('gate', { path: file('gate'), name }));
    // Without a start in between.
    assert.deepEqual([pool.stats().busy, pool.stats().queued], [2, 0]);
    await eventually('another is spare', () => pool.stats().spares === 1);
    assert.equal(starts(), 3);
    open('gate');
    await Promise.all(gates);
  });

  test('runs higher priorities first, and requests of one priority in order', async (t) => {
    const { pool, file, open, begun } = await begin(t, { ...driver, maxWorkers: 1 });
    const first = pool.send('gate', { path: file('gate'), name: 'first' });
    const order = [
      ['low 1', -1],
      ['normal 1', undefined],
      ['high 1', 5],
      ['normal 2', 0],
      ['high 2', 5],
      ['low 2', -1],
    ] as const;
    const sent = order.map(([name, priority]) => pool.send('begin', name, { priority }));
    open('gate');
    await Promise.all([first, ...sent]);
    assert.deepEqual(begun(), ['first', 'high 1', 'high 2', 'normal 1', 'normal 2', 'low 1', 'low 2']);
  });

  test('removes an aborted request from the queue at once', async (t) => {
    const { pool, file, open, begun } = await begin(t, { ...driver, maxWorkers: 1 });
    const gate = pool.send('gate', { path: file('gate'), name: 'first' });
    const aborter = new AbortController();
    const waiting = pool.send('begin', 'never', { signal: aborter.signal });
    const others = Array.from({ length: 3 }, () => failure(pool.send('begin', 'never', { signal: aborter.signal })));
    assert.equal(pool.stats().queued, 4);
    aborter.abort(new Error('changed my mind'));
    assert.equal(pool.stats().queued, 0);
    assert.equal((await failure(waiting)).message, 'changed my mind');
    for (const each of others) assert.equal((await each).message, 'changed my mind');
    assert.equal((await failure(pool.send('begin', 'never', { signal: aborter.signal }))).message, 'changed my mind');
    open('gate');
    await gate;
    assert.equal(await pool.send('echo', 1), 1);
    assert.deepEqual(begun(), ['first']);
  });

  test('aborts the signal of a running handler', async (t) => {
    const { pool, file, lines, begun } = await begin(t, { ...driver, maxWorkers: 1 });
    const aborter = new AbortController();
    const gate = pool.send('gate', { path: file('gate'), name: 'x' }, { signal: aborter.signal });
    await eventually('it has begun', () => begun().length === 1);
    aborter.abort();
    assert.equal((await failure(gate)).name, 'AbortError');
    await eventually('it was told', () => lines().includes('aborted x'));
    assert.equal(await pool.send('echo', 1), 1);
  });

  test('rejects a request that waited too long; the message timeout counts from its arrival in a worker', async (t) => {
    const { pool, file, open, begun } = await begin(t, { ...driver, maxWorkers: 1, queueTimeout: 20 });
    const gate = pool.send('gate', { path: file('gate'), name: 'first' });
    const patient = pool.send('echo', 'patient', { timeout: 5_000, queueTimeout: 0 });
    const late = await failure(pool.send('begin', 'late', { timeout: 1 }));
    assert.equal(late.code, 'ERR_QUEUE_TIMEOUT');
    assert.match(late.message, /"begin" reached no worker of the pool "worker\.mjs" within 20 ms/);
    const other = await failure(pool.send('begin', 'late', { queueTimeout: 5 }));
    assert.match(other.message, /within 5 ms/);
    open('gate');
    await gate;
    assert.equal(await patient, 'patient');
    assert.deepEqual(begun(), ['first']);
  });

  test('delays or rejects requests where the queue is full, and emits drain when it has space', async (t) => {
    for (const whenFull of ['wait', 'reject'] as const) {
      const { pool, file, open } = await begin(t, { ...driver, maxWorkers: 1, maxQueue: 2, whenFull });
      const names = record(pool);
      const sent = [1, 2, 3].map((name) => pool.send('gate', { path: file('gate'), name }));
      assert.equal(pool.stats().queued, 2);
      const over = pool.send('echo', 'over');
      let isDrained = false;
      const drained = pool.drained().then(() => (isDrained = true));
      if (whenFull === 'reject') {
        const error = await failure(over);
        assert.equal(error.code, 'ERR_BACKPRESSURE');
        assert.match(error.message, /2 requests wait for a worker of the pool "worker\.mjs", and no more may/);
        const stream = pool.stream('count' as never, { to: 1 } as never) as any;
        assert.equal((await failure(stream.next())).code, 'ERR_BACKPRESSURE');
      }
      assert.equal(isDrained, false);
      open('gate');
      assert.deepEqual(await Promise.all(sent), [1, 2, 3]);
      if (whenFull === 'wait') assert.equal(await over, 'over');
      await drained;
      await pool.drained();
      await eventually('it was told', () => names.includes('drain'));
      await pool.close();
    }
  });

  test('sends the payload of the moment of the call, even if it changes while it waits', async (t) => {
    const { pool, file, open } = await begin(t, { ...driver, maxWorkers: 1 });
    const gate = pool.send('gate', { path: file('gate'), name: 'first' });
    const payload = { value: 'before' };
    const sent = pool.send('echo', payload);
    payload.value = 'after';
    open('gate');
    assert.deepEqual(await sent, { value: 'before' });
    await gate;
  });

  test('rejects a payload that it cannot serialise at once, although the request would wait', async (t) => {
    const { pool, file, open } = await begin(t, { ...driver, maxWorkers: 1 });
    const gate = pool.send('gate', { path: file('gate'), name: 'first' });
    const error = await failure(pool.send('echo', { act: () => {} }));
    assert.equal(error.code, 'ERR_NOT_SERIALIZABLE');
    assert.equal(pool.stats().queued, 0);
    open('gate');
    await gate;
  });

  test('answers 10,000 waiting requests in order', async (t) => {
    const { pool } = await begin(t, { ...driver, maxWorkers: 2, concurrency: 8 });
    const answers: number[] = [];
    const sent = Array.from({ length: 10_000 }, (_, index) =>
      pool.send('echo', index).then((answer: number) => void answers.push(answer)),
    );
    assert.ok(pool.stats().queued > 9_000);
    await Promise.all(sent);
    assert.equal(new Set(answers).size, 10_000);
    const { completed, failed, queued, inFlight, waitTime, runTime } = pool.stats();
    assert.deepEqual([completed, failed, queued, inFlight], [10_000, 0, 0, 0]);
    for (const times of [waitTime, runTime]) {
      assert.ok(times.p50 <= times.p99 && times.p99 <= times.p999 && times.p999 <= times.max);
      assert.ok(times.mean > 0 && times.mean <= times.max);
    }
  });

  test('keeps the asynchronous context of the call for waiting requests', async (t) => {
    const storage = new AsyncLocalStorage<string>();
    const seen: (string | undefined)[] = [];
    const middleware = (message: { type: string }, direction: string) => {
      if (direction === 'outgoing' && message.type === 'echo') seen.push(storage.getStore());
    };
    const { pool, file, open } = await begin(t, { ...driver, maxWorkers: 1, middleware } as never);
    const gate = storage.run('other', () => pool.send('gate', { path: file('gate'), name: 'first' }));
    const sent = ['a', 'b'].map((name) => storage.run(name, () => pool.send('echo', name)));
    open('gate');
    await Promise.all([gate, ...sent]);
    assert.deepEqual(seen, ['a', 'b']);
  });

  test('reports the state of its workers', async (t) => {
    const { pool, file, open } = await begin(t, { ...driver, maxWorkers: 2, name: 'crew' });
    const gate = pool.send('gate', { path: file('gate'), name: 'first' });
    const [worker] = pool.workers as [PoolWorker];
    assert.equal(worker.name, 'crew-1');
    assert.deepEqual([worker.state, worker.inFlight, worker.completed], ['busy', 1, 0]);
    assert.ok(worker.age >= 0);
    const hasProcess = !('driver' in driver);
    assert.equal(typeof worker.pid, hasProcess ? 'number' : 'undefined');
    if (hasProcess && process.platform === 'linux') assert.ok(worker.rss! > 2 ** 24 && worker.rss! < 2 ** 31);
    else assert.equal(worker.rss, undefined);
    open('gate');
    await gate;
    assert.deepEqual([worker.state, worker.inFlight, worker.completed], ['idle', 0, 1]);
    const { utilization } = pool.stats();
    assert.ok(utilization > 0 && utilization <= 1, String(utilization));
    await pool.close();
    assert.equal(worker.state, 'gone');
    assert.equal(worker.rss, undefined);
  });
});

test('A pool of threads moves memory, also of waiting requests', async (t) => {
  const { pool, file, open } = await begin(t, { driver: WorkerThreadsDriver, maxWorkers: 1 } as never);
  const gate = pool.send('gate', { path: file('gate'), name: 'first' });
  const buffer = new ArrayBuffer(8);
  const sent = pool.send('echo', buffer, { transfer: [buffer] as never });
  assert.equal(buffer.byteLength, 8);
  open('gate');
  await gate;
  assert.equal(((await sent) as ArrayBuffer).byteLength, 8);
  assert.equal(buffer.byteLength, 0);
});

describe('createPool', () => {
  test('rejects with the reason where no worker can start', async () => {
    const missing = await failure(createPool({ script: new URL('./no-such-file.mjs', import.meta.url) }));
    assert.equal(missing.code, 'ERR_SCRIPT_NOT_FOUND');
    const ends = await failure(
      createPool({
        script,
        startupData: { failsIf: process.execPath },
        logLevel: 'silent',
        stdio: ['ignore', 'ignore', 'ignore'],
      }),
    );
    assert.equal(ends.code, 'ERR_WORKER_CRASHED');
    assert.equal(ends.phase, 'startup');
  });

  test('makes a pool that `await using` closes', async () => {
    const pool = await createPool({ script });
    const [worker] = pool.workers;
    await pool[Symbol.asyncDispose]();
    assert.equal(worker?.state, 'gone');
  });
});
