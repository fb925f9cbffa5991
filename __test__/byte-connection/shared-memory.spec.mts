// Large segments of payloads cross between processes through shared memory where the system has it.
import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { readdirSync, readlinkSync, statSync } from 'node:fs';
import { describe, test, type TestContext } from 'node:test';

import { preparePayload, type WorkerOptions } from 'isolated-workers';

import { failure, fixture, start } from '../fixtures/support.mjs';

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
  test('goes through one shared memory for each direction, which the host frees with the worker', async (t) => {
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

  test('needs no shared memory where it is small, or where the serializer has no segments', async (t) => {
    const [structured, json] = await Promise.all([begin(t), begin(t, { serializer: 'json' })]);
    assert.deepEqual(await structured.send('echo', Buffer.alloc(1000, 1)), Buffer.alloc(1000, 1));
    assert.equal((await json.send('echo', 'x'.repeat(MIB))).length, MIB);
    assert.deepEqual([await structured.send('memories'), await json.send('memories'), memories()], [0, 0, 0]);
  });

  test('goes through the socket where one side disables shared memory', async (t) => {
    const env = { ...process.env, ISOLATED_WORKERS_SHARED_MEMORY: '0' };
    const worker = await begin(t, { driverOptions: { env } });
    const payload = randomBytes(MIB);
    assert.deepEqual(await worker.send('echo', payload), payload);
    assert.deepEqual([await worker.send('memories'), memories()], [0, 0]);
  });

  test('arrives whole, for each size and kind and with many in flight', async (t) => {
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

  test('over the limit fails on either side, and other messages arrive', async (t) => {
    const worker = await begin(t, { maxMessageSize: MIB });
    const [tooLarge, result, fits] = await Promise.all([
      failure(worker.send('echo', Buffer.alloc(MIB + 1))),
      failure(worker.send('make', { size: MIB + 1, fill: 1 })),
      worker.send('echo', Buffer.alloc(MIB - 1000, 3)),
    ]);
    assert.deepEqual([tooLarge.code, result.code], ['ERR_MESSAGE_TOO_LARGE', 'ERR_MESSAGE_TOO_LARGE']);
    assert.deepEqual(fits, Buffer.alloc(MIB - 1000, 3));
  });

  test('of a prepared payload reaches each of several workers', async (t) => {
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
  test('occupy their shared memory only for a moment after they arrive', { skip: !hasMemory }, async (t) => {
    const worker = await begin(t);
    await worker.send('echo', Buffer.alloc(16 * MIB, 1));
    const paths = held();
    assert.equal(paths.length, 2);
    const size = () => paths.reduce((sum, path) => sum + statSync(path).blocks * 512, 0);
    assert.ok(size() >= 32 * MIB, `${size()} bytes`);
    while (size() > 4 * MIB) await new Promise((resolve) => setTimeout(resolve, 10));
    assert.deepEqual(await worker.send('echo', Buffer.alloc(MIB, 2)), Buffer.alloc(MIB, 2));
  });

  test('that the peer does not read for a while go through the socket, in order', async (t) => {
    const worker = await begin(t);
    const blocked = worker.send('block', 300);
    const payloads = Array.from({ length: 60 }, (_, index) => Buffer.alloc(2 * MIB, index));
    for (const payload of payloads) await worker.post('note', payload);
    await blocked;
    assert.deepEqual(await worker.send('noted'), payloads.map(hash));
  });

  test('of late answers take no shared memory from the next answer', async (t) => {
    const worker = await begin(t);
    for (let round = 0; round < 4; round++) {
      // Long enough for a slow host to see the timeouts pass first.
      const blocked = worker.send('block', 200);
      const late = Array.from({ length: 10 }, () =>
        failure(worker.send('make', { size: 4 * MIB, fill: 1 }, { timeout: 1 })),
      );
      assert.ok((await Promise.all(late)).every(({ code }) => code === 'ERR_MESSAGE_TIMEOUT'));
      await blocked;
      assert.deepEqual(await worker.send('make', { size: 4 * MIB, fill: 2 }), Buffer.alloc(4 * MIB, 2));
    }
  });

  test('arrive whole in sendSync, and in requests that wait meanwhile', async (t) => {
    const worker = await begin(t);
    const others = Array.from({ length: 10 }, (_, index) => worker.send('make', { size: MIB, fill: index }));
    for (let index = 0; index < 10; index++) {
      assert.deepEqual(worker.sendSync('make', { size: MIB, fill: index }), Buffer.alloc(MIB, index));
    }
    const expected = Array.from(others, (_, index) => Buffer.alloc(MIB, index));
    assert.deepEqual(await Promise.all(others), expected);
    assert.deepEqual(await worker.send('echo', expected[5]), expected[5]);
  });

  test('in flight are lost when the worker is killed, and the host frees their memory', async (t) => {
    const worker = await begin(t);
    await worker.send('echo', Buffer.alloc(MIB));
    // It answers none of them before its end.
    process.kill(worker.pid as number, 'SIGSTOP');
    const lost = Array.from({ length: 20 }, () => failure(worker.send('echo', Buffer.alloc(2 * MIB))));
    process.kill(worker.pid as number, 'SIGKILL');
    assert.ok((await Promise.all(lost)).every(({ code }) => code === 'ERR_WORKER_CRASHED'));
    await worker.close();
    assert.equal(memories(), 0);
  });

  test(
    'that reach a process without free file descriptors fail alone, and the next arrives',
    { skip: !hasMemory },
    async (t) => {
      const worker = await begin(t);
      assert.equal(await worker.send('takeAllDescriptors'), 'EMFILE');
      const error = await failure(worker.send('hash', Buffer.alloc(MIB)));
      assert.equal(error.code, 'ERR_MALFORMED_MESSAGE');
      assert.match(error.message, /no file descriptors left/);
      await worker.send('giveThemBack');
      assert.deepEqual(await worker.send('echo', Buffer.alloc(MIB, 4)), Buffer.alloc(MIB, 4));
    },
  );
});

describe('A worker without free file descriptors', { skip: !hasMemory }, () => {
  for (const hasFailed of [false, true]) {
    test(`rejects a request with ${hasFailed ? 'all' : 'name, text and code'} of an error, ${hasFailed ? 'after' : 'as'} the first failure`, async (t) => {
      const worker = await begin(t);
      if (hasFailed) assert.equal((await failure(worker.send('fail'))).name, 'RangeError');
      assert.equal(await worker.send('takeAllDescriptors'), 'EMFILE');
      const error = await failure(worker.send('openOneMore'));
      assert.equal(error.code, 'EMFILE');
      assert.match(error.message, /too many open files/);
      if (hasFailed) assert.equal((error as NodeJS.ErrnoException).syscall, 'open');
      await worker.send('giveThemBack');
      await worker.send('openOneMore');
    });
  }
});
