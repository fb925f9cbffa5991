// The context of a caller travels with its messages.
import assert from 'node:assert/strict';
import { AsyncLocalStorage } from 'node:async_hooks';
import { describe, test, type TestContext } from 'node:test';

import {
  ChildProcessDriver,
  createWorker,
  InProcessDriver,
  traceContext,
  WorkerThreadsDriver,
  type Driver,
  type TraceContext,
  type WorkerClient,
} from 'isolated-workers';

import { context, storage } from '../fixtures/context/carrier.mjs';
import { ForkDriver } from '../fixtures/drivers/custom/fork-driver.mjs';
import { failure, fixture, type Loose } from '../fixtures/drivers/support.mjs';
import { serializer } from '../fixtures/serializers.mjs';

const store: () => unknown = () => storage.getStore() ?? 'none';
const within = <T,>(value: unknown, act: () => T): T => storage.run(value, act) as T;

async function start(t: TestContext, driver: Driver, options: object = {}) {
  const told: unknown[] = [];
  const script = fixture(`../context/${driver instanceof ForkDriver ? 'fork-worker' : 'worker'}.mjs`);
  const handlers = { hostStore: () => store(), told: () => void told.push(store()) };
  const worker = await createWorker({ script, driver, context, handlers, ...options } as never);
  t.after(() => worker.close());
  return Object.assign(worker as unknown as WorkerClient<Loose> & { stream: any }, { told });
}

const named = (name: string) => ({ serializer: serializer(name as never), startupData: { name } });
const ways: [string, Driver, object?][] = [
  ['a process', new ChildProcessDriver()],
  ...['msgpack', 'prefixed', 'json-arrows'].map((name): [string, Driver, object] => [
    `a process with the serializer "${name}"`,
    new ChildProcessDriver(),
    named(name),
  ]),
  ['a thread', new WorkerThreadsDriver()],
  ['a worker in process', new InProcessDriver()],
  ["a worker of a user's driver", new ForkDriver()],
];

for (const [what, driver, options] of ways) {
  describe(`In the context of the caller, ${what}`, () => {
    test('sees the storage for as long as a handler runs', async (t) => {
      const worker = await start(t, driver, options);
      const all = [1, 2, 3].map((user) => within({ user }, () => worker.send('store', 4 - user)));
      all.push(worker.send('store', 1));
      assert.deepEqual(await Promise.all(all), [...[1, 2, 3].map((user) => [{ user }, { user }]), ['none', 'none']]);
      const error = await within('there', () => failure(worker.send('fall', null)));
      assert.equal(error.message, 'fell in there');
    });

    test('sees the storage in notifications, with unknown ones between them', async (t) => {
      const worker = await start(t, driver, { ...options, logLevel: 'silent' });
      within('first', () => worker.post('note', null));
      await within('unknown', () => failure(worker.send('unheard', null)));
      worker.post('note', null);
      within('third', () => worker.post('note', null));
      assert.deepEqual(await worker.send('noted', null), ['first', 'none', 'third']);
    });

    test('sees the storage in streams, in both directions', async (t) => {
      const worker = await start(t, driver, options);
      const stream = within('streaming', () => worker.stream('stream', null));
      const read: unknown[] = [];
      for await (const each of stream) read.push(each);
      assert.deepEqual([...read, await stream.result], ['streaming', 'streaming', 'streaming']);
      const input = [1, 2];
      const sent = within('uploading', () => (worker as any).send('upload', null, { input }));
      assert.deepEqual(await sent, [1, 'uploading', 2, 'uploading']);
    });

    test('carries its own context to the host', async (t) => {
      const worker = await start(t, driver, options);
      assert.equal(await worker.send('ask', 'of the worker'), 'of the worker');
      assert.equal(await within('of the host', () => worker.send('ask', undefined)), 'of the host');
      await worker.send('tell', 'told');
      await worker.send('noted', null);
      assert.deepEqual(worker.told, ['told']);
    });
  });
}

describe('The context of a message', () => {
  test('travels with a transferred payload, and without a payload', async (t) => {
    const worker = await start(t, new WorkerThreadsDriver());
    const payload = new Uint8Array(8);
    const sent = within('moved', () => worker.send('store', payload, { transfer: [payload.buffer] } as never));
    assert.deepEqual(await sent, ['moved', 'moved']);
    assert.equal(payload.length, 0);
    await within('lost', () => failure(worker.send('store', () => {})));
    assert.deepEqual(await worker.send('store', new Map()), ['none', 'none']);
  });

  test('is the context of the call, however long a message waits', async (t) => {
    const worker = await start(t, new ChildProcessDriver(), {
      waitForReady: false,
      maxPendingBytes: 1_000,
      middleware: async () => {},
    });
    const users = Array.from({ length: 20 }, (_, user) => user);
    const stores = users.map((user) => within({ user, text: 'x'.repeat(100) }, () => worker.send('store', 1)));
    const seen = (await Promise.all(stores)) as any[];
    assert.deepEqual(
      seen.map(([{ user }]) => user),
      users,
    );
  });

  test('survives a retry after a crash', async (t) => {
    const worker = await start(t, new ChildProcessDriver(), { unexpectedShutdown: { strategy: 'retry', attempts: 2 } });
    const sent = within('before', () => worker.send('store', 300));
    process.kill(worker.pid!, 'SIGKILL');
    assert.deepEqual(await sent, ['before', 'before']);
  });

  for (const driver of [new ChildProcessDriver(), new WorkerThreadsDriver()]) {
    test(`stays in the host where the worker does not want it (${driver.name})`, async (t) => {
      const worker = await start(t, driver, { startupData: { ignores: true } });
      assert.deepEqual(await within('unwanted', () => worker.send('store', 1)), ['none', 'none']);
      assert.equal(await worker.send('ask', 'unsent'), 'none');
    });
  }

  test('fails the message where it is no text, or too long', async (t) => {
    let carrier: any;
    const worker = await start(t, new ChildProcessDriver(), { context: { ...context, inject: () => carrier } });
    for (const [given, code, text] of [
      ['text', 'ERR_INVALID_OPTION', /the return value of context\.inject\(\) must be an object/],
      [{ user: 1 }, 'ERR_INVALID_OPTION', /"user" in the return value of context\.inject\(\) must be a string, not 1/],
      [{ store: 'é'.repeat(16_400) }, 'ERR_MESSAGE_TOO_LARGE', /has 164\d\d characters as JSON, the limit is 16384/],
    ]) {
      carrier = given;
      const error = await failure(worker.send('store', 1));
      assert.equal(error.code, code);
      assert.match(error.message, text as RegExp);
      assert.throws(() => worker.post('note', 1), { code });
    }
    carrier = { store: JSON.stringify('é'.repeat(16_000)) };
    assert.equal(((await worker.send('store', 1)) as string[])[0]!.length, 16_000);
    const script = fixture('worker');
    assert.equal((await failure(createWorker({ script, context: {} } as never))).code, 'ERR_INVALID_OPTION');
  });

  test('fails only a message whose handler the carrier does not call', async (t) => {
    let extract: any = () => {};
    const worker = await start(t, new ChildProcessDriver(), {
      context: { ...context, extract: (carrier: unknown, run: () => void) => extract(carrier, run) },
    });
    const lost = await failure(worker.send('ask', 'of the worker'));
    assert.match(lost.message, /context\.extract\(\) did not call `run`/);
    extract = () => {
      throw new RangeError('no way in');
    };
    assert.match((await failure(worker.send('ask', 'of the worker'))).message, /no way in/);
    extract = context.extract;
    assert.equal(await worker.send('ask', 'of the worker'), 'of the worker');
  });
});

test('traceContext sends the header `traceparent` of W3C', () => {
  const traces = new AsyncLocalStorage<TraceContext>();
  const carrier = traceContext(traces);
  const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
  assert.equal(carrier.inject(), undefined);
  assert.deepEqual(
    traces.run({ traceparent, tracestate: 'a=b' }, () => carrier.inject()),
    { traceparent, tracestate: 'a=b' },
  );
  assert.equal(
    traces.run({ traceparent: 'no trace' }, () => carrier.inject()),
    undefined,
  );
  const seen = (given: Record<string, string>) => carrier.extract(given, () => traces.getStore());
  assert.deepEqual(seen({ traceparent }), { traceparent });
  assert.equal(seen({ traceparent: 'no trace' }), undefined);
});

for (const driver of [new ChildProcessDriver(), new WorkerThreadsDriver()]) {
  test(`A blocking call carries its context, and a refused call does not (${driver.name})`, async (t) => {
    const worker = await start(t, driver);
    const sendSync = (type: string, payload: unknown) => (worker as any).sendSync(type, payload) as unknown;
    assert.deepEqual(
      within('blocked', () => sendSync('store', 1)),
      ['blocked', 'blocked'],
    );
    assert.deepEqual(sendSync('store', 1), ['none', 'none']);
    assert.deepEqual(await within('later', () => worker.send('store', 1)), ['later', 'later']);
  });
}
