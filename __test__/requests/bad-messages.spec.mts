// A message that one side cannot send, answer or understand fails alone.
import assert from 'node:assert/strict';
import { describe, test, type TestContext } from 'node:test';

import { createWorker, WorkerError, type WorkerOptions } from 'isolated-workers';

import { failure, fixture, RecordingLogger, type Loose } from '../fixtures/faults/support.mjs';

const LIMIT = 64 * 1024;

async function start(t: TestContext, options: Partial<WorkerOptions<Loose>> = {}) {
  const worker = await createWorker<Loose>({
    script: fixture('worker'),
    serializer: 'json',
    maxMessageSize: LIMIT,
    ...options,
  });
  t.after(() => worker.close());
  return worker;
}

type Client = Awaited<ReturnType<typeof start>>;

/** Runs `bad` between requests that are in flight, and expects that these come out as if nothing had been. */
async function amongNeighbours(worker: Client, bad: () => Promise<unknown>) {
  const waiting = worker.send('wait', undefined);
  const before = Array.from({ length: 10 }, (_, index) => worker.send('echo', { before: index }));
  const error = failure(bad());
  const behind = Array.from({ length: 10 }, (_, index) => worker.send('echo', { behind: index }));
  assert.deepEqual(await Promise.all([...before, ...behind]), [
    ...before.map((_, index) => ({ before: index })),
    ...behind.map((_, index) => ({ behind: index })),
  ]);
  await worker.send('release', undefined);
  await waiting;
  assert.equal(await worker.send('echo', 'later'), 'later');
  return error;
}

describe('A message type without a handler', () => {
  test('is what the error names, with the types that have one', async (t) => {
    const worker = await start(t);
    const error = await amongNeighbours(worker, () => worker.send('ecko', 1));
    assert.ok(error instanceof WorkerError);
    assert.equal(error.code, 'ERR_UNKNOWN_MESSAGE_TYPE');
    assert.match(error.message, /"ecko"/);
    assert.match(error.message, /"echo", "hang"/);
  });

  for (const type of ['constructor', '__proto__', 'toString', 'hasOwnProperty', 'valueOf', '__defineGetter__']) {
    test(`can be ${type}, although each object has that member`, async (t) => {
      const worker = await start(t);
      const error = await failure(worker.send(type, 1));
      assert.equal(error.code, 'ERR_UNKNOWN_MESSAGE_TYPE');
      assert.match(error.message, new RegExp(`"${type}"`));
      worker.post(type, 1);
      assert.equal(await worker.send('echo', 1), 1);
    });
  }

  test('can be any text', async (t) => {
    const worker = await start(t);
    for (const type of ['', ' ', '"', '\n', '\0', 'é😀', '{"type":"echo"}', 'echoResult', 'echoError', '\ud800']) {
      const error = await failure(worker.send(type, 1));
      assert.equal(error.code, 'ERR_UNKNOWN_MESSAGE_TYPE', JSON.stringify(type));
    }
    assert.equal(await worker.send('echo', 1), 1);
  });

  test('gets a handler when the worker has one of an inherited name', async (t) => {
    const worker = await start(t, { script: fixture('own-names') });
    assert.equal(await worker.send('constructor', 1), 'mine');
    assert.equal(await worker.send('__proto__', 1), 'mine too');
    assert.equal((await failure(worker.send('toString', 1))).code, 'ERR_UNKNOWN_MESSAGE_TYPE');
  });
});

describe('A payload that cannot be sent', () => {
  const cycle: Record<string, unknown> = {};
  cycle['self'] = cycle;
  const cases: [title: string, code: string, payload: unknown][] = [
    ['has a cycle', 'ERR_NOT_SERIALIZABLE', cycle],
    ['is a BigInt', 'ERR_NOT_SERIALIZABLE', 1n],
    ['has a BigInt deep inside', 'ERR_NOT_SERIALIZABLE', [{ deep: [1n] }]],
    ['is a function', 'ERR_NOT_SERIALIZABLE', () => {}],
    ['is a symbol', 'ERR_NOT_SERIALIZABLE', Symbol('s')],
    ['has a toJSON that throws', 'ERR_NOT_SERIALIZABLE', { toJSON: () => assert.fail('no') }],
    ['is over the limit', 'ERR_MESSAGE_TOO_LARGE', 'x'.repeat(LIMIT)],
    ['is over the limit in bytes, not in characters', 'ERR_MESSAGE_TOO_LARGE', '€'.repeat(LIMIT / 2)],
  ];
  for (const [title, code, payload] of cases) {
    test(`${title}: the call rejects alone`, async (t) => {
      const worker = await start(t);
      const error = await amongNeighbours(worker, () => worker.send('echo', payload));
      assert.ok(error instanceof WorkerError, String(error));
      assert.equal(error.code, code);
      assert.match(error.message, /echo/);
    });

    test(`${title}: post throws the same error`, async (t) => {
      const worker = await start(t);
      assert.throws(() => worker.post('echo', payload), { code });
      assert.equal(await worker.send('echo', 1), 1);
    });

    test(`${title}: the call rejects equally with middleware and before the worker is ready`, async (t) => {
      const worker = await start(t, { middleware: (message) => message, waitForReady: false });
      const [bad, good] = [failure(worker.send('echo', payload)), worker.send('echo', 1)];
      assert.equal((await bad).code, code);
      assert.equal(await good, 1);
    });
  }

  test('has an error with its size and the limit', async (t) => {
    const worker = await start(t);
    const { message } = await failure(worker.send('echo', 'x'.repeat(LIMIT)));
    assert.match(message, new RegExp(`6\\d{4} bytes.*${LIMIT}.*maxMessageSize`));
  });

  test('does not include a payload of exactly the limit', async (t) => {
    const worker = await start(t, { txIdGenerator: () => 'id' });
    const envelope = '{"type":"echo","tx":"id","payload":""}'.length;
    assert.equal((await failure(worker.send('echo', 'x'.repeat(LIMIT - envelope + 1)))).code, 'ERR_MESSAGE_TOO_LARGE');
    // The answer's envelope is longer by `Result`.
    const answered = await failure(worker.send('echo', 'x'.repeat(LIMIT - envelope)));
    assert.equal(answered.code, 'ERR_MESSAGE_TOO_LARGE');
    const fits = 'x'.repeat(LIMIT - envelope - 'Result'.length);
    assert.equal(await worker.send('echo', fits), fits);
  });
});

describe('A result that cannot be sent', () => {
  for (const type of ['cycle', 'bigint', 'function', 'symbol']) {
    test(`because it is a ${type} fails its own request`, async (t) => {
      const worker = await start(t);
      const error = await amongNeighbours(worker, () => worker.send(type, undefined));
      assert.ok(error instanceof WorkerError, String(error));
      assert.equal(error.code, 'ERR_NOT_SERIALIZABLE');
      assert.match(error.message, new RegExp(`result of "${type}"`));
    });
  }

  test('because it is over the limit fails its own request', async (t) => {
    const worker = await start(t);
    const error = await amongNeighbours(worker, () => worker.send('text', LIMIT));
    assert.ok(error instanceof WorkerError);
    assert.equal(error.code, 'ERR_MESSAGE_TOO_LARGE');
    assert.match(error.message, /text/);
  });

  test('has no effect when the host no longer waits for it', async (t) => {
    const logger = new RecordingLogger();
    const worker = await start(t, { logger });
    for (const type of ['cycle', 'bigint', 'function', 'symbol']) worker.post(type, undefined);
    worker.post('text', LIMIT);
    assert.equal(await worker.send('echo', 1), 1);
    assert.deepEqual(logger.warnings, []);
  });
});
