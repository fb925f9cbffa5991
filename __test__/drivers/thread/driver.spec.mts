// Workers that are threads: the values that travel, memory that is shared, and memory that is moved.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { describe, test } from 'node:test';
import { MessageChannel } from 'node:worker_threads';

import { createWorker, WorkerThreadsDriver } from 'isolated-workers';

import { failure, fixture, type Loose, startThread } from '../../fixtures/drivers/support.mjs';

describe('A worker thread', () => {
  for (const driver of [WorkerThreadsDriver, new WorkerThreadsDriver()]) {
    test(`is a thread of this process (driver given as ${typeof driver === 'function' ? 'class' : 'instance'})`, async (t) => {
      const worker = await createWorker<Loose, WorkerThreadsDriver>({ script: fixture('worker'), driver });
      t.after(() => worker.close());
      const { isMainThread, threadId, pid } = await worker.send('where', null);
      assert.equal(isMainThread, false);
      assert.notEqual(threadId, 0);
      assert.equal(pid, process.pid);
      assert.equal(worker.pid, undefined);
      assert.equal(worker.name, 'worker.mjs');
      assert.deepEqual(worker.capabilities, { reconnect: false, detach: false, sharedMemory: true, sync: true });
      assert.deepEqual([worker.isActive, worker.isConnected], [true, true]);
    });
  }

  test('has its start-up data, before and after it serves', async (t) => {
    const worker = await startThread(t, { startupData: { list: [1, 'ä'] } });
    assert.deepEqual(await worker.send('startupData', null), { list: [1, 'ä'] });
  });

  test('rejects disconnect() and reconnect()', async (t) => {
    const worker = await startThread(t);
    const error = await failure((worker as any).disconnect());
    assert.equal(error.code, 'ERR_UNSUPPORTED_BY_DRIVER');
    assert.match(error.message, /"worker_threads".*"child_process"/);
    await assert.rejects((worker as any).reconnect(), { code: 'ERR_UNSUPPORTED_BY_DRIVER' });
    assert.equal(await worker.send('echo', 1), 1);
  });
});

describe('Values', () => {
  const cycle: any = { name: 'cycle', list: [] };
  cycle.self = cycle;
  cycle.list.push(cycle, cycle.list);
  const values: Record<string, unknown> = {
    undefined: undefined,
    null: null,
    NaN: NaN,
    '-0': -0,
    Infinity: Infinity,
    'a big integer': 2n ** 70n,
    'an empty string': '',
    'a lone surrogate': '\ud800',
    'a map': new Map<unknown, unknown>([[{ key: 1 }, new Map([['inner', new Set([1n])]])]]),
    'a set': new Set([undefined, null, NaN, 'text', { in: [new Date(0)] }]),
    'a date': new Date(1e12),
    'a regular expression': /a(?<b>c)/giu,
    'typed arrays': [new Uint8Array([1, 2]), new Float64Array([0.5, NaN]), new BigInt64Array([-1n])],
    'a view of a part': new Uint8Array([0, 1, 2, 3]).subarray(1, 3),
    'an array buffer': new Uint8Array([9, 8]).buffer,
    'an error with a cause': new RangeError('no', { cause: new TypeError('because') }),
    'a cycle': cycle,
    'boxed primitives': [Object(1), Object('text'), Object(true), Object(1n)],
    'an object with members that are undefined': { a: undefined, b: [undefined] },
    'an array with holes': Object.assign(new Array(5), { 1: 1, 3: 2 }),
    'an array with a hole and a member': Object.assign(new Array(2), { 1: 1, member: 2 }),
    'an array with members': Object.assign([1], { index: 0 }),
    'an object without a prototype': Object.assign(Object.create(null), { a: { b: 1 } }),
    'a member called __proto__': JSON.parse('{"__proto__":{"polluted":true},"a":1}'),
    'a primitive member called __proto__': JSON.parse('{"a":{"__proto__":7}}'),
    'members called like those of objects': { constructor: 1, hasOwnProperty: 2, toString: 3 },
    'an instance of a class': new (class Point {
      x = 1;
      #hidden = 2;
      get y() {
        return this.#hidden;
      }
    })(),
    'a getter': {
      get computed() {
        return { at: 'once' };
      },
    },
    'members that are not enumerable': Object.defineProperty({ seen: 1 }, 'hidden', { value: 2 }),
    'members named by symbols': { [Symbol('s')]: 1, named: 2 },
    'an array of a class of its own': new (class List extends Array<number> {})(3, 4),
    'a deep nest': JSON.parse('['.repeat(200) + ']'.repeat(200)),
    'a wide object': Object.fromEntries(Array.from({ length: 300 }, (_, index) => [`m${index}`, index])),
    'a long array': Array.from({ length: 10_000 }, (_, index) => ({ index })),
  };

  for (const [what, value] of Object.entries(values)) {
    test(`arrive as structuredClone gives them: ${what}`, async (t) => {
      const worker = await startThread(t);
      const expected = structuredClone(value);
      const [alone, nested] = await Promise.all([worker.send('echo', value), worker.send('echo', { nested: [value] })]);
      assert.deepStrictEqual(alone, structuredClone(expected));
      assert.deepStrictEqual(nested, { nested: [structuredClone(expected)] });
      if (Array.isArray(value)) assert.deepEqual(Object.keys(alone as object), Object.keys(value));
    });
  }

  test('are copied at the time of sending', async (t) => {
    const worker = await startThread(t);
    const small = { list: [1] };
    const large = new Map([['list', [1]]]);
    const answers = [worker.send('echo', small), worker.send('echo', large)];
    small.list.push(2);
    large.get('list')!.push(2);
    assert.deepEqual(await Promise.all(answers), [{ list: [1] }, new Map([['list', [1]]])]);
  });

  test('that a handler returns twice in one tick are two objects in the host', async (t) => {
    const worker = await startThread(t);
    const [one, two] = await Promise.all([worker.send('common', null), worker.send('common', null)]);
    assert.deepEqual(one, two);
    assert.notEqual(one, two);
  });

  test('of results are copied at the time when the handler returns', async (t) => {
    const worker = await startThread(t);
    const results = ['a', 'b', 'c'].map((name) => worker.send('renamed', name));
    assert.deepEqual(await Promise.all(results), [{ of: 'a' }, { of: 'b' }, { of: 'c' }]);
  });

  for (const [what, value] of Object.entries({
    'a function': () => {},
    'a nested function': { in: [{ here: () => {} }] },
    'a symbol': Symbol('s'),
    'a nested symbol': new Map([['in', Symbol('s')]]),
    'a promise': Promise.resolve(),
    'a weak map': [new WeakMap()],
  })) {
    test(`that cannot be cloned fail their message alone: ${what}`, async (t) => {
      const worker = await startThread(t);
      const before = worker.send('echo', 'before');
      const refused = failure(worker.send('echo', value));
      assert.throws(() => worker.post('keep', value), { code: 'ERR_NOT_SERIALIZABLE' });
      const after = worker.send('echo', 'after');
      const error = await refused;
      assert.equal(error.code, 'ERR_NOT_SERIALIZABLE');
      assert.match(error.message, /"echo".*structured clone/);
      assert.deepEqual(await Promise.all([before, after]), ['before', 'after']);
    });
  }

  for (const type of ['function', 'symbol', 'getter']) {
    test(`of results that cannot be cloned fail their request alone: ${type}`, async (t) => {
      const worker = await startThread(t);
      const [before, refused, after] = await Promise.allSettled(
        ['echo', type, 'echo'].map((each) => worker.send(each, 1)),
      );
      for (const other of [before, after]) assert.deepEqual(other, { status: 'fulfilled', value: 1 });
      assert.equal((refused as PromiseRejectedResult).reason.code, 'ERR_NOT_SERIALIZABLE');
    });
  }

  test('whose getter throws fail only their message', async (t) => {
    const worker = await startThread(t);
    const cause = new RangeError('no such member');
    const value = {
      get member() {
        throw cause;
      },
    };
    const error = await failure(worker.send('echo', value));
    assert.equal(error.code, 'ERR_NOT_SERIALIZABLE');
    assert.equal(error.cause, cause);
    assert.throws(() => worker.post('keep', value), { code: 'ERR_NOT_SERIALIZABLE' });
    assert.equal(await worker.send('echo', 1), 1);
  });
});

describe('Shared memory', () => {
  test('of the host is visible in the worker', async (t) => {
    const worker = await startThread(t);
    const memory = new Int32Array(new SharedArrayBuffer(8));
    await worker.send('share', memory.buffer);
    Atomics.store(memory, 0, 7);
    assert.equal(await worker.send('load', 0), 7);
    await worker.send('store', { index: 1, value: 9 });
    assert.equal(Atomics.load(memory, 1), 9);
  });

  test('of the worker is visible in the host', async (t) => {
    const worker = await startThread(t);
    const memory: Int32Array = await worker.send('shared', null);
    assert.ok(memory.buffer instanceof SharedArrayBuffer);
    Atomics.store(memory, 0, 7);
    assert.equal(await worker.send('load', 0), 7);
    await worker.send('store', { index: 1, value: 9 });
    assert.equal(Atomics.load(memory, 1), 9);
  });

  test('deep inside a payload is still shared', async (t) => {
    const worker = await startThread(t);
    const memory = new Int32Array(new SharedArrayBuffer(8));
    const { in: [{ back }] } = await worker.send('echo', { in: [{ back: memory }] }); // prettier-ignore
    Atomics.store(back, 0, 5);
    assert.equal(Atomics.load(memory, 0), 5);
  });
});

describe('Transfer', () => {
  test('of send moves a buffer', async (t) => {
    const worker = await startThread(t);
    const bytes = new Uint8Array([1, 2, 3]);
    const answer = worker.send('echo', { bytes }, { transfer: [bytes.buffer] });
    assert.equal(bytes.byteLength, 0);
    assert.deepEqual(await answer, { bytes: new Uint8Array([1, 2, 3]) });
  });

  test('of post moves a buffer', async (t) => {
    const worker = await startThread(t);
    const bytes = new Uint8Array([1, 2, 3]);
    worker.post('keep', bytes, { transfer: [bytes.buffer] });
    assert.equal(bytes.byteLength, 0);
    assert.deepEqual(await worker.send('take', 0), new Uint8Array([1, 2, 3]));
  });

  test('keeps the order of messages', async (t) => {
    const worker = await startThread(t);
    for (let round = 0; round < 20; round++) {
      const bytes = new Uint8Array([round]);
      worker.post('keep', { before: round });
      worker.post('keep', bytes, { transfer: [bytes.buffer] });
      worker.post('keep', { after: round });
    }
    for (let round = 0; round < 20; round++) {
      assert.deepEqual(await worker.send('take', 3 * round), { before: round });
      assert.deepEqual(await worker.send('take', 3 * round + 1), new Uint8Array([round]));
      assert.deepEqual(await worker.send('take', 3 * round + 2), { after: round });
    }
  });

  test('from a handler moves a buffer to the host', async (t) => {
    const worker = await startThread(t);
    const { bytes } = await worker.send('produce', 1_000_000);
    assert.equal(bytes.byteLength, 1_000_000);
    assert.equal(bytes[999_999], 7);
    assert.equal(await worker.send('left', null), 0);
  });

  test('moves a port to the worker', async (t) => {
    const worker = await startThread(t);
    const { port1, port2 } = new MessageChannel();
    const told = once(port1, 'message');
    await worker.send('answerBy', { port: port2, text: 'by the port' }, { transfer: [port2] });
    assert.deepEqual(await told, ['by the port']);
  });

  test('moves a port to the host', async (t) => {
    const worker = await startThread(t);
    const { port } = await worker.send('producePort', null);
    const told = once(port, 'message');
    port.postMessage('there and');
    assert.deepEqual(await told, ['there and back']);
  });

  test('moves memory through middleware', async (t) => {
    const worker = await startThread(t, { middleware: [(message: any) => message, async (message: any) => message] });
    const bytes = new Uint8Array([1, 2, 3]);
    assert.deepEqual(await worker.send('echo', bytes, { transfer: [bytes.buffer] }), new Uint8Array([1, 2, 3]));
    assert.equal(bytes.byteLength, 0);
  });

  const twice = new ArrayBuffer(8);
  for (const [what, transfer, payload] of [
    ['the same buffer twice', [twice, twice], null],
    ['what cannot be moved', [{} as never], null],
    ['a primitive', ['text' as never], null],
    ['a port that is not in the list', [new ArrayBuffer(8)], new MessageChannel().port1],
  ] as const) {
    test(`of ${what} fails that message alone`, async (t) => {
      const worker = await startThread(t);
      const before = worker.send('echo', 'before');
      const refused = failure(worker.send('echo', payload, { transfer: [...transfer] }));
      assert.throws(() => worker.post('keep', payload, { transfer: [...transfer] }), { code: 'ERR_NOT_SERIALIZABLE' });
      const after = worker.send('echo', 'after');
      assert.equal((await refused).code, 'ERR_NOT_SERIALIZABLE');
      assert.deepEqual(await Promise.all([before, after]), ['before', 'after']);
    });
  }

  test('of a buffer that was moved before fails only its message, or moves an empty buffer', async (t) => {
    const worker = await startThread(t);
    const buffer = new ArrayBuffer(8);
    const before = worker.send('echo', buffer, { transfer: [buffer] });
    const [again] = await Promise.allSettled([worker.send('echo', buffer, { transfer: [buffer] })]);
    // Which of the two is up to the version of Node.
    if (again.status === 'fulfilled') assert.equal(again.value.byteLength, 0);
    else assert.equal(again.reason.code, 'ERR_NOT_SERIALIZABLE');
    assert.equal((await before).byteLength, 8);
    assert.equal(await worker.send('echo', 'after'), 'after');
  });

  test('of the same buffer twice, from a handler, fails that request alone', async (t) => {
    const worker = await startThread(t);
    const [refused, after] = await Promise.all([failure(worker.send('produceTwice', 1)), worker.send('echo', 'after')]);
    assert.equal(refused.code, 'ERR_NOT_SERIALIZABLE');
    assert.equal(after, 'after');
    assert.equal(await worker.send('left', null), 8);
  });

  test('fails where it is no array', async (t) => {
    const worker = await startThread(t);
    const wrong = { transfer: new ArrayBuffer(8) as never };
    await assert.rejects(worker.send('echo', 1, wrong), { code: 'ERR_INVALID_OPTION' });
    assert.throws(() => worker.post('keep', 1, wrong), { code: 'ERR_INVALID_OPTION' });
  });
});
