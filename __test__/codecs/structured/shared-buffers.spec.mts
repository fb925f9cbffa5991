// Host and worker see the same memory, where both have opted in, or where one has not.
import assert from 'node:assert/strict';
import { describe, test, type TestContext } from 'node:test';
import { inspect } from 'node:util';

import {
  attachWorker,
  createSharedBuffer,
  createWorker,
  InProcessDriver,
  preparePayload,
  type SharedBuffer,
  WorkerThreadsDriver,
  type WorkerOptions,
} from 'isolated-workers';

import { failure, fixture, start } from '../../fixtures/support.mjs';

const script = fixture('shared-buffers.mjs');
const begin = (t: TestContext, options: Partial<WorkerOptions<any>> = {}) =>
  start<any>(t, {
    script,
    serializer: 'structured',
    sharedMemory: true,
    startupData: { sharedMemory: true },
    ...options,
  });
const skip = process.platform !== 'linux' && 'memory is passed on Linux only';
const MIB = 1 << 20;

/** Records the warnings of this process from now on, in a test. */
function recordWarnings(t: TestContext): () => Promise<(string | undefined)[]> {
  const codes: (string | undefined)[] = [];
  const onWarning = (warning: Error) => codes.push((warning as { code?: string }).code);
  process.on('warning', onWarning);
  t.after(() => process.off('warning', onWarning));
  return async () => {
    await new Promise((resolve) => setImmediate(resolve));
    return codes;
  };
}

function written(text: string, size = 10): SharedBuffer {
  const buffer = createSharedBuffer(size);
  buffer.write(Buffer.from(text));
  return buffer;
}

describe('A shared buffer', { skip }, () => {
  test('starts with zeros, and gives copies of what the program wrote', () => {
    const buffer = createSharedBuffer(10);
    assert.equal(buffer.byteLength, 10);
    assert.deepEqual(buffer.read(), Buffer.alloc(10));
    buffer.write(Buffer.from('abc'), 7);
    buffer.write(new Uint16Array([0x4241]), 1);
    buffer.write(new Uint8Array([67]).buffer);
    buffer.write(new Uint8Array(new SharedArrayBuffer(1)), 9);
    const copy = buffer.read();
    assert.deepEqual(copy, Buffer.from('CAB\0\0\0\0ab\0'));
    copy[0] = 9;
    assert.deepEqual(buffer.read(0, 3), Buffer.from('CAB'));
    assert.deepEqual([buffer.read(8), buffer.read(10)], [Buffer.from('b\0'), Buffer.alloc(0)]);
    buffer.write(new Uint8Array(0), 10);
  });

  test('refuses accesses outside its bounds, and values that are no bytes', () => {
    const buffer = createSharedBuffer(10);
    const invalid = { code: 'ERR_INVALID_OPTION' };
    for (const [offset, length] of [
      [-1, 1],
      [11, 0],
      [0, 11],
      [9, 2],
      [0.5, 1],
      [0, NaN],
      [2 ** 53, 1],
      ['0', 1],
      [0, -1],
    ]) {
      assert.throws(() => buffer.read(offset as number, length as number), invalid, `${offset} ${length}`);
    }
    for (const offset of [-1, 8, 11, NaN, 2 ** 53])
      assert.throws(() => buffer.write(Buffer.from('abc'), offset), invalid);
    for (const bytes of ['abc', undefined, null, [1], 5]) assert.throws(() => buffer.write(bytes as never), invalid);
    assert.deepEqual(buffer.read(), Buffer.alloc(10));
  });

  test('refuses a size that no message may have', () => {
    for (const size of [0, -1, 0.5, NaN, 2 ** 31, Infinity, '1', undefined]) {
      assert.throws(() => createSharedBuffer(size as number), { code: 'ERR_INVALID_OPTION' });
    }
  });

  test('has a private `buffer` where the runtime cannot expose shared memory safely', async (t) => {
    const warnings = recordWarnings(t);
    const buffer = written('abc', 3);
    if (buffer.buffer instanceof SharedArrayBuffer) {
      assert.equal(buffer.buffer, buffer.buffer);
      new Uint8Array(buffer.buffer)[0] = 65;
      assert.equal(buffer.read().toString(), 'Abc');
      assert.deepEqual(await warnings(), []);
      return;
    }
    const copy = buffer.buffer;
    assert.ok(copy instanceof ArrayBuffer && copy !== buffer.buffer);
    buffer.write(Buffer.from('x'));
    assert.equal(Buffer.from(copy).toString(), 'abc');
    assert.deepEqual(await warnings(), ['ISOLATED_WORKERS_BUFFER_COPIED']);
  });

  test('describes itself, and throws when a program clones it or writes it as JSON', () => {
    const buffer = createSharedBuffer(10);
    assert.equal(inspect({ buffer }), '{ buffer: SharedBuffer { byteLength: 10 } }');
    for (const clone of [structuredClone, JSON.stringify]) {
      assert.throws(() => clone({ buffer }), {
        name: 'TypeError',
        message: /Send its `buffer` to a thread, or a copy/,
      });
    }
  });
});

describe('A shared buffer that both sides have opted in to', { skip }, () => {
  test('is the same memory in host and worker', async (t) => {
    const worker = await begin(t);
    const buffer = written('from host');
    assert.equal(await worker.send('keep', buffer), 10);
    assert.equal(await worker.send('read'), 'from host\0');
    assert.equal(worker.sendSync('read'), 'from host\0');
    await worker.send('write', { text: 'worker', offset: 4 });
    assert.equal(buffer.read().toString(), 'fromworker');
  });

  test('returns as the same memory, from the host and from the worker', async (t) => {
    const worker = await begin(t);
    const buffer = written('here');
    const { one, other } = await worker.send('echo', { one: buffer, other: new Map([[1, [buffer]]]) });
    assert.equal(one, other.get(1)[0]);
    one.write(Buffer.from('t'));
    assert.equal(buffer.read(0, 5).toString(), 'tere\0');
    const made: SharedBuffer = await worker.send('make', 5000);
    made.write(Buffer.from('made'));
    assert.match(await worker.send('read'), /^made\0/);
  });

  test('travels alone, in a list, in an error, posted, prepared, by sendSync, and in a request of the worker', async (t) => {
    let given: SharedBuffer | undefined;
    const worker = await begin(t, { handlers: { give: (buffer: SharedBuffer) => (given = buffer) } as never });
    const buffer = written('x');
    const check = (back: SharedBuffer, text: string) => {
      back.write(Buffer.from(text));
      assert.equal(buffer.read(0, text.length).toString(), text);
    };
    check(await worker.send('echo', buffer), 'alone');
    check((await worker.send('echo', ['text'.repeat(5000), buffer, new Date(1)]))[1], 'list');
    check((await worker.send('echo', Object.assign(new Error('e'), { buffer }))).buffer, 'error');
    check(await worker.send('echo', preparePayload(buffer)), 'prepared');
    check((await worker.send('echo', preparePayload({ buffer }))).buffer, 'member');
    check(worker.sendSync('echo', buffer), 'sync');
    worker.post('keep', buffer);
    check(await worker.send('kept'), 'posted');
    assert.equal(await worker.send('askHost'), 10);
    check(given as SharedBuffer, 'asked');
  });

  test('reaches another worker that a worker passes it to', async (t) => {
    const [first, second] = await Promise.all([begin(t), begin(t)]);
    const buffer = createSharedBuffer(10);
    await second.send('keep', await first.send('echo', buffer));
    await second.send('write', { text: 'second', offset: 0 });
    assert.equal(buffer.read(0, 6).toString(), 'second');
  });

  test('counts atomic additions of two processes, where it has a SharedArrayBuffer', async (t) => {
    const workers = await Promise.all([begin(t), begin(t)]);
    const buffer = createSharedBuffer(8);
    await Promise.all(workers.map((worker) => worker.send('keep', buffer)));
    const counted = await Promise.all(workers.map((worker) => worker.send('count', 200_000)));
    assert.equal(buffer.read().readInt32LE(), counted.every(Boolean) ? 400_000 : 0);
  });

  test('stays with its holders when the other processes die', async (t) => {
    const worker = await begin(t);
    const made: SharedBuffer = await worker.send('make', 10_000);
    process.kill(worker.pid as number, 'SIGKILL');
    await worker.close();
    made.write(Buffer.alloc(10_000, 3));
    assert.deepEqual(made.read(), Buffer.alloc(10_000, 3));
  });

  test('leaves the process when the program holds no reference to it', async (t) => {
    const worker = await begin(t, { driverOptions: { execArgv: ['--expose-gc'] } });
    await worker.send('make', MIB);
    await worker.send('count', 0);
    assert.equal(await worker.send('mapped'), true);
    for (let round = 0; (await worker.send('mapped')) && round < 100; round++) await worker.send('let');
    assert.equal(await worker.send('mapped'), false);
  });

  test('may stand beside 62 others in one message, and not beside 63', async (t) => {
    const worker = await begin(t);
    const buffers = Array.from({ length: 64 }, () => createSharedBuffer(1));
    const error = await failure(worker.send('echo', buffers));
    assert.equal(error.code, 'ERR_NOT_SERIALIZABLE');
    assert.match(error.message, /64 shared buffers, the limit is 63/);
    const back = await worker.send('echo', [...buffers.slice(1), Buffer.alloc(MIB, 1)]);
    back[62].write(Buffer.from('1'));
    assert.deepEqual([buffers[63]?.read().toString(), back.length, back[63].length], ['1', 64, MIB]);
  });

  test('counts its bytes against `maxMessageSize`, on either side', async (t) => {
    const worker = await begin(t, { maxMessageSize: 10_000 });
    const [one, two] = [createSharedBuffer(6000), createSharedBuffer(6000)];
    assert.equal(await worker.send('keep', one), 6000);
    const error = await failure(worker.send('echo', [one, two]));
    assert.equal(error.code, 'ERR_MESSAGE_TOO_LARGE');
    assert.match(error.message, /those of its shared buffers included; the limit is 10000/);
    assert.equal((await failure(worker.send('make', 10_000))).code, 'ERR_MESSAGE_TOO_LARGE');
    assert.equal(await worker.send('keep', two), 6000);
  });
});

describe('A shared buffer that a side has not opted in to', { skip }, () => {
  test('arrives as a copy from a side without shared memory, which warns once', async (t) => {
    const warnings = recordWarnings(t);
    const options = { sharedMemory: false, startupData: { sharedMemory: true } };
    const workers = await Promise.all([begin(t, options), begin(t, { ...options, startupData: {} })]);
    const [small, large] = [written('small'), written('large', MIB)];
    for (const worker of workers) {
      const back = await worker.send('echo', [small, large, small]);
      assert.deepEqual(back, [small.read(), large.read(), small.read()]);
      assert.ok(back.every(Buffer.isBuffer) && back[0] === back[2]);
      assert.deepEqual(await worker.send('echo', large), large.read());
      assert.deepEqual(worker.sendSync('echo', preparePayload(small)), small.read());
      back[0].fill(1);
      assert.equal(small.read(0, 5).toString(), 'small');
    }
    assert.deepEqual(await warnings(), ['ISOLATED_WORKERS_SHARED_BUFFER_COPIED']);
  });

  test('fails in a host that shares, if its worker does not, with the name of the option', async (t) => {
    const worker = await begin(t, { startupData: {} });
    const error = await failure(worker.send('echo', { deep: [createSharedBuffer(10), Buffer.alloc(MIB)] }));
    assert.equal(error.code, 'ERR_NOT_SERIALIZABLE');
    assert.match(
      error.message,
      /the worker does not accept shared buffers: give its `startWorkerServer` `sharedMemory: true`/,
    );
    assert.deepEqual(await worker.send('echo', Buffer.alloc(MIB, 1)), Buffer.alloc(MIB, 1));
    assert.deepEqual(await worker.send('make', 3), Buffer.alloc(3), 'a worker that shares nothing sends copies');
  });

  test('fails in a worker that shares, if its host does not, with the name of the option', async (t) => {
    const worker = await begin(t, { sharedMemory: false, handlers: { give: () => 1 } as never });
    for (const type of ['make', 'askHost']) {
      const error = await failure(worker.send(type, 10));
      assert.equal(error.code, 'ERR_NOT_SERIALIZABLE', type);
      assert.match(error.message, /the host does not accept shared buffers: give its `createWorker` or `attachWorker`/);
    }
  });

  test('fails where the environment disables shared memory on either side', async (t) => {
    const env = { ...process.env, ISOLATED_WORKERS_SHARED_MEMORY: '0' };
    const deaf = await begin(t, { driverOptions: { env } });
    assert.equal((await failure(deaf.send('echo', createSharedBuffer(10)))).code, 'ERR_NOT_SERIALIZABLE');
    process.env['ISOLATED_WORKERS_SHARED_MEMORY'] = '0';
    const starting = begin(t);
    const worker = await starting.finally(() => delete process.env['ISOLATED_WORKERS_SHARED_MEMORY']);
    assert.equal((await failure(worker.send('echo', createSharedBuffer(10)))).code, 'ERR_NOT_SERIALIZABLE');
    assert.deepEqual(await worker.send('echo', Buffer.alloc(MIB, 1)), Buffer.alloc(MIB, 1));
  });

  test('arrives as a copy in a thread and in process by this serializer, and not by structured clone', async (t) => {
    for (const driver of [new WorkerThreadsDriver(), new InProcessDriver()]) {
      const options = { driver: driver as never, sharedMemory: false };
      const worker = await begin(t, options);
      assert.deepEqual(await worker.send('echo', { buffer: written('x') }), { buffer: written('x').read() });
      const other = await begin(t, { ...options, serializer: undefined });
      const error = await failure(other.send('echo', { buffer: written('x') }));
      assert.equal(error.code, 'ERR_NOT_SERIALIZABLE', driver.name);
      assert.match(error.message, /Send its `buffer` to a thread, or a copy: read\(\)/);
    }
  });

  test('fails with the serializer json, whose error names the alternative', async (t) => {
    const worker = await begin(t, { serializer: 'json', sharedMemory: false });
    const error = await failure(worker.send('echo', [createSharedBuffer(10)]));
    assert.equal(error.code, 'ERR_NOT_SERIALIZABLE');
    assert.match(error.message, /by the serializer 'structured'/);
  });

  test('is not a view of its `buffer`, which the serializer refuses or copies as usual', async (t) => {
    const worker = await begin(t);
    const { buffer } = written('view', 4);
    const sent = worker.send('echo', new Uint8Array(buffer));
    if (buffer instanceof SharedArrayBuffer) assert.match((await failure(sent)).message, /cannot leave its process/);
    else assert.deepEqual(await sent, new Uint8Array(Buffer.from('view')));
  });
});

describe('The option sharedMemory', { skip }, () => {
  test('is an error with a wrong value, and with another serializer or driver', async () => {
    const wrong = { script, serializer: 'structured', sharedMemory: 1 } as never;
    await assert.rejects(createWorker(wrong), {
      code: 'ERR_INVALID_OPTION',
      message: /sharedMemory must be true or false/,
    });
    await assert.rejects(createWorker({ script, serializer: 'json', sharedMemory: true }), {
      code: 'ERR_INVALID_OPTION',
      message: /serializer must be 'structured' where `sharedMemory` is true/,
    });
    for (const driver of [new WorkerThreadsDriver(), new InProcessDriver()]) {
      await assert.rejects(createWorker({ script, serializer: 'structured', sharedMemory: true, driver } as never), {
        code: 'ERR_UNSUPPORTED_BY_DRIVER',
      });
    }
    await assert.rejects(attachWorker({ name: 'x', sharedMemory: 'yes' as never }), { code: 'ERR_INVALID_OPTION' });
  });

  test('of a worker server accepts only true and false', async (t) => {
    const error = await failure(begin(t, { startupData: { sharedMemory: 'yes' }, stdio: 'ignore' }));
    assert.equal(error.code, 'ERR_WORKER_CRASHED');
  });

  test('applies to each host of `attachWorker` by itself', async (t) => {
    const name = `shares-${process.pid}`;
    const first = await begin(t, { name, driverOptions: { detached: true } });
    t.after(() => first.kill().catch(() => {}));
    const buffer = written('kept');
    await first.send('keep', buffer);
    await first.disconnect();
    const alone = await attachWorker<any>({ name, serializer: 'structured' });
    assert.equal((await failure(alone.send('kept'))).code, 'ERR_NOT_SERIALIZABLE');
    await alone.disconnect();
    const sharing = await attachWorker<any>({ name, sharedMemory: true });
    const back: SharedBuffer = await sharing.send('kept');
    back.write(Buffer.from('K'));
    assert.equal(buffer.read(0, 4).toString(), 'Kept');
    await sharing.kill();
  });
});
