// Isolates wait for words of shared memory, and wake each other and threads of Node.
import assert from 'node:assert/strict';
import { describe, test, type TestContext } from 'node:test';
import { Worker } from 'node:worker_threads';

import { sharedWait, type WorkerClient } from 'isolated-workers';
import { type IsolateDriver, type IsolateOptions, notifyIsolates } from 'isolated-workers/drivers/isolate';

import { failure, type Loose } from '../fixtures/support.mjs';
import { handlers } from '../fixtures/isolate/shared-memory.mjs';
import { modes, startIsolate } from '../fixtures/isolate/support.mjs';

type Isolate = WorkerClient<Loose, IsolateDriver>;

const begin = (t: TestContext, options: IsolateOptions) =>
  startIsolate(t, handlers, { sharedMemory: true, ...options });
const newWords = () => new Int32Array(new SharedArrayBuffer(64));

/** Waits in this thread, which does other work meanwhile, for a word of zero. */
function waitAsync(words: Int32Array, index: number): Promise<string> {
  const { waitAsync: wait } = Atomics as unknown as {
    waitAsync(words: Int32Array, index: number, value: number): { value: Promise<string> };
  };
  return wait(words, index, 0).value;
}

/** Notifies by an isolate until somebody waits. */
async function wake(worker: Isolate, words: Int32Array, index: number, count?: number): Promise<number> {
  for (;;) {
    const woken = await worker.send('notify', { words, index, count });
    if (woken > 0) return woken;
  }
}

/** A thread of Node that runs something with `words`, and tells what it returns. */
function threadOf(words: Int32Array, run: string): Promise<unknown> {
  const program = `const { parentPort, workerData: words } = require('node:worker_threads'); parentPort.postMessage(${run});`;
  return new Promise((resolve, reject) => {
    new Worker(program, { eval: true, workerData: words }).once('message', resolve).once('error', reject);
  });
}

for (const waiting of modes) {
  for (const notifying of modes) {
    test(`An isolate of mode '${waiting}' waits until one of mode '${notifying}' notifies the word`, async (t) => {
      const words = newWords();
      const [waiter, other] = await Promise.all([begin(t, { mode: waiting }), begin(t, { mode: notifying })]);
      const outcome = waiter.send('wait', { words, index: 3 });
      assert.equal(await wake(other, words, 3), 1);
      assert.equal(await outcome, 'ok');
      // And both answer one another, a hundred times.
      const script = `
        ping: async (words) => { for (let at = 0; at < 100; at += 2) { Atomics.store(words, 0, at + 1); Atomics.notify(words, 0); while (Atomics.load(words, 0) === at + 1) Atomics.wait(words, 0, at + 1); } return words[0]; },
        pong: async (words) => { for (let at = 1; at < 100; at += 2) { while (Atomics.load(words, 0) !== at) Atomics.wait(words, 0, at - 1); Atomics.store(words, 0, at + 1); Atomics.notify(words, 0); } },`;
      const [one, two] = await Promise.all(
        [waiting, notifying].map((mode) => startIsolate(t, script, { mode, sharedMemory: true })),
      );
      const shared = newWords();
      const [last] = await Promise.all([(one as Isolate).send('ping', shared), (two as Isolate).send('pong', shared)]);
      assert.equal(last, 100);
    });
  }

  describe(`A wait, mode '${waiting}',`, () => {
    test('ends at another value, and after its time', async (t) => {
      const words = newWords();
      const worker = await begin(t, { mode: waiting });
      assert.equal(await worker.send('wait', { words, value: 1 }), 'not-equal');
      const begun = performance.now();
      assert.equal(await worker.send('wait', { words, timeout: 60 }), 'timed-out');
      assert.ok(performance.now() - begun >= 59);
      assert.equal(
        await worker.send('wait', { words: new BigInt64Array(words.buffer), value: 0n, timeout: 1 }),
        'timed-out',
      );
    });

    test('takes no processor time, and leaves the thread to the host', async (t) => {
      const words = newWords();
      const worker = await begin(t, { mode: waiting, limits: { cpuMsPerMessage: 60, cpuMs: 60 } });
      const outcome = worker.send('wait', { words, timeout: 300 });
      let turns = 0;
      const state = { isOver: false };
      void outcome.finally(() => (state.isOver = true));
      while (!state.isOver) {
        await new Promise((resolve) => setTimeout(resolve, 5));
        turns++;
      }
      assert.equal(await outcome, 'timed-out');
      assert.ok(turns > 10, `${turns} turns`);
      assert.equal(await worker.send('echo', 1), 1);
    });

    test('ends with its isolate, by wallMs, by a kill, and by a close', async (t) => {
      const words = newWords();
      const start = (limits = {}) => begin(t, { mode: waiting, limits });
      const [short, killed] = await Promise.all([start({ wallMs: 300 }), start()]);
      const ends = [short, killed].map((worker) => failure(worker.send('wait', { words })));
      await killed.close({ timeout: 20 });
      const [over, lost] = (await Promise.all(ends)) as [Error, Error & { code?: unknown }];
      assert.equal((over.cause as { limit?: unknown }).limit, 'wallMs');
      assert.equal(lost.code, 'ERR_WORKER_CLOSED');
      // Nobody waits there any more.
      assert.equal(notifyIsolates(words, 0), 0);
    });

    test('ends for as many as are notified', async (t) => {
      const words = newWords();
      const workers = await Promise.all(Array.from({ length: 4 }, () => begin(t, { mode: waiting })));
      const other = await begin(t, { mode: 'thread' });
      let woken = 0;
      const outcomes = workers.map(async (worker) => {
        assert.equal(await worker.send('wait', { words, index: 8 }), 'ok');
        woken++;
      });
      assert.equal(await other.send('notify', { words, index: 8, count: 0 }), 0);
      for (let told = 0; told < 3; told++) {
        assert.ok(woken <= told, `${woken} of ${told}`);
        assert.equal(await wake(other, words, 8, 1), 1);
      }
      await until(() => woken === 3);
      assert.equal(await wake(other, words, 8), 1);
      await Promise.all(outcomes);
      assert.equal(await other.send('notify', { words, index: 8 }), 0);
    });

    test('ends by notifyIsolates of the host, which then wakes threads of Node', async (t) => {
      const words = newWords();
      const worker = await begin(t, { mode: waiting });
      const first = worker.send('wait', { words, index: 1 });
      await until(() => notifyIsolates(words, 1, 1) === 1);
      assert.equal(await first, 'ok');
      const both = worker.send('wait', { words, index: 1 });
      const value = waitAsync(words, 1);
      let told = 0;
      await until(() => (told += notifyIsolates(words, 1, 2)) === 2);
      assert.deepEqual(await Promise.all([both, value]), ['ok', 'ok']);
      const wide = new BigInt64Array(words.buffer);
      const again = worker.send('wait', { words: wide, index: 1, value: 0n });
      await until(() => notifyIsolates(wide, 1) === 1);
      assert.equal(await again, 'ok');
    });
  });

  test(`A notification of an isolate wakes threads of Node, mode '${waiting}'`, async (t) => {
    const words = newWords();
    const worker = await begin(t, { mode: waiting });
    const value = waitAsync(words, 0);
    await worker.send('notify', { words });
    assert.equal(await value, 'ok');
    const blocked = threadOf(words, 'Atomics.wait(words, 2, 0, 60_000)');
    const state = { isOver: false };
    void blocked.finally(() => (state.isOver = true));
    while (!state.isOver) await worker.send('notify', { words, index: 2, count: 1 });
    assert.equal(await blocked, 'ok');
  });
}

test(
  'A notification of an isolate ends sharedWait, also of a host that is blocked in it',
  { skip: process.platform !== 'linux' && 'only Linux has sharedWait' },
  async (t) => {
    const words = newWords();
    const worker = await startIsolate(
      t,
      'tell: (words) => { while (Atomics.notify(words, 0) === 0); Atomics.store(words, 1, 1); }',
      { sharedMemory: true },
    );
    const told = worker.send('tell', words);
    assert.equal(sharedWait(words, 0, 0, 30_000), 'ok');
    await told;
    assert.equal(words[1], 1);
  },
);

test('notifyIsolates refuses what is no word of shared memory', () => {
  const words = newWords();
  const wrong: [unknown, unknown, unknown, RegExp][] = [
    [new Int32Array(2), 0, 1, /words must be an Int32Array/],
    [new Uint32Array(words.buffer), 0, 1, /words must be an Int32Array/],
    [words, 16, 1, /index must be an integer from 0 to 15, not 16/],
    [words, -1, 1, /index must be/],
    [words, 0.5, 1, /index must be/],
    [words, 0, -1, /count must be an integer/],
    [words, 0, Number.NaN, /count must be an integer/],
  ];
  for (const [memory, index, count, message] of wrong) {
    assert.throws(() => notifyIsolates(memory as Int32Array, index as number, count as number), {
      code: 'ERR_INVALID_OPTION',
      message,
    });
  }
  assert.equal(notifyIsolates(words, 0), 0);
});

async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((resolve) => setTimeout(resolve, 1));
}
