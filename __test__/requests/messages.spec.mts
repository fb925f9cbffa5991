// Requests and their results.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { createWorker, type DefineMessages } from 'isolated-workers';

import { failure, fixture, type Messages, start } from '../fixtures/support.mjs';

describe('A request', () => {
  test('resolves with the value that the handler returns', async (t) => {
    const worker = await start(t);
    assert.deepEqual(await worker.send('echo', { text: 'ä€😀\u2028', list: [1, null, { deep: true }] }), {
      text: 'ä€😀\u2028',
      list: [1, null, { deep: true }],
    });
  });

  test('resolves with the value that an asynchronous handler resolves with', async (t) => {
    const worker = await start(t);
    assert.equal(await worker.send('later', { ms: 1, value: 'done' }), 'done');
  });

  test('resolves when the handler returns undefined', async (t) => {
    const worker = await start(t);
    assert.equal(await worker.send('nothing'), undefined);
    assert.equal(await worker.send('later', { ms: 1, value: undefined }), undefined);
  });

  test('may have no payload', async (t) => {
    const worker = await start(t);
    assert.equal(await worker.send('echo', undefined), undefined);
    assert.equal(await worker.send('kindOf', undefined), 'undefined');
    assert.deepEqual(await worker.send('noted'), []);
  });

  test('without a result resolves when the handler ends', async (t) => {
    const worker = await start(t);
    const result: void = await worker.send('note', 'a');
    assert.equal(result, undefined);
    assert.deepEqual(await worker.send('noted'), ['a']);
  });

  for (const value of [null, false, 0, '', [], {}, 'null', '\n', '\0', '"', 2 ** 53 - 1, -1.5e300]) {
    test(`carries ${JSON.stringify(value)} both ways`, async (t) => {
      const worker = await start(t);
      assert.deepEqual(await worker.send('echo', value), value);
    });
  }

  test('gets its own answer among 10,000 of one tick, with and without payloads', async (t) => {
    const worker = await start(t);
    const payloads = Array.from({ length: 10_000 }, (_, index) => (index % 7 === 0 ? undefined : index));
    assert.deepEqual(await Promise.all(payloads.map((payload) => worker.send('echo', payload))), payloads);
  });

  test('carries ten megabytes both ways', async (t) => {
    const worker = await start(t);
    const large = 'aé€😀\n'.repeat(1_000_000);
    assert.equal(await worker.send('echo', large), large);
  });

  test('reaches a handler of any name that is an own property', async (t) => {
    type Odd = DefineMessages<{
      constructor: { payload: number; result: number };
      'a b\n"': { payload: void; result: string };
    }>;
    const worker = await start<Odd>(t, { script: fixture('odd-names.mjs') });
    assert.equal(await worker.send('constructor', 1), 2);
    assert.equal(await worker.send('a b\n"'), 'odd');
  });
});

describe('Many requests in flight', () => {
  test('resolve with their own results, in whatever order the handlers end', async (t) => {
    const worker = await start(t);
    const finished: number[] = [];
    const results = await Promise.all(
      Array.from({ length: 1000 }, async (_, index) => {
        const result = await worker.send('later', { ms: (index * 7919) % 50, value: index });
        finished.push(index);
        return result;
      }),
    );
    assert.deepEqual(
      results,
      Array.from({ length: 1000 }, (_, index) => index),
    );
    assert.notDeepEqual(
      finished,
      finished.toSorted((a, b) => a - b),
      'they came out of order',
    );
  });

  test('resolve in order where the handlers return at once', async (t) => {
    const worker = await start(t);
    const finished: number[] = [];
    await Promise.all(
      Array.from({ length: 500 }, (_, index) => worker.send('echo', index).then((value) => finished.push(value))),
    );
    assert.deepEqual(
      finished,
      Array.from({ length: 500 }, (_, index) => index),
    );
  });

  test('do not wait for a slow request', async (t) => {
    const worker = await start(t);
    const order: string[] = [];
    await Promise.all([
      worker.send('later', { ms: 50, value: 'slow' }).then((value) => order.push(value)),
      worker.send('echo', 'quick').then((value) => order.push(value)),
    ]);
    assert.deepEqual(order, ['quick', 'slow']);
  });

  test('keep apart results with and without a value', async (t) => {
    const worker = await start(t);
    const values = [1, undefined, undefined, 'x', undefined, null, [undefined].length];
    assert.deepEqual(await Promise.all(values.map((value) => worker.send('echo', value))), values);
  });

  test('run in several workers at once', async (t) => {
    const workers = await Promise.all([start(t), start(t), start(t)]);
    const results = await Promise.all(
      Array.from({ length: 300 }, (_, index) => workers[index % 3]!.send('echo', index)),
    );
    assert.deepEqual(
      results,
      Array.from({ length: 300 }, (_, index) => index),
    );
    assert.equal(new Set(workers.map((worker) => worker.pid)).size, 3);
  });

  test('fail independently', async (t) => {
    const worker = await start(t);
    const outcomes = await Promise.allSettled([
      worker.send('echo', 1),
      worker.send('fall', 'oh'),
      worker.send('echo', 2),
      worker.send('echo', () => 3),
      worker.send('echo', 4),
    ]);
    assert.deepEqual(
      outcomes.map(({ status }) => status),
      ['fulfilled', 'rejected', 'fulfilled', 'rejected', 'fulfilled'],
    );
  });
});

describe('With waitForReady: false', () => {
  test('messages wait for the worker and reach it in order', async (t) => {
    const worker = await start(t, { waitForReady: false });
    assert.equal(worker.isConnected, false);
    assert.equal(worker.isActive, true);
    const sent = Array.from({ length: 20 }, (_, index) =>
      index % 2 ? worker.post('note', index) : worker.send('note', index),
    );
    assert.deepEqual(await worker.send('noted'), [...sent.keys()]);
    assert.equal(worker.isConnected, true);
  });

  test('waiting messages reject when the worker does not start', async (t) => {
    const worker = await start(t, { waitForReady: false, script: fixture('exits.mjs') });
    const outcomes = await Promise.allSettled([worker.send('echo', 1), worker.send('note', 2)]);
    for (const outcome of outcomes) {
      assert.equal(outcome.status, 'rejected');
      assert.equal(outcome.reason.code, 'ERR_WORKER_CRASHED');
      assert.equal(outcome.reason.phase, 'startup');
      assert.deepEqual(outcome.reason.reason, { type: 'exit', code: 3, signal: null });
    }
    assert.equal(worker.isActive, false);
  });

  test('waiting messages reject when the worker is not ready in time', async (t) => {
    const worker = await start(t, {
      waitForReady: false,
      script: fixture('never-serves.mjs'),
      timeout: { startup: 100 },
    });
    await assert.rejects(worker.send('echo', 1), { code: 'ERR_START_TIMEOUT' });
  });

  test('the host can close a starting worker', async () => {
    const worker = await createWorker<Messages>({ script: fixture('never-serves.mjs'), waitForReady: false });
    await worker.close({ timeout: 100 });
    assert.equal(worker.isActive, false);
  });
});

describe('startWorkerServer', () => {
  test('takes its options beside the handlers, or handlers in the options', async (t) => {
    for (const form of ['beside', 'inside']) {
      const worker = await start<DefineMessages<{ twice: { payload: number; result: number } }>>(t, {
        script: fixture('call-forms.mjs'),
        argv: [form],
      });
      assert.equal(await worker.send('twice', 21), 42);
    }
  });

  test('takes a message type named "handlers"', async (t) => {
    type Named = DefineMessages<{ handlers: { payload: number; result: number } }>;
    for (const form of ['type', 'type-inside']) {
      const worker = await start<Named>(t, { script: fixture('call-forms.mjs'), argv: [form] });
      assert.equal(await worker.send('handlers', 1), 2);
    }
  });
});

describe('A message over maxMessageSize', () => {
  const tooLarge = { name: 'WorkerError', code: 'ERR_MESSAGE_TOO_LARGE' };

  test('rejects its request alone when the host sends it', async (t) => {
    const worker = await start(t, { maxMessageSize: 10_000 });
    const before = worker.send('echo', 'before');
    await assert.rejects(worker.send('kindOf', 'x'.repeat(20_000)), tooLarge);
    assert.throws(() => worker.post('note', 'x'.repeat(20_000)), tooLarge);
    assert.equal(await before, 'before');
    assert.equal(await worker.send('echo', 'after'), 'after');
  });

  test('rejects its request alone when it is a result', async (t) => {
    const worker = await start(t, { maxMessageSize: 10_000 });
    const before = worker.send('echo', 'before');
    await assert.rejects(worker.send('repeat', 20_000), tooLarge);
    assert.equal(await before, 'before');
    assert.equal(await worker.send('echo', 'after'), 'after');
  });

  test('rejects its request alone when it is an error', async (t) => {
    const worker = await start(t, { maxMessageSize: 10_000 });
    const before = worker.send('echo', 'before');
    const lost = failure(worker.send('fallFar', 20_000));
    const error = await lost;
    assert.ok(error instanceof Error);
    assert.notEqual(error.name, 'WorkerCrashedError');
    assert.equal(await before, 'before');
    assert.equal(await worker.send('echo', 'after'), 'after');
  });
});
