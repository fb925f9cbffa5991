// What travels between a host and a worker that another process serves over a real NATS server.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { describe, test } from 'node:test';

import { preparePayload } from 'isolated-workers';

import { noBroker, suiteBroker } from '../fixtures/nats/broker.mjs';
import { connectEcho, serveEcho } from '../fixtures/nats/support.mjs';
import { eventually, failure } from '../fixtures/support.mjs';

describe('Over NATS', { skip: noBroker }, () => {
  const broker = suiteBroker();

  test('a request has the answer of a process that the serving process has started', async (t) => {
    const serving = await serveEcho(t, broker.url);
    const worker = await connectEcho(t, broker.url, { startupData: { from: 'host' } });
    assert.deepEqual([await worker.send('pid')], serving.pids);
    assert.equal(worker.pid, serving.pids[0]);
    assert.deepEqual(await worker.send('startupData'), { from: 'host' });
  });

  test('values arrive as structured clone copies them', async (t) => {
    await serveEcho(t, broker.url);
    const worker = await connectEcho(t, broker.url);
    const values = [
      undefined,
      null,
      'text, \ud800 alone',
      new Map([[1, new Set([2n])]]),
      new Date(5),
      new Uint8Array([1, 2]),
      new Float64Array([0.5]),
      /a/g,
      -0,
      NaN,
      [1, undefined, -0],
      { text: 'é\u{1f600}', nested: { list: [null, true, 1.5], undefined } },
      Object.defineProperty({}, '__proto__', { value: 'own', enumerable: true }),
      new Error('as a value'),
      Object.assign([1, 2], { further: 'property' }),
    ];
    for (const value of values) assert.deepStrictEqual(await worker.send('echo', value), value);
    const shared = { once: true };
    const { a, b } = await worker.send('echo', { a: shared, b: shared });
    assert.equal(a, b);
    const cycle: { self?: object } = {};
    cycle.self = cycle;
    const again = await worker.send('echo', cycle);
    assert.equal(again.self, again);
    assert.equal(1 in (await worker.send('echo', Object.assign([], { length: 2 }))), false);
    let reads = 0;
    const counting = Object.defineProperty({}, 'reads', { get: () => ++reads, enumerable: true });
    assert.deepEqual(await worker.send('echo', counting), { reads: 1 });
    for (const refused of [{ toJSON: () => 1 }, new Proxy({}, {}), { symbol: Symbol('a') }]) {
      assert.equal((await failure(worker.send('echo', refused))).code, 'ERR_NOT_SERIALIZABLE');
    }
    assert.equal((await failure(worker.send('echo', () => {}))).code, 'ERR_NOT_SERIALIZABLE');
  });

  test('the serializer structured carries bytes and prepared payloads', async (t) => {
    await serveEcho(t, broker.url);
    const worker = await connectEcho(t, broker.url, { serializer: 'structured' });
    const bytes = randomBytes(3 << 20);
    const prepared = preparePayload({ bytes: new Uint8Array(bytes) });
    const { bytes: echoed } = await worker.send('echo', prepared);
    assert.ok(bytes.equals(echoed));
  });

  test('an error has its class, its properties and its cause', async (t) => {
    await serveEcho(t, broker.url);
    const error = await failure((await connectEcho(t, broker.url)).send('fail', 'too much'));
    assert.ok(error instanceof RangeError);
    assert.equal(error.message, 'too much');
    assert.equal((error as { limit?: number }).limit, 7);
    assert.ok(error.cause instanceof TypeError);
  });

  test('a timeout and a cancellation reject the request and abort the signal of its handler', async (t) => {
    await serveEcho(t, broker.url);
    const worker = await connectEcho(t, broker.url);
    assert.equal((await failure(worker.send('never', undefined, { timeout: 50 }))).code, 'ERR_MESSAGE_TIMEOUT');
    await eventually('the first signal is aborted', async () => (await worker.send('aborted')) === 1);
    const controller = new AbortController();
    worker.once('notification', () => controller.abort(new Error('no longer wanted')));
    assert.equal(
      (await failure(worker.send('never', undefined, { signal: controller.signal }))).message,
      'no longer wanted',
    );
    await eventually('the second signal is aborted', async () => (await worker.send('aborted')) === 2);
  });

  test('progress arrives in order before the answer', async (t) => {
    await serveEcho(t, broker.url);
    const seen: unknown[] = [];
    const worker = await connectEcho(t, broker.url);
    assert.equal(await worker.send('steps', 5, { onProgress: (step) => void seen.push(step) }), 5);
    assert.deepEqual(seen, [1, 2, 3, 4, 5]);
  });

  test('streams move chunks in both directions', async (t) => {
    await serveEcho(t, broker.url);
    const worker = await connectEcho(t, broker.url);
    const stream = worker.stream('numbers', 1000);
    const numbers: unknown[] = [];
    for await (const number of stream) numbers.push(number);
    assert.deepEqual(
      numbers,
      Array.from({ length: 1000 }, (_, index) => index),
    );
    assert.equal(await stream.result, 'all');
    assert.equal(await worker.send('sum', undefined, { input: [1, 2, 3, 4] }), 10);
  });

  test('a worker calls its host', async (t) => {
    await serveEcho(t, broker.url);
    const worker = await connectEcho(t, broker.url, { handlers: { greet: (name: string) => `Hello, ${name}` } });
    assert.equal(await worker.send('askHost', 'Ada'), 'Hello, Ada');
    assert.equal(await worker.send('askAnywhere', 'Grace'), 'Hello, Grace');
  });

  test('programs that a worker starts do not see how it reaches its host', async (t) => {
    await serveEcho(t, broker.url);
    assert.deepEqual(await (await connectEcho(t, broker.url)).send('environment'), []);
  });
});

describe('Over a NATS server whose messages have at most 4 KiB', { skip: noBroker }, () => {
  const broker = suiteBroker(['max_payload: 4096']);

  test('larger messages arrive whole, in order and beside small ones', async (t) => {
    await serveEcho(t, broker.url);
    const worker = await connectEcho(t, broker.url);
    const sizes = [0, 1, 4000, 4096, 4097, 8192, 100_000, 2 << 20];
    const values = sizes.map((size) => new Uint8Array(randomBytes(size)));
    assert.deepEqual(await Promise.all(values.map((value) => worker.send('echo', value))), values);
  });

  test('a message above maxMessageSize of the host fails alone', async (t) => {
    await serveEcho(t, broker.url);
    const worker = await connectEcho(t, broker.url, {}, { maxMessageSize: 50_000 });
    assert.equal((await failure(worker.send('echo', 'a'.repeat(50_001)))).code, 'ERR_MESSAGE_TOO_LARGE');
    assert.equal(await worker.send('echo', 'fine'), 'fine');
  });

  test('an answer above maxMessageSize of the worker fails alone', async (t) => {
    await serveEcho(t, broker.url, { maxMessageSize: 50_000 });
    const worker = await connectEcho(t, broker.url);
    assert.equal((await failure(worker.send('repeat', 50_001))).code, 'ERR_MESSAGE_TOO_LARGE');
    assert.equal(await worker.send('echo', 'fine'), 'fine');
  });

  test('a message above maxMessageSize of the serving process ends the session', async (t) => {
    await serveEcho(t, broker.url, { maxMessageSize: 50_000 });
    const worker = await connectEcho(t, broker.url);
    const error = await failure(worker.send('echo', 'a'.repeat(60_000)));
    assert.equal(error.code, 'ERR_WORKER_CRASHED');
    assert.match(String(error.cause), /more than 50000 bytes/);
  });
});
