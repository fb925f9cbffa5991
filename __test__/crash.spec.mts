// A worker that ends while it has work to do.
import assert from 'node:assert/strict';
import os from 'node:os';
import { describe, test, type TestContext } from 'node:test';

import { createWorker, WorkerCrashedError, type WorkerOptions } from 'isolated-workers';

import { failure, fixture, untilGone, type Loose } from './fixtures/faults/support.mjs';

const MIB = 1024 * 1024;

async function start(t: TestContext, options: Partial<WorkerOptions<Loose>> = {}) {
  const worker = await createWorker<Loose>({
    script: fixture('worker'),
    stdio: 'ignore',
    cwd: os.tmpdir(),
    ...options,
  });
  t.after(() => worker.close());
  return worker;
}

describe('A worker that is killed', () => {
  test('rejects each of 100 requests in flight once, with its own type', async (t) => {
    const worker = await start(t);
    const other = await start(t);
    let settled = 0;
    const requests = Array.from({ length: 100 }, (_, index) =>
      failure(worker.send(index % 2 === 0 ? 'hang' : 'wait', index)).finally(() => settled++),
    );
    const elsewhere = Array.from({ length: 100 }, (_, index) => other.send('echo', index));
    assert.equal(await worker.send('echo', 'all are there'), 'all are there');
    process.kill(worker.pid, 'SIGKILL');
    const errors = await Promise.all(requests);
    assert.equal(settled, 100);
    assert.equal(new Set(errors).size, 100);
    for (const [index, error] of errors.entries()) {
      assert.ok(error instanceof WorkerCrashedError);
      assert.equal(error.code, 'ERR_WORKER_CRASHED');
      assert.equal(error.phase, 'running');
      assert.equal(error.messageType, index % 2 === 0 ? 'hang' : 'wait');
      assert.deepEqual(error.reason, { type: 'exit', code: null, signal: 'SIGKILL' });
      assert.deepEqual([error.attempt, error.maxAttempts], [1, 1]);
    }
    assert.deepEqual(await Promise.all(elsewhere), [...elsewhere.keys()]);
    assert.deepEqual([worker.isActive, worker.isConnected], [false, false]);
    await untilGone(worker.pid);
  });

  test('rejects what is sent later with the same news, and closes without an error', async (t) => {
    const worker = await start(t);
    await failure(worker.send('kill', 'SIGKILL'));
    const error = await failure(worker.send('echo', 1));
    assert.equal(error.code, 'ERR_WORKER_CRASHED');
    assert.equal(error.reason.signal, 'SIGKILL');
    assert.throws(() => worker.post('echo', 1), { code: 'ERR_WORKER_CRASHED' });
    await worker.close();
    await worker.close();
  });

  test('is told to have crashed also where its host was disconnected from it', async (t) => {
    const worker = await start(t);
    await worker.disconnect();
    // Nothing is in flight.
    worker.ref();
    const exited = new Promise((resolve) => worker.once('exit', resolve));
    process.kill(worker.pid, 'SIGKILL');
    await exited;
    for (const lost of [worker.reconnect(), worker.send('echo', 1)]) {
      const error = await failure(lost);
      assert.deepEqual([error.code, error.reason?.signal], ['ERR_WORKER_CRASHED', 'SIGKILL']);
    }
    await worker.close();
  });

  test('rejects requests that were never read', async (t) => {
    const worker = await start(t);
    process.kill(worker.pid, 'SIGSTOP');
    const requests = Array.from({ length: 20 }, () => failure(worker.send('echo', 'x'.repeat(MIB))));
    process.kill(worker.pid, 'SIGKILL');
    for (const error of await Promise.all(requests)) assert.equal(error.reason.signal, 'SIGKILL');
  });
});

describe('A worker that ends by itself', () => {
  test('with abort() is told to be ended by SIGABRT', async (t) => {
    const worker = await start(t);
    const error = await failure(worker.send('abort', undefined));
    assert.equal(error.code, 'ERR_WORKER_CRASHED');
    assert.deepEqual(error.reason, { type: 'exit', code: null, signal: 'SIGABRT' });
    assert.equal(error.messageType, 'abort');
  });

  test('with process.exit() has its code told', async (t) => {
    const worker = await start(t);
    const error = await failure(worker.send('exit', 3));
    assert.deepEqual(error.reason, { type: 'exit', code: 3, signal: null });
    assert.equal(error.phase, 'running');
  });

  test('with an uncaught error has its last words told', async (t) => {
    const worker = await start(t, { stdio: 'pipe' });
    const error = await failure(worker.send('uncaught', undefined));
    assert.deepEqual(error.reason, { type: 'exit', code: 1, signal: null });
    assert.match(error.stderr.join('\n'), /thrown outside of any handler/);
  });
});

describe('Results that were given before process.exit()', () => {
  test('arrive, whole, before the crash is told', async (t) => {
    const worker = await start(t);
    const order: string[] = [];
    const requests = Array.from({ length: 8 }, async () => {
      const { length } = await worker.send('text', MIB);
      order.push('result');
      return length;
    });
    const exit = failure(worker.send('exit', 5)).finally(() => order.push('crash'));
    assert.deepEqual(await Promise.all(requests), Array(8).fill(MIB));
    assert.equal((await exit).reason.code, 5);
    assert.deepEqual(order, [...Array(8).fill('result'), 'crash']);
  });

  test('arrive even when the worker exits before it could write them', async (t) => {
    const worker = await start(t);
    const lost = failure(worker.send('hang', undefined));
    assert.equal((await worker.send('textThenExit', { size: MIB, code: 4 })).length, MIB);
    const error = await lost;
    assert.deepEqual(error.reason, { type: 'exit', code: 4, signal: null });
    assert.equal(error.messageType, 'hang');
  });
});
