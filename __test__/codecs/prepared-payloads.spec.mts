// A program encodes a payload once and sends it many times.
import assert from 'node:assert/strict';
import { describe, test, type TestContext } from 'node:test';

import {
  InProcessDriver,
  preparePayload,
  type Serializer,
  WorkerThreadsDriver,
  type WorkerOptions,
} from 'isolated-workers';

import { serializer } from '../fixtures/serializers.mjs';
import { fixture, start } from '../fixtures/support.mjs';

const script = fixture('structured.mjs');
const begin = (t: TestContext, options: Partial<WorkerOptions<any, any>> = {}) =>
  start<any>(t, { script, ...options } as Partial<WorkerOptions<any>>);

const kinds: [title: string, options: Partial<WorkerOptions<any, any>>, carriesAll: boolean][] = [
  ['structured', { serializer: 'structured' }, true],
  ['structured, with a thread', { serializer: 'structured', driver: WorkerThreadsDriver }, true],
  ['json', { serializer: 'json' }, false],
  ['json, with a thread', { serializer: 'json', driver: WorkerThreadsDriver }, false],
  ['none, with a thread', { driver: WorkerThreadsDriver }, true],
  ['none, in process', { driver: InProcessDriver }, true],
];

describe('A prepared payload', () => {
  for (const [title, options, carriesAll] of kinds) {
    test(`arrives as the value was when the host prepared it (${title})`, async (t) => {
      const worker = await begin(t, options);
      const bytes = new Uint8Array([1, 2]);
      // JSON refuses bytes.
      const value = { list: [1], text: 'x'.repeat(20_000), ...(carriesAll && { bytes }) };
      const prepared = preparePayload(value);
      value.list.push(2);
      bytes[0] = 9;
      for (let time = 0; time < 2; time++) {
        const back = await worker.send('echo', prepared);
        assert.deepEqual(back.list, [1]);
        assert.equal(back.text.length, 20_000);
        assert.deepEqual(back.bytes, carriesAll ? new Uint8Array([1, 2]) : undefined);
        back.list.push(3);
      }
      worker.post('note', prepared);
      assert.deepEqual((await worker.send('noted')).list, [1]);
    });
  }

  test('reaches many workers at once, with one serializer or several', async (t) => {
    const prepared = preparePayload(new Map([[1, Buffer.alloc(100_000, 7)]]));
    const workers = await Promise.all([1, 2, 3].map(() => begin(t, { serializer: 'structured' })));
    for (const back of await Promise.all(workers.map((worker) => worker.send('echo', prepared)))) {
      assert.deepEqual(back, new Map([[1, Buffer.alloc(100_000, 7)]]));
    }
  });

  test('makes a custom serializer encode only once', async (t) => {
    const own = serializer('v8') as Serializer;
    let times = 0;
    const counting: Serializer = {
      ...own,
      serialize: (data) => (times++, own.serialize(data)),
      deserialize: own.deserialize,
    };
    const worker = await start<any>(t, { script: fixture('serializer.mjs'), argv: ['v8'], serializer: counting });
    const prepared = preparePayload({ a: new Date(0) });
    for (let time = 0; time < 3; time++) assert.deepEqual(await worker.send('echo', prepared), { a: new Date(0) });
    assert.equal(times, 1);
  });

  test('throws at once where the serializer cannot encode it', () => {
    assert.throws(() => preparePayload({ act() {} }), {
      code: 'ERR_NOT_SERIALIZABLE',
      message: /payload.*"structured"/,
    });
  });

  test('waits for back-pressure as other payloads do', async (t) => {
    const worker = await begin(t, { serializer: 'structured', maxPendingBytes: 100_000 });
    const blocked = worker.send('block', 100);
    const prepared = preparePayload(new Uint8Array(3_000_000).fill(1));
    const described = await Promise.all([1, 2].map(() => worker.send('describe', prepared)));
    assert.deepEqual(
      described.map(({ last, length }) => [last, length]),
      [
        [1, 3_000_000],
        [1, 3_000_000],
      ],
    );
    await blocked;
  });
});
