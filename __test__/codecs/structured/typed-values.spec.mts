// Values of users' types, in place of being refused.
import assert from 'node:assert/strict';
import { describe, test, type TestContext } from 'node:test';

import {
  createWorker,
  InProcessDriver,
  preparePayload,
  StructuredSerializer,
  WorkerThreadsDriver,
  type WorkerClient,
} from 'isolated-workers';

import { forkDriver } from '../../fixtures/fork-driver.mjs';
import { failure, fixture } from '../../fixtures/support.mjs';
import { Money, Pair, serializer, types } from '../../fixtures/typed-values.mjs';

const script = fixture('typed-values-worker');
const drivers: Record<string, object> = {
  process: {},
  thread: { driver: WorkerThreadsDriver },
  'the host itself': { driver: InProcessDriver },
  'custom driver': { driver: forkDriver, driverOptions: { argv: ['forked'] } },
};

async function begin(t: TestContext, options: object = {}): Promise<WorkerClient<any>> {
  const worker = (await createWorker<any>({ script, serializer, ...options } as never)) as unknown as WorkerClient<any>;
  t.after(() => worker.close());
  return worker;
}

function twice(number: number) {
  return 2 * number;
}

for (const [name, options] of Object.entries(drivers)) {
  describe(`A value of a type of the program (${name})`, () => {
    test('arrives as one of that type, alone and inside of other values', async (t) => {
      const worker = await begin(t, options);
      const url = new URL('file:///a?b=1');
      const values = [url, new Money(5), twice, new Pair(new Money(1), new Pair(url, 2))];
      assert.deepEqual(await worker.send('kinds', values), [
        'URL file:///a?b=1',
        'Money 5',
        'twice 8',
        'Pair Money 1,Pair URL file:///a?b=1,[object Number]',
      ]);
      const back = await worker.send('echo', url);
      assert.ok(back instanceof URL);
      assert.equal(back.href, url.href);
      assert.equal((await worker.send('echo', { deep: new Map([[1, new Set([new Money(7)])]]) })).deep.get(1).size, 1);
    });

    test('stays one value where it occurs twice, and leaves cycles and bytes as they are', async (t) => {
      const worker = await begin(t, options);
      const money = new Money(1);
      const value: Record<string, any> = {
        one: money,
        two: [money],
        bytes: new Uint8Array([1, 2]),
        text: 'x'.repeat(9000),
      };
      value['self'] = value;
      const back = await worker.send('echo', value);
      assert.equal(back.one, back.two[0]);
      assert.equal(back.one.cents, 1);
      assert.equal(back.self, back);
      assert.deepEqual([back.bytes, back.text], [value['bytes'], value['text']]);
    });

    test('travels in an error, in its cause, and in place of memory that is refused otherwise', async (t) => {
      const worker = await begin(t, options);
      const sent = new Error('with values', { cause: new Money(3) });
      const error = await worker.send('echo', Object.assign(sent, { url: new URL('file:///e') }));
      assert.ok(error instanceof Error);
      assert.equal((error as any).url.href, 'file:///e');
      assert.equal((error as any).cause.cents, 3);
      const memory = new SharedArrayBuffer(3);
      new Uint8Array(memory)[1] = 5;
      const back = await worker.send('echo', { memory });
      assert.ok(back.memory instanceof SharedArrayBuffer && back.memory !== memory);
      assert.deepEqual(new Uint8Array(back.memory), new Uint8Array([0, 5, 0]));
    });

    test('that cannot be decoded fails its own message', async (t) => {
      const worker = await begin(t, options);
      const error = await failure(worker.send('echo', [new Intl.Collator()]));
      assert.equal(error.code, 'ERR_MALFORMED_MESSAGE');
      assert.match(error.message, /the type refuses it/);
      assert.equal(await worker.send('echo', 1), 1);
    });
  });
}

test('sendSync, prepared payloads and retries carry what such a serializer carries', async (t) => {
  const worker = await begin(t, { unexpectedShutdown: { strategy: 'retry', attempts: 2 } });
  assert.equal((worker.sendSync('echo', new Money(2)) as any).cents, 2);
  assert.equal((await worker.send('echo', new Money(4))).cents, 4);
  assert.deepEqual(await worker.send('echo', preparePayload({ a: new Date(1) })), { a: new Date(1) });
});

test('Objects of the runtime of other types are refused as ever, with their place', async (t) => {
  const worker = await begin(t);
  const error = await failure(worker.send('echo', { good: new URL('file:///x'), bad: new Headers() }));
  assert.equal(error.code, 'ERR_NOT_SERIALIZABLE');
  assert.match(error.message, /\.bad is an object of the runtime \(Headers\)/);
});

test('The start of a worker fails where its host or the worker lacks a type of the other', async () => {
  const starting = createWorker({ script, serializer, startupData: { fewer: true } });
  const error = await failure(starting);
  assert.equal(error.code, 'ERR_SERIALIZER_MISMATCH');
  assert.match(error.message, /structured\+faulty\+money\+named\+pair\+shared\+url/);
});

test('A type that contains its own value is refused', () => {
  const loop: unknown[] = [];
  class Loop {
    readonly name = 'loop';
  }
  loop.push(new Loop());
  const looping = new StructuredSerializer({
    types: { loop: { is: (value) => value instanceof Loop, encode: () => loop, decode: (value) => value } },
  });
  const encoded = looping.serialize(loop);
  assert.throws(() => looping.deserialize(encoded), /a typed value is in itself/);
});

test('The serializer works alone, for files and databases', () => {
  const encoded = serializer.serialize({ price: new Money(12), at: new Date(3) });
  const { price, at } = serializer.deserialize(encoded) as { price: unknown; at: Date };
  assert.ok(price instanceof Money);
  assert.deepEqual(at, new Date(3));
  assert.equal(serializer.deserialize(serializer.serialize('text')), 'text');
});

test('The constructor refuses wrong types by name', () => {
  const invalid = { code: 'ERR_INVALID_OPTION' };
  for (const given of [undefined, {}, { types: 1 }, { types: { url: {} } }, { types: { '': types.url } }]) {
    assert.throws(() => new StructuredSerializer(given as never), invalid);
  }
  assert.throws(() => new StructuredSerializer({ types: { 'a+b': types.url } }), invalid);
  assert.throws(() => new StructuredSerializer({ types: { url: { ...types.url, encod: 1 } } } as never), /encod/);
});
