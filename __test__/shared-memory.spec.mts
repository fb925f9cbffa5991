// Large parts of payloads between processes: they go through shared memory where the system has it, arrive whole, and leave
// nothing behind.
import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { readdirSync, readlinkSync, statSync } from 'node:fs';
import { describe, test, type TestContext } from 'node:test';

import {
  createSharedBuffer,
  InProcessDriver,
  preparePayload,
  WorkerThreadsDriver,
  type WorkerOptions,
} from 'isolated-workers';

import { fixture, rejection, start } from './fixtures/support.mjs';

const script = fixture('large.mjs');
const begin = (t: TestContext, options: Partial<WorkerOptions<any>> = {}) =>
  start<any>(t, { script, serializer: 'structured', ...options });

const hasMemory = process.platform === 'linux';
const MIB = 1 << 20;
const hash = (bytes: Uint8Array) => createHash('sha1').update(bytes).digest('hex');

/** The shared memories that this process holds, as paths. */
function held(): string[] {
  const paths = hasMemory ? readdirSync('/proc/self/fd').map((fd) => `/proc/self/fd/${fd}`) : [];
  return paths.filter((path) => {
    try {
      return readlinkSync(path).startsWith('/memfd:isolated-workers');
    } catch {
      return false;
    }
  });
}

const memories = () => held().length;

describe('A large part', () => {
  test('goes through one memory for each direction, which goes with the worker', async (t) => {
    assert.equal(memories(), 0);
    const worker = await begin(t);
    const many = Array.from({ length: 4000 }, (_, id) => ({ id, name: `the ${id}th, ${'€'.repeat(id % 3)}` }));
    for (const payload of [Buffer.alloc(MIB, 1), 'text'.repeat(MIB), new Float64Array(MIB).fill(0.5), { list: many }]) {
      assert.deepEqual(await worker.send('echo', payload), payload);
    }
    assert.deepEqual([await worker.send('memories'), memories()], hasMemory ? [2, 2] : [0, 0]);
    await worker.close();
    assert.equal(memories(), 0);
  });

  test('needs none where it is small, or where the serializer knows no parts', async (t) => {
    const [structured, json] = await Promise.all([begin(t), begin(t, { serializer: 'json' })]);
    assert.deepEqual(await structured.send('echo', Buffer.alloc(1000, 1)), Buffer.alloc(1000, 1));
    assert.equal((await json.send('echo', 'x'.repeat(MIB))).length, MIB);
    assert.deepEqual([await structured.send('memories'), await json.send('memories'), memories()], [0, 0, 0]);
  });

  test('goes through the stream where one side is told not to share', async (t) => {
    const env = { ...process.env, ISOLATED_WORKERS_SHARED_MEMORY: '0' };
    const worker = await begin(t, { driverOptions: { env } });
    const payload = randomBytes(MIB);
    assert.deepEqual(await worker.send('echo', payload), payload);
    assert.deepEqual([await worker.send('memories'), memories()], [0, 0]);
  });

  test('arrives whole, whatever its size and kind and however many are under way', async (t) => {
    const worker = await begin(t);
    const seed = Number(process.env['SEED'] ?? Date.now() % 1e6);
    t.diagnostic(`SEED=${seed}`);
    let state = seed + 1;
    const below = (end: number) => (state = (state * 48_271) % 2_147_483_647) % end;
    const kinds = [
      (size: number) => Buffer.alloc(size, below(256)),
      (size: number) => new Uint16Array(size >> 1).fill(below(65_536)),
      (size: number) => String.fromCharCode(below(128)).repeat(size),
      (size: number) => String.fromCharCode(below(256)).repeat(size),
      (size: number) => `${String.fromCharCode(0x100 + below(0xd000))}b`.repeat(size >> 1),
    ];
    const make = () =>
      (kinds[below(kinds.length)] as (size: number) => unknown)(
        below(4) === 0 ? below(3 * MIB) : 65_000 + below(1_100),
      );
    for (let round = 0; round < 6; round++) {
      const payloads = Array.from({ length: 24 }, () => (below(3) === 0 ? [make(), { at: make() }] : make()));
      assert.deepEqual(await Promise.all(payloads.map((payload) => worker.send('echo', payload))), payloads);
    }
  });

  test('over the limit is refused on either side, and hurts nothing else', async (t) => {
    const worker = await begin(t, { maxMessageSize: MIB });
    const [tooLarge, result, fits] = await Promise.all([
      rejection(worker.send('echo', Buffer.alloc(MIB + 1))),
      rejection(worker.send('make', { size: MIB + 1, fill: 1 })),
      worker.send('echo', Buffer.alloc(MIB - 1000, 3)),
    ]);
    assert.deepEqual([tooLarge.code, result.code], ['ERR_MESSAGE_TOO_LARGE', 'ERR_MESSAGE_TOO_LARGE']);
    assert.deepEqual(fits, Buffer.alloc(MIB - 1000, 3));
  });

  test('of a prepared payload goes to each of several workers', async (t) => {
    const workers = await Promise.all([begin(t), begin(t), begin(t)]);
    const bytes = randomBytes(3 * MIB);
    const payload = preparePayload(bytes);
    assert.deepEqual(
      await Promise.all(workers.map((worker) => worker.send('hash', payload))),
      workers.map(() => hash(bytes)),
    );
  });
});

describe('Large parts', () => {
  test('leave their memory behind for a moment only', { skip: !hasMemory }, async (t) => {
    const worker = await begin(t);
    await worker.send('echo', Buffer.alloc(16 * MIB, 1));
    const paths = held();
    assert.equal(paths.length, 2);
    const size = () => paths.reduce((sum, path) => sum + statSync(path).blocks * 512, 0);
    assert.ok(size() >= 32 * MIB, `${size()} bytes`);
    while (size() > 4 * MIB) await new Promise((resolve) => setTimeout(resolve, 10));
    assert.deepEqual(await worker.send('echo', Buffer.alloc(MIB, 2)), Buffer.alloc(MIB, 2));
  });

  test('that nobody reads for a while go through the stream, in their order', async (t) => {
    const worker = await begin(t);
    const blocked = worker.send('block', 300);
    const payloads = Array.from({ length: 60 }, (_, index) => Buffer.alloc(2 * MIB, index));
    for (const payload of payloads) await worker.post('note', payload);
    await blocked;
    assert.deepEqual(await worker.send('noted'), payloads.map(hash));
  });

  test('of answers that come too late take no memory from the next', async (t) => {
    const worker = await begin(t);
    for (let round = 0; round < 4; round++) {
      const blocked = worker.send('block', 20);
      const late = Array.from({ length: 10 }, () =>
        rejection(worker.send('make', { size: 4 * MIB, fill: 1 }, { timeout: 1 })),
      );
      assert.ok((await Promise.all(late)).every(({ code }) => code === 'ERR_MESSAGE_TIMEOUT'));
      await blocked;
      assert.deepEqual(await worker.send('make', { size: 4 * MIB, fill: 2 }), Buffer.alloc(4 * MIB, 2));
    }
  });

  test('come whole to sendSync, and to those who wait meanwhile', async (t) => {
    const worker = await begin(t);
    const others = Array.from({ length: 10 }, (_, index) => worker.send('make', { size: MIB, fill: index }));
    for (let index = 0; index < 10; index++) {
      assert.deepEqual(worker.sendSync('make', { size: MIB, fill: index }), Buffer.alloc(MIB, index));
    }
    const expected = Array.from(others, (_, index) => Buffer.alloc(MIB, index));
    assert.deepEqual(await Promise.all(others), expected);
    assert.deepEqual(await worker.send('echo', expected[5]), expected[5]);
  });

  test('in flight when the worker is killed are lost with it, and their memory with them', async (t) => {
    const worker = await begin(t);
    await worker.send('echo', Buffer.alloc(MIB));
    const lost = Array.from({ length: 20 }, () => rejection(worker.send('echo', Buffer.alloc(2 * MIB))));
    process.kill(worker.pid as number, 'SIGKILL');
    assert.ok((await Promise.all(lost)).every(({ code }) => code === 'ERR_WORKER_CRASHED'));
    await worker.close();
    assert.equal(memories(), 0);
  });

  test(
    'that come to a process without file descriptors fail alone, and the next arrives',
    { skip: !hasMemory },
    async (t) => {
      const worker = await begin(t);
      assert.equal(await worker.send('takeAllDescriptors'), 'EMFILE');
      const error = await rejection(worker.send('hash', Buffer.alloc(MIB)));
      assert.equal(error.code, 'ERR_MALFORMED_MESSAGE');
      assert.match(error.message, /no file descriptors left/);
      await worker.send('giveThemBack');
      assert.deepEqual(await worker.send('echo', Buffer.alloc(MIB, 4)), Buffer.alloc(MIB, 4));
    },
  );
});

describe('A shared buffer', { skip: !hasMemory }, () => {
  test('is the same memory in host and worker', async (t) => {
    const worker = await begin(t);
    const buffer = createSharedBuffer(100_000);
    assert.ok(buffer.length === 100_000 && buffer.every((byte) => byte === 0));
    assert.equal(await worker.send('keep', buffer), 100_000);
    buffer[99_999] = 7;
    assert.equal((await worker.send('kept'))[99_999], 7);
    await worker.send('put', { at: 5, value: 8 });
    assert.equal(buffer[5], 8);
  });

  test('comes back as the same memory, and from the worker, too', async (t) => {
    const worker = await begin(t);
    const buffer = createSharedBuffer(10);
    const { one, other } = await worker.send('echo', { one: buffer, other: [buffer] });
    one[3] = 9;
    assert.deepEqual([buffer[3], other[0][3]], [9, 9]);
    const made = await worker.send('makeShared', 5000);
    made[0] = 1;
    assert.deepEqual([...(await worker.send('kept')).subarray(0, 2)], [1, 0]);
    await worker.send('put', { at: 1, value: 2 });
    assert.equal(made[1], 2);
  });

  test('may be passed in part, and as another kind of view', async (t) => {
    const worker = await begin(t);
    const buffer = createSharedBuffer(64);
    await worker.send('keep', buffer.subarray(10, 20));
    await worker.send('put', { at: 0, value: 3 });
    assert.equal(buffer[10], 3);
    const numbers = await worker.send('echo', new Float64Array(buffer.buffer, 16, 2));
    assert.ok(numbers instanceof Float64Array && numbers.length === 2);
    numbers[0] = 0.5;
    assert.equal(new DataView(buffer.buffer).getFloat64(16, true), 0.5);
  });

  test('may be passed on by a worker, prepared, and posted', async (t) => {
    const [first, second] = await Promise.all([begin(t), begin(t)]);
    const buffer = createSharedBuffer(10);
    await second.send('keep', await first.send('echo', buffer));
    await second.send('put', { at: 1, value: 4 });
    assert.equal(buffer[1], 4);
    const payload = preparePayload(buffer);
    await Promise.all([first, second].map((worker) => worker.send('keep', payload)));
    buffer[2] = 5;
    assert.deepEqual([(await first.send('kept'))[2], (await second.send('kept'))[2]], [5, 5]);
  });

  test('takes what two processes add to it at the same time', async (t) => {
    const workers = await Promise.all([begin(t), begin(t)]);
    const buffer = createSharedBuffer(8);
    await Promise.all(workers.map((worker) => worker.send('keep', buffer)));
    const counted = workers.map((worker) => worker.send('count', 200_000));
    const numbers = new Int32Array(buffer.buffer);
    for (let index = 0; index < 200_000; index++) Atomics.add(numbers, 0, 1);
    await Promise.all(counted);
    assert.equal(numbers[0], 600_000);
  });

  test('stays with those who hold it when the others die', async (t) => {
    const worker = await begin(t);
    const made = await worker.send('makeShared', 10_000);
    process.kill(worker.pid as number, 'SIGKILL');
    await worker.close();
    made.fill(3);
    assert.ok(made.every((byte: number) => byte === 3));
  });

  test('is unmapped when nobody refers to it any more', async (t) => {
    const worker = await begin(t, { driverOptions: { execArgv: ['--expose-gc'] } });
    await worker.send('makeShared', 1 << 20);
    assert.deepEqual([await worker.send('mapped')], [true]);
    for (let round = 0; (await worker.send('mapped')) && round < 100; round++) await worker.send('let');
    assert.equal(await worker.send('mapped'), false);
  });

  test('goes where it can go only', async (t) => {
    const buffer = createSharedBuffer(10);
    const env = { ...process.env, ISOLATED_WORKERS_SHARED_MEMORY: '0' };
    const workers = await Promise.all([
      begin(t, { driverOptions: { env } }),
      begin(t, { driver: new WorkerThreadsDriver() as never }),
      begin(t, { driver: new InProcessDriver() as never }),
    ]);
    for (const worker of workers) {
      const error = await rejection(worker.send('echo', { buffer }));
      assert.equal(error.code, 'ERR_NOT_SERIALIZABLE');
      assert.match(error.message, /send a copy: Uint8Array.from/i);
      assert.deepEqual(await worker.send('echo', Uint8Array.from(buffer)), new Uint8Array(10));
    }
  });

  test('is refused where its own side is told not to share, and nothing is written of it', async (t) => {
    const env = { ...process.env };
    process.env['ISOLATED_WORKERS_SHARED_MEMORY'] = '0';
    const starting = begin(t, { driverOptions: { env } });
    const worker = await starting.finally(() => delete process.env['ISOLATED_WORKERS_SHARED_MEMORY']);
    const error = await rejection(worker.send('echo', [createSharedBuffer(10), Buffer.alloc(MIB)]));
    assert.equal(error.code, 'ERR_NOT_SERIALIZABLE');
    assert.deepEqual(await worker.send('echo', Buffer.alloc(MIB, 1)), Buffer.alloc(MIB, 1));
  });

  test('is one of few in a message, and the next message has its own', async (t) => {
    const worker = await begin(t);
    const buffers = Array.from({ length: 64 }, () => createSharedBuffer(1));
    const error = await rejection(worker.send('echo', buffers));
    assert.equal(error.code, 'ERR_NOT_SERIALIZABLE');
    assert.match(error.message, /64 shared buffers .* at most 63/);
    const back = await worker.send('echo', [...buffers.slice(1), Buffer.alloc(MIB, 1)]);
    back[62][0] = 1;
    assert.deepEqual([buffers[63]?.[0], back.length, back[63].length], [1, 64, MIB]);
  });

  test('has a size that makes sense', () => {
    for (const size of [0, -1, 0.5, NaN, 2 ** 32, '1', undefined]) {
      assert.throws(() => createSharedBuffer(size as number), { code: 'ERR_INVALID_OPTION' });
    }
  });
});
