// The serializer 'structured': identities, memory, errors, sizes, and workers that follow their host.
import assert from 'node:assert/strict';
import os from 'node:os';
import { describe, test, type TestContext } from 'node:test';

import { JsonSerializer, WorkerThreadsDriver, type WorkerOptions } from 'isolated-workers';

import { inTestAll } from '../../fixtures/rounds.mjs';
import { failure, fixture, start } from '../../fixtures/support.mjs';

const script = fixture('structured.mjs');
const begin = (t: TestContext, options: Partial<WorkerOptions<any>> = {}) =>
  start<any>(t, { script, serializer: 'structured', ...options });

describe('One object twice', () => {
  test('is one object in the worker and in the result', async (t) => {
    const worker = await begin(t);
    for (const one of [{}, [], new Map(), Buffer.from('a'), new Uint8Array(3), new ArrayBuffer(3), new Error('e')]) {
      assert.equal(await worker.send('isSame', { one, other: one }), true);
      // A large string beside it makes V8 get a copy.
      const [back, again] = await worker.send('echo', [one, one, 'x'.repeat(20_000)]);
      assert.equal(back, again);
    }
  });

  test('stays one object among many others', async (t) => {
    const worker = await begin(t);
    for (const count of [0, 1, 14, 15, 16, 17, 100]) {
      const others = Array.from({ length: count }, (_, number) => ({ number }));
      for (const one of [{ a: 1 }, ['a']]) {
        const [back, rest, { again }] = await worker.send('echo', [one, others, { again: one }]);
        assert.equal(back, again, `${count} others`);
        assert.deepEqual([back, rest], [one, others]);
      }
    }
  });

  test('keeps its identity, nested or cyclic, among more objects than the codec remembers', async (t) => {
    const worker = await begin(t);
    const others = Array.from({ length: 200 }, (_, number) => ({ fraction: number + 0.5 }));
    const round: Record<string, unknown> = { name: 'round' };
    round['self'] = [round];
    const memory = new Uint8Array([1, 2, 3]);
    let chain: object = { memory };
    for (let depth = 0; depth < 1100; depth++) chain = { next: chain };
    let tree: object = { memory };
    // As paths, a million leaves.
    for (let depth = 0; depth < 21; depth++) tree = { left: tree, right: tree };
    for (const one of [round, chain, tree, { memory }]) {
      // The others come first: from then on nothing plain is remembered.
      const [, back, again, bytes] = await worker.send('echo', [others, one, one, memory]);
      assert.equal(back, again);
      let at = back;
      while (at.next ?? at.left) at = at.next ?? at.left;
      assert.equal(one === round ? at.self[0] : at.memory, one === round ? at : bytes);
    }
  });

  test('may contain itself through errors and maps', async (t) => {
    const worker = await begin(t);
    const map = new Map<string, unknown>();
    const error = new Error('round', { cause: map });
    map.set('error', error).set('map', map).set('text', 'x'.repeat(10_000));
    const back = await worker.send('echo', map);
    assert.equal(back.get('map'), back);
    assert.equal(back.get('error').cause, back);
    assert.equal(back.get('text').length, 10_000);
  });
});

describe('An array', () => {
  test('keeps its holes and its named members, at each length', async (t) => {
    const worker = await begin(t);
    for (const length of [0, 1, 16, 17, 100, 5000]) {
      const list: number[] = Array.from({ length }, (_, number) => number);
      const named = Object.assign(Array.from(list), { name: 'list' });
      const hollow = Array.from(list);
      hollow.length += 1;
      for (const array of [list, named, hollow, Object.assign(Array.from(hollow), { name: 'list' })]) {
        const back = await worker.send('echo', array);
        assert.deepEqual(back, array);
        assert.deepEqual([back.length, Object.keys(back)], [array.length, Object.keys(array)]);
      }
    }
  });
});

describe('Memory', () => {
  test('of a view arrives without the rest of its buffer', async (t) => {
    const worker = await begin(t);
    const around = new ArrayBuffer(1_000_000);
    assert.deepEqual(await worker.send('describe', new Uint8Array(around, 500, 3).fill(7)), {
      name: 'Uint8Array',
      length: 3,
      first: 7,
      last: 7,
      memory: 3,
    });
    const pooled = await worker.send('describe', Buffer.from('abc'));
    assert.deepEqual([pooled.name, pooled.memory], ['Buffer', 3]);
  });

  test('of two views of one ArrayBuffer stays shared, at the same distance', async (t) => {
    const worker = await begin(t);
    const memory = new ArrayBuffer(800);
    const [bytes, numbers] = await worker.send('echo', [
      new Uint8Array(memory, 100, 60),
      new Float64Array(memory, 104, 4),
    ]);
    assert.equal(bytes.buffer, numbers.buffer);
    assert.equal(numbers.byteOffset - bytes.byteOffset, 4);
    numbers[0] = 0.5;
    assert.deepEqual([...bytes.subarray(4, 12)], [...new Uint8Array(Float64Array.of(0.5).buffer)]);
    const [whole, part] = await worker.send('echo', [memory, new Uint8Array(memory, 8, 8)]);
    assert.equal(part.buffer, whole);
    assert.equal(whole.byteLength, 800);
  });

  test('of each length and offset arrives, aligned', async (t) => {
    const worker = await begin(t);
    const memory = Uint8Array.from({ length: 70_000 }, (_, index) => index % 251).buffer;
    for (const length of [0, 8, 4080, 4096, 65_536]) {
      for (const offset of [0, 8, 24]) {
        const view = new Float64Array(memory, offset, length / 8);
        const back = await worker.send('echo', { view });
        assert.ok(back.view instanceof Float64Array);
        assert.ok(
          Buffer.from(back.view.buffer, back.view.byteOffset, length).equals(new Uint8Array(memory, offset, length)),
        );
      }
    }
  });

  test('that can grow can still grow in the worker', async (t) => {
    const worker = await begin(t);
    const Growing = ArrayBuffer as unknown as new (length: number, options: object) => any;
    const back = await worker.send('echo', new Growing(4, { maxByteLength: 64 }));
    back.resize(64);
    assert.equal(back.byteLength, 64);
  });

  test('that is detached or shared fails with an error that says so', async (t) => {
    const worker = await begin(t);
    const gone = new Uint8Array(4);
    structuredClone(gone, { transfer: [gone.buffer] });
    const shared = new SharedArrayBuffer(4);
    for (const [value, text] of [
      [gone, /detached/],
      [gone.buffer, /detached/],
      [{ shared }, /SharedArrayBuffer cannot leave/],
      [[new Uint8Array(shared)], /SharedArrayBuffer cannot leave/],
    ] as const) {
      const error = await failure(worker.send('echo', value));
      assert.equal(error.code, 'ERR_NOT_SERIALIZABLE');
      assert.match(error.message, text);
    }
    assert.equal(await worker.send('echo', 1), 1);
  });

  test('keeps the bytes of the moment of sending, even while back-pressure delays it', async (t) => {
    const worker = await begin(t, { maxPendingBytes: 100_000 });
    const blocked = worker.send('block', 200);
    const bytes = new Uint8Array(3_000_000).fill(1);
    const first = worker.send('describe', bytes);
    bytes.fill(2);
    const second = worker.send('describe', bytes);
    bytes.fill(3);
    const third = worker.send('describe', bytes);
    bytes.fill(4);
    // Of the first, shared memory or the system may have taken all, and of the second the system a part.
    assert.ok(worker.pendingBytes >= 3_000_000);
    const outcomes = await Promise.all([first, second, third, blocked]);
    const seen = outcomes.slice(0, 3).map((outcome) => [outcome.first, outcome.last]);
    assert.deepEqual(seen, [
      [1, 1],
      [2, 2],
      [3, 3],
    ]);
  });
});

test('Strings of each width and length arrive at each place in a payload', async (t) => {
  const worker = await begin(t);
  const large = ['x', 'é', '€', '😀', '\ud800'].flatMap((part) =>
    [8191, 8192, 100_001].map((length) => part.repeat(length)),
  );
  const value = { large, map: new Map([[1, large[2]]]), ['__proto__x']: large[0], again: large[2] };
  assert.deepEqual(await worker.send('echo', value), value);
  const odd = JSON.parse(`{"__proto__":"${'y'.repeat(9000)}","a":1}`) as object;
  const back = await worker.send('echo', odd);
  assert.deepEqual(Object.keys(back), ['__proto__', 'a']);
  assert.equal(Object.getOwnPropertyDescriptor(back, '__proto__')?.value.length, 9000);
});

test('Memory arrives from places that the codec has not seen before: a getter, and members of an array', async (t) => {
  const worker = await begin(t);
  const memory = new Uint8Array([1, 2, 3, 4]);
  const given = {
    get part() {
      return memory.subarray(1);
    },
    get buffer() {
      return Buffer.from('ab');
    },
    first: memory,
  };
  const back = (await worker.send('echo', given)) as typeof given;
  assert.deepEqual(back, { part: memory.subarray(1), buffer: Buffer.from('ab'), first: memory });
  const array = Object.assign([1n], { bytes: new Float64Array([0.5]), error: new TypeError('in there') });
  assert.deepEqual(await worker.send('echo', [array, memory]), [array, memory]);
});

test('Errors in a payload arrive with all members', async (t) => {
  class LostError extends RangeError {
    code = 'E_LOST';
    at = { list: [new Date(0)] };
    inner = new TypeError('inner', { cause: 5 });
    act = () => {};
  }
  const error = new LostError('lost');
  const all = new AggregateError([error, 'no error', undefined], 'all', { cause: undefined });
  const worker = await begin(t);
  const [back, many] = await worker.send('echo', [error, all]);
  assert.ok(back instanceof RangeError);
  assert.deepEqual([back.name, back.message, back.stack], ['LostError', 'lost', error.stack]);
  assert.deepEqual(Object.keys(back).toSorted(), ['at', 'code', 'inner']);
  assert.deepEqual((back as LostError).at, error.at);
  assert.equal((back as LostError).inner.cause, 5);
  assert.ok(many instanceof AggregateError && Object.hasOwn(many, 'cause'));
  assert.deepEqual([many.errors[0], many.errors[1], many.errors[2]], [back, 'no error', undefined]);
});

test('A batch keeps the order of small, large, JSON, structured and undefined payloads', async (t) => {
  const worker = await begin(t);
  const values = Array.from({ length: 300 }, (_, index) => {
    const kinds = [index, undefined, new Date(index), Buffer.alloc(index * 100, 1), { text: 'ä'.repeat(index * 60) }];
    return kinds[index % kinds.length];
  });
  assert.deepEqual(await Promise.all(values.map((value) => worker.send('echo', value))), values);
});

test('The codec encodes chunks of a stream like payloads', async (t) => {
  const worker = await begin(t);
  const sent = [new Set([1]), Buffer.alloc(100_000, 3), 'z'.repeat(50_000), { a: 1 }];
  const seen: unknown[] = [];
  for await (const chunk of worker.stream('chunks', sent)) seen.push(chunk);
  assert.deepEqual(seen, sent);
});

describe('A worker that names no serializer', () => {
  for (const driver of [undefined, WorkerThreadsDriver]) {
    for (const serializer of ['structured', 'json', new JsonSerializer({ terminator: '\0' })] as const) {
      const name = `${typeof serializer === 'string' ? serializer : 'JSON with a terminator of its own'}`;
      test(`follows its host: ${name}, ${driver === undefined ? 'process' : 'thread'}`, async (t) => {
        const worker = await begin(t, { serializer, ...(driver && { driver: driver as never }) });
        const back = await worker.send('echo', new Date(0));
        assert.deepEqual(back, serializer === 'structured' ? new Date(0) : '1970-01-01T00:00:00.000Z');
      });
    }
  }

  test('does not learn the serializer of its host from its environment', async (t) => {
    const worker = await start<any>(t, { serializer: 'structured' });
    assert.equal(await worker.send('environment', 'ISOLATED_WORKERS_SERIALIZER'), undefined);
  });

  test('does not start where the host has a custom serializer', async () => {
    const serializer = { name: 'own', serialize: () => new Uint8Array(0), deserialize: () => 0 };
    const error = await failure(start({ after() {} } as never, { script, serializer, stdio: 'ignore' }));
    assert.equal(error.code, 'ERR_SERIALIZER_MISMATCH');
  });
});

test('A worker that names another built-in serializer does not start', async () => {
  for (const [host, worker] of [
    ['structured', 'json'],
    ['json', 'structured'],
  ] as const) {
    const options = { script, argv: [worker], serializer: host, stdio: 'ignore' } as const;
    const error = await failure(start({ after() {} } as never, options));
    assert.equal(error.code, 'ERR_SERIALIZER_MISMATCH');
    assert.match(error.message, /"json".*"structured"|"structured".*"json"/);
  }
});

test('createWorker refuses an unknown name of a serializer', async () => {
  const error = await failure(start({ after() {} } as never, { script, serializer: 'xml' as 'json' }));
  assert.equal(error.code, 'ERR_INVALID_OPTION');
  assert.match(error.message, /"json", "structured" or an object/);
});

const needed = 8 * 2 ** 30;
const skip = os.freemem() < needed ? 'less than 8 GiB of memory are free' : false;

test('A message longer than the longest string arrives', { skip: inTestAll || skip, timeout: 120_000 }, async (t) => {
  const worker = await begin(t, { maxMessageSize: 2 ** 31, maxPendingBytes: Infinity });
  const before = process.memoryUsage.rss();
  const size = 600_000_000;
  const bytes = Buffer.alloc(size, 5);
  assert.equal((await worker.send('describe', bytes)).length, size);
  const text = 'x'.repeat(300_000_000);
  assert.deepEqual(await worker.send('measure', { one: text, other: `${text}€` }), [300_000_000, 300_000_001]);
  // The payload, its text, and once more on its way.
  assert.ok(process.memoryUsage.rss() - before < 4 * size, `${process.memoryUsage.rss() - before} bytes`);
});
