// Both sides agree on a serializer where one names none, and JSON refuses values where a side names it.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import {
  ChildProcessDriver,
  createWorker,
  defineWorkerDriver,
  JsonSerializer,
  type WorkerClient,
  WorkerThreadsDriver,
} from 'isolated-workers';

import type { Loose } from '../fixtures/faults/support.mjs';
import { failure, fixture } from '../fixtures/support.mjs';

const startOne = async (options: object = {}) =>
  (await createWorker({ script: fixture('echo.mjs'), ...options } as never)) as WorkerClient<Loose>;

const rich = () => ({
  map: new Map([[1, new Set(['a'])]]),
  when: new Date(0),
  pattern: /a/gi,
  bytes: Buffer.from('ab'),
  error: new RangeError('too far'),
  none: undefined,
  big: 12n,
});

/** Starts processes by the library's driver, and gives it options of its own. */
const wrapping = defineWorkerDriver({
  name: 'wrapping',
  spawn: (script: string, options: object) => new ChildProcessDriver().spawn(script, { ...options, argv: ['wrapped'] }),
});

for (const [name, options] of [
  ['a process', {}],
  ["a process of a driver that wraps the library's", { driver: wrapping }],
  ['a thread', { driver: WorkerThreadsDriver }],
] as const) {
  test(`A worker without a serializer receives values with their types (${name})`, async (t) => {
    const worker = await startOne(options);
    t.after(() => worker.close());
    const { error, bytes, ...others } = rich();
    const arrived = await worker.send('echo', rich());
    assert.ok(arrived.error instanceof RangeError);
    assert.equal(arrived.error.message, error.message);
    assert.deepEqual(Buffer.from(arrived.bytes), bytes);
    assert.deepEqual({ ...arrived, error: 0, bytes: 0 }, { ...others, error: 0, bytes: 0 });
  });

  test(`A worker that names no serializer uses the JSON of its host (${name})`, async (t) => {
    const worker = await startOne({ ...options, serializer: 'json' });
    t.after(() => worker.close());
    assert.deepEqual(await worker.send('echo', { when: new Date(0), none: undefined }), {
      when: '1970-01-01T00:00:00.000Z',
    });
  });
}

test('A host that names no serializer refuses a worker that names JSON, and its error proposes JSON', async () => {
  const script = fixture('serve-with.mjs');
  const error = await failure(
    createWorker({ script, startupData: { options: { serializer: 'json' } }, stdio: 'ignore', logLevel: 'silent' }),
  );
  assert.equal(error.code, 'ERR_SERIALIZER_MISMATCH');
  assert.match(error.message, /This host names no serializer, so it takes 'structured'/);
  assert.match(error.message, /for a worker in another language, or one that names JSON, `serializer: 'json'`/);
});

describe('JSON that is named', () => {
  const refused: [what: string, value: unknown, says: RegExp][] = [
    ['a Map', { list: [new Map()] }, /\.list\[0\] is a Map, .* The serializer 'structured' carries it/],
    ['a Set', new Set(), /it is a Set/],
    ['a RegExp', { a: /a/ }, /\.a is a RegExp/],
    ['an error', { a: { b: new TypeError('x') } }, /\.a\.b is an error/],
    ['a Buffer', { a: Buffer.from('a') }, /\.a is bytes \(Uint8Array\)/],
    ['an ArrayBuffer', new ArrayBuffer(1), /it is bytes \(ArrayBuffer\)/],
    ['a SharedArrayBuffer', new SharedArrayBuffer(1), /it is bytes \(SharedArrayBuffer\)/],
    ['a DataView', [new DataView(new ArrayBuffer(1))], /\[0\] is bytes \(DataView\)/],
    ['a Promise', { a: Promise.resolve() }, /\.a is a Promise, which no serializer carries: await it first/],
    ['a WeakMap', { a: new WeakMap() }, /\.a is a WeakMap, which no serializer carries/],
    ['a function', { a: () => 1 }, /\.a is a function or a symbol/],
  ];
  for (const serializer of ['json', new JsonSerializer({ terminator: '\u0000' })] as const) {
    const name = typeof serializer === 'string' ? serializer : 'a JsonSerializer';
    for (const [what, value, says] of refused) {
      test(`${name} refuses ${what} alone, and names the member`, async (t) => {
        const worker = await startOne({ serializer });
        t.after(() => worker.close());
        const error = await failure(worker.send('echo', value));
        assert.equal(error.code, 'ERR_NOT_SERIALIZABLE');
        assert.match(error.message, says);
        assert.equal(await worker.send('echo', 'still there'), 'still there');
      });
    }
  }

  test('JSON refuses the same values in start-up data', async () => {
    const error = await failure(startOne({ serializer: 'json', startupData: { tags: new Set() } }));
    assert.equal(error.code, 'ERR_NOT_SERIALIZABLE');
    assert.match(error.message, /\.tags is a Set/);
  });

  test('JSON carries values with toJSON, and instances of classes that have only members', async (t) => {
    class Money {
      cents = 5;
    }
    const worker = await startOne({ serializer: 'json' });
    t.after(() => worker.close());
    const sent = {
      url: new URL('http://a/'),
      error: Object.assign(new Error('x'), { toJSON: () => 'own' }),
      money: new Money(),
    };
    assert.deepEqual(await worker.send('echo', sent), { url: 'http://a/', error: 'own', money: { cents: 5 } });
  });
});
