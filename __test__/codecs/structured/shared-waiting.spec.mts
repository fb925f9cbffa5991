// Processes and threads that wait for words of shared memory, and wake one another.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { describe, test, type TestContext } from 'node:test';
import { Worker } from 'node:worker_threads';

import { createSharedBuffer, sharedNotify, sharedWait, type SharedBuffer } from 'isolated-workers';

import { eventually, failure, fixture, start } from '../../fixtures/support.mjs';

const skip = process.platform !== 'linux' && 'only Linux wakes other processes by an address';
const begin = (t: TestContext) =>
  start<any>(t, { script: fixture('waits'), serializer: 'structured', sharedMemory: true });
/** Longer than any wait of a test that passes. */
const LONG = 30_000;

async function sharing(t: TestContext, buffer: SharedBuffer) {
  const worker = await begin(t);
  await worker.send('keep', buffer);
  return worker;
}

function set(buffer: SharedBuffer, index: number, value: number): void {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32LE(value);
  buffer.write(bytes, 4 * index);
}

/** Notifies until somebody waits. */
async function wake(buffer: SharedBuffer | Int32Array, index: number, count?: number): Promise<number> {
  for (;;) {
    const woken = sharedNotify(buffer, index, count);
    if (woken > 0) return woken;
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

describe('sharedWait', { skip }, () => {
  test('returns at once where the word has another value, and after the timeout where nobody notifies it', () => {
    const buffer = createSharedBuffer(12);
    set(buffer, 2, -7);
    assert.equal(sharedWait(buffer, 2, 0, LONG), 'not-equal');
    const begun = performance.now();
    assert.equal(sharedWait(buffer, 2, -7, 60), 'timed-out');
    const took = performance.now() - begun;
    assert.ok(took >= 59, `${took} ms`);
    assert.equal(sharedWait(buffer, 0, 0, 0), 'timed-out');
    assert.equal(sharedNotify(buffer, 0), 0);
  });

  test('of a worker process ends when its host notifies the word', async (t) => {
    const buffer = createSharedBuffer(8);
    const worker = await sharing(t, buffer);
    const waiting = worker.send('wait', { index: 1, value: 0, timeout: LONG });
    assert.equal(await wake(buffer, 1), 1);
    assert.equal(await waiting, 'ok');
  });

  test('of a blocked host ends when its worker process notifies the word, by a message of this tick', async (t) => {
    const buffer = createSharedBuffer(8);
    const worker = await sharing(t, buffer);
    const waking = worker.send('wake', { index: 1, count: 1 });
    assert.equal(sharedWait(buffer, 1, 0, LONG), 'ok');
    assert.equal(await waking, 1);
    worker.post('setAndNotify', { index: 1, value: 7 });
    const outcome = sharedWait(buffer, 1, 0, LONG);
    assert.ok(outcome !== 'timed-out');
    assert.equal(buffer.read(4, 4).readInt32LE(), 7);
  });

  test('of several processes ends for as many as the count says', async (t) => {
    const buffer = createSharedBuffer(4);
    const workers = await Promise.all([1, 2, 3].map(() => sharing(t, buffer)));
    let ended = 0;
    const waiting = workers.map(async (worker) => {
      const outcome = await worker.send('wait', { index: 0, value: 0, timeout: LONG });
      ended++;
      return outcome;
    });
    assert.equal(await wake(buffer, 0, 1), 1);
    await Promise.race(waiting);
    assert.equal(ended, 1);
    let woken = 0;
    while (woken < 2) woken += await wake(buffer, 0);
    assert.deepEqual(await Promise.all(waiting), ['ok', 'ok', 'ok']);
  });

  test('of two workers orders them without their host', async (t) => {
    const buffer = createSharedBuffer(4);
    const [first, second] = await Promise.all([sharing(t, buffer), sharing(t, buffer)]);
    const waiting = first.send('wait', { index: 0, value: 0, timeout: LONG });
    assert.equal(await second.send('wake', { index: 0, count: 9 }), 1);
    assert.equal(await waiting, 'ok');
  });

  test('of a thread ends when another process notifies the word, where the runtime has such memory', async (t) => {
    const buffer = createSharedBuffer(4);
    if (!(buffer.buffer instanceof SharedArrayBuffer))
      return t.diagnostic('this runtime shows no shared memory safely');
    const worker = await sharing(t, buffer);
    const waiting = worker.send('waitInThread', { index: 0, value: 0, timeout: LONG });
    await wake(buffer, 0);
    assert.equal(await waiting, 'ok');
    const byView = worker.send('waitByView', { index: 0, value: 0, timeout: LONG });
    await wake(new Int32Array(buffer.buffer), 0);
    assert.equal(await byView, 'ok');
  });

  test('of a thread ends with ordinary shared memory, on any runtime', async () => {
    const memory = new SharedArrayBuffer(8);
    const workerData = { memory, index: 1, value: 0, timeout: LONG };
    const thread = new Worker(fixture('waits-thread'), { workerData });
    const message = once(thread, 'message');
    await wake(new Int32Array(memory), 1);
    assert.deepEqual(await message, ['ok']);
  });

  test('of a thread does not outlive terminate()', async () => {
    const memory = new SharedArrayBuffer(12);
    const thread = new Worker(fixture('waits-thread'), { workerData: { memory, index: 0, value: 0, timeout: LONG } });
    await eventually('the thread waits', () => Atomics.load(new Int32Array(memory), 2) === 1);
    const begun = performance.now();
    await thread.terminate();
    assert.ok(performance.now() - begun < LONG / 2);
  });

  test('goes on when a signal arrives, up to its timeout', async (t) => {
    const buffer = createSharedBuffer(4);
    const worker = await sharing(t, buffer);
    await worker.send('signals');
    const begun = performance.now();
    const waiting = worker.send('wait', { index: 0, value: 0, timeout: 300 });
    const sending = setInterval(() => process.kill(worker.pid as number, 'SIGUSR2'), 20);
    assert.equal(await waiting, 'timed-out');
    clearInterval(sending);
    assert.ok(performance.now() - begun >= 295);
  });

  test('ends by its timeout when the process that was to notify it has died', async (t) => {
    const buffer = createSharedBuffer(4);
    const [waiter, dies] = await Promise.all([sharing(t, buffer), sharing(t, buffer)]);
    const waiting = waiter.send('wait', { index: 0, value: 0, timeout: 200 });
    process.kill(dies.pid as number, 'SIGKILL');
    assert.equal(await waiting, 'timed-out');
    assert.equal(await waiter.send('wait', { index: 0, value: 1, timeout: LONG }), 'not-equal');
  });

  test('of a process that is killed meanwhile leaves the others to work', async (t) => {
    const buffer = createSharedBuffer(4);
    const [killed, other] = await Promise.all([sharing(t, buffer), sharing(t, buffer)]);
    const lost = failure(killed.send('wait', { index: 0, value: 0, timeout: LONG }));
    process.kill(killed.pid as number, 'SIGKILL');
    assert.equal((await lost).code, 'ERR_WORKER_CRASHED');
    const waiting = other.send('wait', { index: 0, value: 0, timeout: LONG });
    assert.equal(await wake(buffer, 0), 1);
    assert.equal(await waiting, 'ok');
  });
});

describe('The arguments of sharedWait and sharedNotify', () => {
  const words = new Int32Array(new SharedArrayBuffer(8));
  const invalid = { code: 'ERR_INVALID_OPTION' };

  test('are an Int32Array of shared memory or a shared buffer, and one of its words', () => {
    for (const memory of [new Int32Array(2), new Uint32Array(new SharedArrayBuffer(8)), {}, null, 5]) {
      assert.throws(() => sharedWait(memory as never, 0, 0, 0), invalid);
      assert.throws(() => sharedNotify(memory as never, 0), invalid);
    }
    for (const index of [-1, 2, 0.5, NaN, '0']) {
      assert.throws(() => sharedWait(words, index as never, 0, 0), { ...invalid, message: /from 0 to 1/ });
      assert.throws(() => sharedNotify(words, index as never), invalid);
    }
  });

  test('are a value of 32 bits, a timeout that ends, and a count', () => {
    for (const value of [2 ** 31, 0.5, '0', undefined])
      assert.throws(() => sharedWait(words, 0, value as never, 0), invalid);
    for (const timeout of [-1, Infinity, NaN, undefined, 2 ** 31]) {
      assert.throws(() => sharedWait(words, 0, 0, timeout as never), { ...invalid, message: /milliseconds from 0 to/ });
    }
    for (const count of [-1, 0.5, NaN, '1']) assert.throws(() => sharedNotify(words, 0, count as never), invalid);
  });

  test('of a shared buffer whose last word is not whole end before that', { skip }, () => {
    assert.throws(() => sharedWait(createSharedBuffer(7), 1, 0, 0), invalid);
    assert.throws(() => sharedWait(createSharedBuffer(3), 0, 0, 0), invalid);
  });
});
