// Timeouts of requests and of the start.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { createWorker } from 'isolated-workers';

import { failure, fixture, isAlive, type Messages, start } from '../fixtures/support.mjs';

const slow = { ms: 400, value: 'late' };
const tooLate = { name: 'WorkerError', code: 'ERR_MESSAGE_TIMEOUT' };

describe('A request', () => {
  test('rejects without an answer within the message timeout', async (t) => {
    const worker = await start(t, { timeout: { message: 50 } });
    await assert.rejects(worker.send('later', slow), { ...tooLate, message: /"echo\.mjs".*"later".*\b50 ms/ });
  });

  test('accepts a plain number as the message timeout', async (t) => {
    const worker = await start(t, { timeout: 50 });
    await assert.rejects(worker.send('later', slow), tooLate);
  });

  test('does not reject before its timeout', async (t) => {
    const worker = await start(t, { timeout: 100 });
    const begun = performance.now();
    await assert.rejects(worker.send('later', slow), tooLate);
    const elapsed = performance.now() - begun;
    assert.ok(elapsed >= 99, `it took ${elapsed} ms`);
    assert.ok(elapsed < 390, `it took ${elapsed} ms`);
  });

  test('prefers the timeout of its type to the message timeout', async (t) => {
    const worker = await start(t, { timeout: { message: 50, types: { later: 5_000 } } });
    assert.equal(await worker.send('later', { ms: 150, value: 1 }), 1);
    const other = await start(t, { timeout: { message: 5_000, types: { later: 50 } } });
    await assert.rejects(other.send('later', slow), tooLate);
  });

  test('prefers its own timeout to those of its type and of all messages', async (t) => {
    const worker = await start(t, { timeout: { message: 50, types: { later: 50 } } });
    assert.equal(await worker.send('later', { ms: 150, value: 1 }, { timeout: 5_000 }), 1);
    const other = await start(t, { timeout: { message: 5_000, types: { later: 5_000 } } });
    await assert.rejects(other.send('later', slow, { timeout: 50 }), { ...tooLate, message: /\b50 ms/ });
  });

  for (const none of [0, Infinity]) {
    test(`has no timeout where that is ${none}`, async (t) => {
      const byType = await start(t, { timeout: { message: 50, types: { later: none } } });
      const byMessage = await start(t, { timeout: none });
      const byCall = await start(t, { timeout: 50 });
      const short = { ms: 150, value: 1 };
      assert.deepEqual(
        await Promise.all([
          byType.send('later', short),
          byMessage.send('later', short),
          byCall.send('later', short, { timeout: none }),
        ]),
        [1, 1, 1],
      );
    });
  }

  test('may have a timeout longer than the longest timer of Node', async (t) => {
    const worker = await start(t, { timeout: 2 ** 40 });
    assert.equal(await worker.send('later', { ms: 20, value: 1 }), 1);
    assert.equal(await worker.send('later', { ms: 20, value: 1 }, { timeout: Number.MAX_VALUE }), 1);
  });

  test('times out while the worker is blocked', async (t) => {
    const worker = await start(t, { script: fixture('stubborn.mjs') });
    const blocked = worker.send('block' as 'echo', 300, { timeout: 50 });
    await assert.rejects(blocked, tooLate);
    assert.equal(await worker.send('echo', 1), 1);
  });

  test('times out where the host has middleware or its own transaction ids', async (t) => {
    let next = 0;
    const worker = await start(t, { timeout: 50, middleware: () => {}, txIdGenerator: () => `id-${next++}` });
    await assert.rejects(worker.send('later', slow), tooLate);
  });

  for (const timeout of [-1, NaN, '10', null, -Infinity]) {
    test(`refuses a timeout of ${JSON.stringify(timeout)} (${timeout})`, async (t) => {
      const worker = await start(t);
      const wrong = timeout as number;
      await assert.rejects(worker.send('echo', 1, { timeout: wrong }), { code: 'ERR_INVALID_OPTION' });
      assert.equal(await worker.send('echo', 1), 1);
    });
  }
});

describe('After a timeout', () => {
  test('the worker goes on, and the host drops the late answer', async (t) => {
    const worker = await start(t);
    const { pid } = worker;
    const late = await failure(worker.send('later', { ms: 100, value: 'late' }, { timeout: 20 }));
    assert.equal(late.code, 'ERR_MESSAGE_TIMEOUT');
    // The worker answers in order of its timers: this one comes after the late answer, and is not mixed up with it.
    assert.equal(await worker.send('later', { ms: 200, value: 'in time' }), 'in time');
    assert.equal(worker.isActive, true);
    assert.equal(worker.isConnected, true);
    assert.equal(worker.pid, pid);
  });

  test('late answers do not settle later requests, however many there are', async (t) => {
    const worker = await start(t);
    const lost = Array.from({ length: 50 }, (_, index) =>
      failure(worker.send('later', { ms: 100 + (index % 10), value: `late ${index}` }, { timeout: 20 })),
    );
    for (const error of await Promise.all(lost)) assert.equal(error.code, 'ERR_MESSAGE_TIMEOUT');
    const values = Array.from({ length: 200 }, (_, index) => index);
    const answers = values.map((value) => worker.send('later', { ms: value % 150, value }));
    assert.deepEqual(await Promise.all(answers), values);
  });

  test('other requests in flight get their answers', async (t) => {
    const worker = await start(t);
    const [first, second, third] = await Promise.allSettled([
      worker.send('later', { ms: 150, value: 1 }),
      worker.send('later', { ms: 150, value: 2 }, { timeout: 20 }),
      worker.send('echo', 3),
    ]);
    assert.deepEqual(first, { status: 'fulfilled', value: 1 });
    assert.equal(second.status, 'rejected');
    assert.deepEqual(third, { status: 'fulfilled', value: 3 });
  });

  test('another request can use its transaction id', async (t) => {
    const worker = await start(t, { txIdGenerator: () => 'the only one' });
    await assert.rejects(worker.send('later', { ms: 60, value: 'late' }, { timeout: 20 }), tooLate);
    assert.equal(
      await worker.send('later', { ms: 120, value: 'late too' }, { timeout: 5 }).catch(() => 'again'),
      'again',
    );
  });
});

describe('The start', () => {
  test('times out when the script starts no server, and the host ends the process', async () => {
    const worker = await createWorker<Messages>({
      script: fixture('never-serves.mjs'),
      timeout: { startup: 150 },
      waitForReady: false,
    });
    const error = await failure(worker.send('echo', 1));
    assert.equal(error.name, 'WorkerError');
    assert.equal(error.code, 'ERR_START_TIMEOUT');
    assert.match(error.message, /"never-serves\.mjs".*150 ms.*startWorkerServer/);
    await worker.close();
    assert.equal(isAlive(worker.pid), false);
  });

  test('rejects createWorker when it times out', async () => {
    await assert.rejects(createWorker<Messages>({ script: fixture('never-serves.mjs'), timeout: { startup: 100 } }), {
      code: 'ERR_START_TIMEOUT',
    });
  });

  test('ignores the message timeout', async (t) => {
    const worker = await start(t, { timeout: { message: 5 } });
    assert.equal(worker.isConnected, true);
  });

  for (const none of [0, Infinity]) {
    test(`has no timeout where that is ${none}`, async (t) => {
      const worker = await start(t, { timeout: { startup: none, serverConnect: none } });
      assert.equal(await worker.send('echo', 1), 1);
    });
  }

  for (const timeout of [-1, NaN, '10', null, { message: -1 }, { startup: NaN }, { types: { echo: -5 } }]) {
    test(`refuses the option timeout: ${JSON.stringify(timeout)} (${timeout})`, async () => {
      await assert.rejects(createWorker<Messages>({ script: fixture('echo.mjs'), timeout: timeout as number }), {
        name: 'WorkerError',
        code: 'ERR_INVALID_OPTION',
      });
    });
  }
});
