// The error of a request names its place and its sender.
import assert from 'node:assert/strict';
import { AsyncLocalStorage } from 'node:async_hooks';
import { test } from 'node:test';

import {
  createWorker,
  InProcessDriver,
  type WorkerClient,
  WorkerCrashedError,
  WorkerError,
  WorkerThreadsDriver,
} from 'isolated-workers';

import type { Loose } from '../fixtures/faults/support.mjs';
import { failure, fixture, start } from '../fixtures/support.mjs';

const drivers = [
  ['a process', undefined],
  ['a thread', WorkerThreadsDriver],
  ['a module of the host', InProcessDriver],
] as const;

for (const [name, driver] of drivers) {
  const startOne = async (options: object = {}) =>
    (await createWorker({
      script: fixture('echo.mjs'),
      name: 'placed',
      driver,
      ...options,
    } as never)) as WorkerClient<Loose>;

  test(`An error of the library names worker, process and message type (${name})`, async (t) => {
    const worker = await startOne();
    t.after(() => worker.close());
    const late = await failure(worker.send('later', { ms: 300, value: 1 }, { timeout: 5 }));
    assert.equal(late.code, 'ERR_MESSAGE_TIMEOUT');
    const unknown = await failure(worker.send('missing', 1));
    const unsent = await failure(worker.send('echo', () => {}));
    const cyclic: unknown[] = [];
    cyclic.push(cyclic, () => {});
    const refused = await failure(worker.send('echo', cyclic));
    for (const [error, type] of [
      [late, 'later'],
      [unknown, 'missing'],
      [refused, 'echo'],
      ...(unsent instanceof Error ? [[unsent, 'echo'] as const] : []),
    ] as const) {
      assert.ok(error instanceof WorkerError, String(error));
      assert.deepEqual([error.worker, error.pid, error.messageType], ['placed', worker.pid, type]);
      assert.match(error.message, /worker "placed"/);
      assert.match(error.message, new RegExp(`"${type}"`));
      if (worker.pid !== undefined) assert.match(error.message, new RegExp(`pid ${worker.pid}\\b`));
      assert.ok(error.stack?.includes(error.message), error.stack);
    }
  });

  test(`An error after close() names the worker (${name})`, async () => {
    const worker = await startOne();
    const { pid } = worker;
    await worker.close();
    const error = await failure(worker.send('echo', 1));
    assert.deepEqual(
      [error.code, error.worker, error.pid, error.messageType],
      ['ERR_WORKER_CLOSED', 'placed', pid, 'echo'],
    );
    assert.throws(() => worker.post('note', 1), { code: 'ERR_WORKER_CLOSED', worker: 'placed', messageType: 'note' });
    const stream = (worker as WorkerClient<any, any>).stream('echo', 1);
    assert.equal((await failure(stream.result)).worker, 'placed');
  });

  test(`The error of a handler keeps its text and properties, and its stack names its origin (${name})`, async (t) => {
    const worker = (await createWorker({
      script: fixture('throws.mjs'),
      name: 'placed',
      driver,
    } as never)) as WorkerClient<Loose>;
    t.after(() => worker.close());
    const error = await failure(worker.send('throws', 'error'));
    assert.equal(error.message, 'plain');
    assert.deepEqual(Object.keys(error), []);
    assert.deepEqual([error.worker, error.pid, error.messageType], ['placed', worker.pid, 'throws']);
    assert.match(error.stack, /\n {4}in "throws" of the worker "placed"/);
  });

  test(`The handlers of a host run outside of any asynchronous context (${name})`, async (t) => {
    const users = new AsyncLocalStorage<string>();
    const seen: unknown[] = [];
    const handlers = { name: () => void seen.push(users.getStore()) };
    const worker = (await users.run('ada', () =>
      createWorker({ script: fixture('replaced/worker.mjs'), driver, handlers } as never),
    )) as WorkerClient<Loose>;
    t.after(() => worker.close());
    await users.run('bob', () => worker.send('ask'));
    assert.deepEqual(seen, [undefined]);
  });

  test(`With callerStacks the stack of an error ends with the frames of its send() (${name})`, async (t) => {
    const worker = await startOne({ callerStacks: true });
    t.after(() => worker.close());
    async function sendsFromHere() {
      await worker.send('missing', 1);
    }
    async function streamsFromHere() {
      for await (const _ of (worker as WorkerClient<any, any>).stream('missing', 1))
        assert.fail('there is nothing to read');
    }
    assert.match((await failure(sendsFromHere())).stack, /at sendsFromHere/);
    assert.match((await failure(streamsFromHere())).stack, /at streamsFromHere/);
  });
}

test('createWorker fails with the frames of its caller', async () => {
  async function startsFromHere() {
    await createWorker({ script: fixture('exits.mjs'), name: 'lost', execArgv: ['--no-such-flag'], stdio: 'ignore' });
  }
  const error = await failure(startsFromHere());
  assert.ok(error instanceof WorkerError);
  assert.match(error.stack as string, /at startsFromHere/);
});

test('sendSync throws with the frames of its caller', async (t) => {
  const worker = await start(t);
  function blocksHere() {
    (worker as unknown as WorkerClient<Loose>).sendSync('missing', 1);
  }
  assert.throws(blocksHere, (error: any) => /at blocksHere/.test(error.stack) && error.messageType === 'missing');
});

test('Each request that a crash ends has an error of its own', async () => {
  const worker = (await createWorker({
    script: fixture('echo.mjs'),
    name: 'placed',
  })) as unknown as WorkerClient<Loose>;
  const all = [
    worker.send('later', { ms: 60_000, value: 1 }),
    worker.send('kindOf', 1),
    worker.send('later', { ms: 60_000, value: 2 }),
  ];
  const settled = Promise.allSettled(all);
  process.kill(worker.pid as number, 'SIGKILL');
  const errors = (await settled).flatMap((each) =>
    each.status === 'rejected' ? [each.reason as WorkerCrashedError] : [],
  );
  assert.ok(errors.length >= 2);
  for (const error of errors) {
    assert.ok(error instanceof WorkerCrashedError);
    assert.match(error.message, new RegExp(`worker "placed" \\(pid ${worker.pid}\\) crashed`));
  }
  assert.equal(new Set(errors).size, errors.length);
  await worker.close();
});

test('The error of a lost request names the type of that request', async () => {
  const starting = createWorker({
    script: fixture('never-serves.mjs'),
    name: 'silent',
    timeout: { startup: 300 },
    waitForReady: false,
  });
  const worker = (await starting) as unknown as WorkerClient<Loose>;
  const [one, other] = await Promise.all([failure(worker.send('one', 1)), failure(worker.send('other', 2))]);
  assert.deepEqual([one.code, one.messageType, other.messageType], ['ERR_START_TIMEOUT', 'one', 'other']);
  assert.match(one.message, /"one"/);
  assert.match(other.message, /"other"/);
  assert.doesNotMatch(other.message, /"one"/);
  await worker.close();
});
