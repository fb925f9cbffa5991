// The transaction id of a request.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { AnyMessage, UnsentRequest } from 'isolated-workers';

import { fixture, start, type Messages } from '../fixtures/support.mjs';

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

test('A request and its result have a random version 4 UUID by default', async (t) => {
  const seen: (string | undefined)[] = [];
  const worker = await start(t, { middleware: (message) => void seen.push(message.tx) });
  await worker.send('echo', 1);
  await worker.send('echo', 2);
  const [request, result, secondRequest, secondResult] = seen;
  assert.match(String(request), uuid);
  assert.match(String(secondRequest), uuid);
  assert.equal(result, request);
  assert.equal(secondResult, secondRequest);
  assert.notEqual(request, secondRequest);
});

test('10,000 default ids differ', async (t) => {
  const seen = new Set<string>();
  const worker = await start(t, {
    middleware(message, direction) {
      if (direction === 'outgoing') seen.add(message.tx!);
    },
  });
  await Promise.all(Array.from({ length: 10_000 }, (_, index) => worker.send('echo', index)));
  assert.equal(seen.size, 10_000);
});

test('The worker sees the same id as the host', async (t) => {
  const host: (string | undefined)[] = [];
  const worker = await start<any>(t, {
    script: fixture('observer.mjs'),
    middleware: (message) => void host.push(message.tx),
  });
  await worker.send('echo', 1);
  const observed = (await worker.send('observed')) as AnyMessage[];
  assert.match(String(host[0]), uuid);
  assert.deepEqual(
    observed.slice(0, 2).map(({ type, tx }) => [type, tx]),
    [
      ['echo', host[0]],
      ['echoResult', host[0]],
    ],
  );
});

test('A custom id travels unchanged', async (t) => {
  const ids = ['simple', 'ä€😀', '{"json":[1]}', 'with "quotes" and \\', ' ', '\n', '0', 'constructor', '__proto__'];
  let next = 0;
  const worker = await start<any>(t, {
    script: fixture('observer.mjs'),
    txIdGenerator: () => ids[next++] ?? `more ${next}`,
  });
  for (const id of ids) assert.equal(await worker.send('echo', id), id);
  const observed = (await worker.send('observed')) as AnyMessage[];
  assert.deepEqual(
    observed.filter(({ type }) => type === 'echo').map(({ tx }) => tx),
    ids,
  );
});

test('The library calls the generator once per request, with type and payload', async (t) => {
  const calls: UnsentRequest<Messages>[] = [];
  const worker = await start(t, {
    txIdGenerator(message) {
      calls.push(message);
      return `${message.type}-${calls.length}`;
    },
  });
  await worker.send('echo', { a: 1 });
  await worker.send('nothing');
  worker.post('note', 1);
  assert.deepEqual(calls, [
    { type: 'echo', payload: { a: 1 } },
    { type: 'nothing', payload: undefined },
  ]);
});

test('The host refuses an id in flight, and the first request is unharmed', async (t) => {
  const worker = await start(t, { txIdGenerator: () => 'same' });
  const first = worker.send('later', { ms: 50, value: 'first' });
  await assert.rejects(worker.send('echo', 'second'), {
    name: 'WorkerError',
    code: 'ERR_DUPLICATE_TRANSACTION',
    message: /same/,
  });
  assert.equal(await first, 'first');
  assert.equal(await worker.send('echo', 'third'), 'third', 'an id is free again when its request is done');
});

for (const [what, id] of [
  ['an empty string', ''],
  ['a string that is too long', 'x'.repeat(100_000)],
  ['a number', 7],
  ['undefined', undefined],
  ['null', null],
  ['an object', {}],
  ['a promise', Promise.resolve('late')],
] as const) {
  test(`${what} is no transaction id, and rejects only its request`, async (t) => {
    let generated: unknown = id;
    const worker = await start(t, { txIdGenerator: () => generated as string });
    await assert.rejects(worker.send('echo', 1), { name: 'WorkerError', code: 'ERR_INVALID_TRANSACTION_ID' });
    generated = 'fine';
    assert.equal(await worker.send('echo', 1), 1);
  });
}

test('An error of the generator rejects the request', async (t) => {
  const failure = new Error('no id today');
  let fails = true;
  const worker = await start(t, {
    txIdGenerator() {
      if (fails) throw failure;
      return 'fine';
    },
  });
  await assert.rejects(worker.send('echo', 1), (error) => error === failure);
  fails = false;
  assert.equal(await worker.send('echo', 1), 1);
});

test('createWorker refuses a txIdGenerator that is no function', async (t) => {
  await assert.rejects(start(t, { txIdGenerator: 'uuid' as never }), { code: 'ERR_INVALID_OPTION' });
});
