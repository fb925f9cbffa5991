// The codecs refuse a URL and other objects of the runtime whose content a copy would lose.
import assert from 'node:assert/strict';
import { describe, test, type TestContext } from 'node:test';

import { createWorker, InProcessDriver, type WorkerClient, WorkerThreadsDriver } from 'isolated-workers';

import { failure, fixture, type Loose } from '../fixtures/support.mjs';

for (const [name, options] of [
  ['a process', {}],
  ['a process with JSON', { serializer: 'json' }],
  ['a thread', { driver: WorkerThreadsDriver }],
  ["a thread with 'structured'", { driver: WorkerThreadsDriver, serializer: 'structured' }],
  ["the host's thread", { driver: InProcessDriver }],
] as const) {
  describe(`Objects of the runtime (${name})`, () => {
    async function start(t: TestContext) {
      const handlers = { give: () => [new URLSearchParams('b=1')] };
      const script = fixture('host-objects-worker.mjs');
      const worker = (await createWorker({ script, handlers, ...options } as never)) as unknown as WorkerClient<Loose>;
      t.after(() => worker.close());
      return worker;
    }

    const isJson = 'serializer' in options && options.serializer === 'json';

    async function refused(asked: Promise<unknown>, path: RegExp) {
      const error = await failure(asked);
      assert.equal(error.code, 'ERR_NOT_SERIALIZABLE');
      assert.match(error.message, path);
    }

    test('fail a request, whose error names their place', async (t) => {
      const worker = await start(t);
      await refused(
        worker.send('echo', { a: [1, { query: new URLSearchParams() }] }),
        /: \.a\[1\]\.query is an object of the runtime \(URLSearchParams\)/,
      );
      await refused(worker.send('echo', new Headers()), /: it is an object of the runtime \(Headers\)/);
      assert.throws(() => worker.post('echo', { query: new URLSearchParams() }), { code: 'ERR_NOT_SERIALIZABLE' });
      assert.equal(await worker.send('echo', 'still there'), 'still there');
    });

    test('fail results, progress, chunks and notifications of a worker', async (t) => {
      const worker = await start(t);
      if (!isJson) await refused(worker.send('url'), /: \.list\[1\] is an object of the runtime \(URL\)/);
      await refused(worker.send('later'), /: \.query is an object of the runtime \(URLSearchParams\)/);
      await refused(worker.send('progress'), /: \.headers is an object of the runtime \(Headers\)/);
      const chunks = (worker as WorkerClient<any>).stream('chunks', undefined);
      await refused(
        (async () => {
          for await (const chunk of chunks) assert.equal(chunk, 'first');
        })(),
        /: \.signal is an object of the runtime \(AbortSignal\)/,
      );
      await refused(worker.send('post'), /: \.form is an object of the runtime \(FormData\)/);
      await refused(worker.send('ask'), /: \[0\] is an object of the runtime \(URLSearchParams\)/);
    });

    test('fail a chunk of input', async (t) => {
      const worker = await start(t);
      const input = [{ query: new URLSearchParams() }];
      await refused(worker.send('upload', undefined, { input } as never), /\.query is an object of the runtime/);
    });

    test('do not prevent an error that has one from arriving', async (t) => {
      const worker = await start(t);
      const error = await failure(worker.send('fail'));
      assert.deepEqual([error.name, error.message.split(' (')[0], error.code], ['RangeError', 'too far', 'E_FAR']);
      if (isJson) return;
      const { error: within } = await worker.send('error');
      assert.deepEqual([within.name, within.message], ['RangeError', 'too far']);
    });
  });
}

test('Objects that structured clone carries arrive between threads', async (t) => {
  const script = fixture('host-objects-worker.mjs');
  const worker = await createWorker<any>({ script, driver: WorkerThreadsDriver as never });
  t.after(() => worker.close());
  assert.equal(await worker.send('blob', new Blob(['four'])), 4);
});
