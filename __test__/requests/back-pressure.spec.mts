// Messages that the other side does not read yet wait with their sender, up to a limit.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test, type TestContext } from 'node:test';

import { createWorker, WorkerError, type WorkerOptions } from 'isolated-workers';
import { InProcessDriver } from 'isolated-workers/drivers/in-process';
import { WorkerThreadsDriver } from 'isolated-workers/drivers/worker-threads';

import { eventually, failure, type Loose } from '../fixtures/faults/support.mjs';
import { stop } from '../fixtures/lives/support.mjs';
import { rounds } from '../fixtures/rounds.mjs';

const MIB = 1024 * 1024;
const script = new URL('../fixtures/limits/worker.mjs', import.meta.url);
const chunk = 'x'.repeat(MIB);

async function start(t: TestContext, options: Partial<WorkerOptions<Loose>> = {}) {
  // Large parts would leave through shared memory at once.
  const worker = await createWorker<Loose>({ script, serializer: 'json', ...options });
  t.after(() => worker.kill());
  return worker;
}

/** A worker that does not read until it is told to. */
async function startStopped(t: TestContext, options: Partial<WorkerOptions<Loose>> = {}) {
  const worker = await start(t, options);
  await stop(worker);
  return worker;
}

/** Resident memory of a process, without what is mapped from files, in bytes. */
function memoryOf(pid: number): number {
  return 1024 * Number(/^RssAnon:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))![1]);
}

const noProc = process.platform !== 'linux' && 'it needs /proc';

describe('maxPendingBytes', { skip: noProc }, () => {
  test('delays `send`, in order, and `drained` resolves when there is capacity', async (t) => {
    const worker = await startStopped(t, { maxPendingBytes: 4 * MIB });
    const sizes = Array.from({ length: 20 }, (_, index) => worker.send('size', 'x'.repeat(MIB + index)));
    const notes = Array.from({ length: 3 }, (_, index) => worker.send('note', index));
    assert.ok(worker.pendingBytes > 15 * MIB);
    let isDrained = false;
    const drained = worker.drained().then(() => (isDrained = true));
    await new Promise(setImmediate);
    assert.equal(isDrained, false);
    process.kill(worker.pid, 'SIGCONT');
    assert.deepEqual(
      await Promise.all(sizes),
      sizes.map((_, index) => MIB + index),
    );
    await Promise.all([drained, ...notes]);
    assert.deepEqual(await worker.send('seen'), [0, 1, 2]);
    assert.equal(worker.pendingBytes, 0);
    await worker.drained();
    await worker.close();
  });

  test("with whenFull: 'reject' makes `send` reject, and earlier messages still arrive", async (t) => {
    const worker = await startStopped(t, { maxPendingBytes: 2 * MIB, whenFull: 'reject' });
    const outcomes = Promise.allSettled(Array.from({ length: 6 }, () => worker.send('size', chunk)));
    assert.ok(worker.pendingBytes <= 2 * MIB, String(worker.pendingBytes));
    const error = await failure(worker.send('size', chunk));
    assert.ok(error instanceof WorkerError);
    assert.equal(error.code, 'ERR_BACKPRESSURE');
    assert.match(error.message, /"size".*2097152 bytes.*drained\(\)/);
    process.kill(worker.pid, 'SIGCONT');
    const taken = (await outcomes).filter((outcome) => outcome.status === 'fulfilled');
    assert.ok(taken.length >= 1 && taken.length < 6, String(taken.length));
    assert.equal(await worker.send('size', chunk), MIB);
  });

  test('makes `post` throw, also while a `send` waits before it', async (t) => {
    const worker = await startStopped(t, { maxPendingBytes: 2 * MIB });
    const waiting = Array.from({ length: 6 }, () => worker.send('size', chunk));
    assert.throws(() => worker.post('note', 'small'), { name: 'WorkerError', code: 'ERR_BACKPRESSURE' });
    process.kill(worker.pid, 'SIGCONT');
    await worker.drained();
    worker.post('note', 'small');
    assert.deepEqual(await worker.send('seen'), ['small']);
    assert.deepEqual(await Promise.all(waiting), Array(6).fill(MIB));
  });

  test('admits a single message that is larger than the limit', async (t) => {
    const worker = await start(t, { maxPendingBytes: 1000, whenFull: 'reject' });
    assert.equal(await worker.send('size', chunk), MIB);
    await stop(worker);
    const first = worker.send('size', chunk.repeat(4));
    assert.equal((await failure(worker.send('size', 'x'))).code, 'ERR_BACKPRESSURE');
    process.kill(worker.pid, 'SIGCONT');
    assert.equal(await first, 4 * MIB);
  });

  test('of Infinity accepts everything at once', async (t) => {
    const worker = await startStopped(t, { maxPendingBytes: Infinity });
    for (let count = 0; count < 100; count++) worker.post('note', chunk);
    // The system has taken what fits into its buffers.
    assert.ok(worker.pendingBytes > 90 * MIB, String(worker.pendingBytes));
    await worker.drained();
  });

  test('applies behind middleware, too', async (t) => {
    const worker = await startStopped(t, { maxPendingBytes: 2 * MIB, middleware: async (message) => message });
    const sizes = Array.from({ length: 8 }, (_, index) => worker.send('size', 'x'.repeat(MIB + index)));
    await eventually('it waits', () => worker.pendingBytes > 4 * MIB);
    process.kill(worker.pid, 'SIGCONT');
    assert.deepEqual(
      await Promise.all(sizes),
      sizes.map((_, index) => MIB + index),
    );
  });

  test('counts the timeout of a request while it waits, and gives its memory back', async (t) => {
    const worker = await startStopped(t, { maxPendingBytes: 2 * MIB });
    const requests = Array.from({ length: 10 }, () => failure(worker.send('size', chunk, { timeout: 50 })));
    for (const error of await Promise.all(requests)) assert.equal(error.code, 'ERR_MESSAGE_TIMEOUT');
    assert.ok(worker.pendingBytes <= 2 * MIB, String(worker.pendingBytes));
    process.kill(worker.pid, 'SIGCONT');
    assert.equal(await worker.send('size', chunk), MIB);
  });

  test('makes waiting requests reject when the worker is lost', async (t) => {
    const worker = await startStopped(t, { maxPendingBytes: 2 * MIB });
    const requests = Array.from({ length: 5 }, () => failure(worker.send('size', chunk)));
    const drained = failure(worker.drained());
    process.kill(worker.pid, 'SIGKILL');
    for (const error of await Promise.all([...requests, drained])) assert.equal(error.code, 'ERR_WORKER_CRASHED');
    assert.equal((await failure(worker.drained())).code, 'ERR_WORKER_CRASHED');
    assert.equal(worker.pendingBytes, 0);
  });

  test('does not prevent `close` from finishing waiting requests', async (t) => {
    const worker = await startStopped(t, { maxPendingBytes: 2 * MIB });
    const requests = Array.from({ length: 10 }, () => worker.send('size', chunk));
    const closed = worker.close();
    process.kill(worker.pid, 'SIGCONT');
    assert.deepEqual(await Promise.all(requests), Array(10).fill(MIB));
    assert.deepEqual(await closed, { type: 'exit', code: 0, signal: null });
    assert.equal((await failure(worker.drained())).code, 'ERR_WORKER_CLOSED');
  });

  test('makes waiting requests reject when `close` must not wait, and on disconnect', async (t) => {
    for (const end of ['close', 'disconnect'] as const) {
      const worker = await startStopped(t, { maxPendingBytes: 2 * MIB });
      const requests = Array.from({ length: 5 }, () => failure(worker.send('size', chunk)));
      const drained = failure(worker.drained());
      const ended = end === 'close' ? worker.close({ pending: 'reject', timeout: 100 }) : worker.disconnect();
      const code = end === 'close' ? 'ERR_WORKER_CLOSED' : 'ERR_WORKER_DISCONNECTED';
      for (const error of await Promise.all([...requests, drained])) assert.equal(error.code, code);
      await ended;
      if (end === 'close') continue;
      process.kill(worker.pid, 'SIGCONT');
      await worker.reconnect();
      assert.equal(await worker.send('size', chunk), MIB);
    }
  });

  for (const driver of [WorkerThreadsDriver, InProcessDriver]) {
    test(`has no effect where values travel (${driver.name})`, async (t) => {
      const worker = await createWorker<Loose, InProcessDriver>({ script, driver, maxPendingBytes: 1 } as never);
      t.after(() => worker.close());
      const sizes = [worker.send('size', chunk), worker.send('size', chunk)];
      assert.equal(worker.pendingBytes, 0);
      await worker.drained();
      assert.deepEqual(await Promise.all(sizes), [MIB, MIB]);
    });
  }

  test('must be a number above 0', async () => {
    for (const maxPendingBytes of [0, -1, NaN, '1']) {
      const error = await failure(createWorker({ script, maxPendingBytes } as never));
      assert.match(error.message, /^maxPendingBytes must be a number of bytes above 0/);
    }
    const error = await failure(createWorker({ script, whenFull: 'drop' } as never));
    assert.match(error.message, /^whenFull must be "wait" or "reject"/);
  });
});

describe('Memory', { skip: noProc }, () => {
  /** How many MiB a host sends, and how many a worker answers: far more than may wait. */
  const SENT = rounds(256, 2048);
  const ANSWERED = rounds(150, 400);

  test(`of a host that sends ${SENT} MiB to a worker that reads nothing stays within the bound`, async (t) => {
    const bound = 32 * MIB;
    const worker = await startStopped(t, { maxPendingBytes: bound });
    const before = memoryOf(process.pid);
    let highest = 0;
    let sent = 0;
    const requests: Promise<unknown>[] = [];
    const produce = async () => {
      for (; sent < SENT; sent++) {
        await worker.drained();
        requests.push(worker.send('size', chunk));
        highest = Math.max(highest, memoryOf(process.pid));
      }
    };
    const produced = produce();
    await eventually('the output is full', () => worker.pendingBytes > bound / 2 - 2 * MIB);
    for (let turn = 0; turn < 100; turn++) await new Promise(setImmediate);
    assert.ok(sent < 32, `${sent} were sent to nobody`);
    process.kill(worker.pid, 'SIGCONT');
    await produced;
    assert.deepEqual(new Set(await Promise.all(requests)), new Set([MIB]));
    t.diagnostic(`${((highest - before) / MIB).toFixed(1)} MiB more`);
    assert.ok(highest - before < bound + 64 * MIB, `${(highest - before) / MIB} MiB`);
  });

  for (const type of ['text', 'textLater', 'fail']) {
    test(`of a worker whose host reads no answers stays within the bound (${type})`, async (t) => {
      const bound = 16 * MIB;
      const limits = type === 'textLater' ? { maxConcurrency: 4 } : {};
      const worker = await start(t, { startupData: { maxPendingBytes: bound, ...limits } });
      await worker.send(type, 10).catch(() => {});
      // Not in the middle of a delivery, which ends with what is written.
      await new Promise(setImmediate);
      const before = memoryOf(worker.pid);
      const requests = Array.from({ length: ANSWERED }, () => worker.send(type, MIB));
      const outcomes = Promise.allSettled(requests);
      // Written at the end of the tick. Then this thread does nothing but look.
      await Promise.resolve();
      const cell = new Int32Array(new SharedArrayBuffer(4));
      let highest = 0;
      for (let still = 0, last = 0; still < 10;) {
        Atomics.wait(cell, 0, 0, 50);
        const used = memoryOf(worker.pid);
        highest = Math.max(highest, used);
        still = used === last ? still + 1 : 0;
        last = used;
      }
      t.diagnostic(`${((highest - before) / MIB).toFixed(1)} MiB more`);
      assert.ok(highest - before > bound / 2, 'it did answer');
      assert.ok(highest - before < bound + 64 * MIB, `${(highest - before) / MIB} MiB`);
      const settled = await outcomes;
      assert.equal(settled.length, ANSWERED);
      const status = type === 'fail' ? 'rejected' : 'fulfilled';
      for (const outcome of settled) assert.equal(outcome.status, status);
    });
  }

  test('of a worker with much to do stays bounded, since it stops reading', async (t) => {
    const worker = await start(t, { startupData: { maxConcurrency: 1 }, maxPendingBytes: 8 * MIB, whenFull: 'reject' });
    const held = worker.send('hold', 0);
    const before = memoryOf(worker.pid);
    const refused: any[] = [];
    let sent = 0;
    const requests: Promise<unknown>[] = [];
    for (; refused.length === 0 && sent < 2000; sent++) {
      requests.push(worker.send('size', chunk).catch((error: unknown) => refused.push(error)));
      await new Promise(setImmediate);
    }
    assert.equal(refused[0]?.code, 'ERR_BACKPRESSURE');
    const more = memoryOf(worker.pid) - before;
    t.diagnostic(`${sent} MiB were sent, ${(more / MIB).toFixed(1)} MiB more in the worker`);
    assert.ok(more < 96 * MIB, `${more / MIB} MiB`);
    process.kill(worker.pid, 'SIGUSR2');
    assert.equal(await held, 0);
    assert.deepEqual(await Promise.all(requests.slice(0, -1)), Array(sent - 1).fill(MIB));
  });
});

describe('maxConcurrency', () => {
  for (const driver of [undefined, WorkerThreadsDriver, InProcessDriver]) {
    test(`runs that many handlers, and the others in order (${driver?.name ?? 'child process'})`, async (t) => {
      const options = { script, driver, startupData: { maxConcurrency: 3 } };
      const worker = await createWorker<Loose, InProcessDriver>(options as never);
      t.after(() => worker.close());
      worker.post('brief', 'a notification');
      const values = Array.from({ length: 50 }, (_, index) => index);
      const answers = await Promise.all(values.map((value) => worker.send('brief', value)));
      assert.deepEqual(
        answers.map(({ value }) => value),
        values,
      );
      assert.equal(Math.max(...answers.map(({ most }) => most)), 3);
      assert.deepEqual(await worker.send('seen'), ['a notification', ...values]);
    });
  }

  test('accepts more requests than may wait in the worker, and close() waits for all', async (t) => {
    const worker = await start(t, { startupData: { maxConcurrency: 1 } });
    const held = worker.send('hold', 'first');
    const answers = Array.from({ length: 20_000 }, (_, index) => worker.send('echo', index));
    worker.post('note', 'last');
    await new Promise(setImmediate);
    const closed = worker.close();
    process.kill(worker.pid, 'SIGUSR2');
    assert.equal(await held, 'first');
    assert.deepEqual(await Promise.all(answers), [...answers.keys()]);
    assert.deepEqual(await closed, { type: 'exit', code: 0, signal: null });
  });

  test('applies after a reconnect', async (t) => {
    const worker = await start(t, { startupData: { maxConcurrency: 1 } });
    const lost = [failure(worker.send('hold', 'before')), failure(worker.send('note', 'nobody waits for it'))];
    worker.post('note', 'waits');
    await worker.disconnect();
    for (const error of await Promise.all(lost)) assert.equal(error.code, 'ERR_WORKER_DISCONNECTED');
    await worker.reconnect();
    const seen = worker.send('seen');
    const first = await Promise.race([seen, new Promise((resolve) => setTimeout(resolve, 100, 'it waits'))]);
    assert.equal(first, 'it waits');
    process.kill(worker.pid, 'SIGUSR2');
    assert.deepEqual(await seen, ['before', 'waits']);
  });

  test('does not hide from a full worker that its host leaves and returns', async (t) => {
    const worker = await start(t, { startupData: { maxConcurrency: 1 } });
    const lost = [failure(worker.send('hold', 'first'))];
    for (let count = 0; count < 40; count++) lost.push(failure(worker.send('size', chunk)));
    await eventually('it has been granted what it may', () => worker.pendingBytes < 25 * MIB);
    await worker.disconnect();
    for (const error of await Promise.all(lost)) assert.equal(error.code, 'ERR_WORKER_DISCONNECTED');
    await worker.reconnect();
    const seen = worker.send('seen');
    process.kill(worker.pid, 'SIGUSR2');
    assert.deepEqual(await seen, ['first']);
    await worker.close();
  });

  test('must be an integer above 0', async () => {
    for (const maxConcurrency of [0, 1.5, '2']) {
      const created = createWorker({ script, startupData: { maxConcurrency }, stdio: ['ignore', 'ignore', 'pipe'] });
      const error = await failure(created);
      assert.match(error.stderr.join('\n'), /maxConcurrency must be an integer above 0, or Infinity/);
    }
  });
});
