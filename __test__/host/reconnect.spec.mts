// A disconnected worker keeps running with its state, and its host reconnects to it.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { WorkerThreadsDriver } from 'isolated-workers';

import { failure } from '../fixtures/faults/support.mjs';
import { eventually, live, lives, record, scratch, stop, untilBusy } from '../fixtures/lives/support.mjs';
import { gone, isGone } from '../fixtures/processes.mjs';
import { fixture, start } from '../fixtures/support.mjs';
import { serializer } from '../fixtures/serializers.mjs';

const MIB = 1024 * 1024;

describe('reconnect', () => {
  test('finds the same process with its state', async (t) => {
    const worker = await live(t);
    const { pid } = worker;
    assert.equal(await worker.send('count'), 1);
    await worker.disconnect();
    assert.deepEqual([worker.isActive, worker.isConnected], [false, false]);
    await worker.reconnect();
    assert.deepEqual([worker.isActive, worker.isConnected], [true, true]);
    assert.equal(await worker.send('count'), 2);
    assert.equal(worker.pid, pid);
    assert.equal(await worker.send('pid'), pid);
    assert.equal(await worker.send('isConnected'), true);
  });

  test('works any number of times', async (t) => {
    const worker = await live(t);
    for (let round = 1; round <= 50; round++) {
      assert.equal(await worker.send('count'), round);
      await worker.disconnect();
      await worker.reconnect();
    }
    assert.equal(await worker.send('count'), 51);
  });

  test('does nothing to a worker that is connected', async (t) => {
    const worker = await live(t);
    const { names } = record(worker);
    const answer = worker.send('later', { ms: 50, result: 'answered' });
    await worker.reconnect();
    assert.equal(await answer, 'answered');
    assert.deepEqual(names(), []);
  });

  test('resolves twice when called twice, once the worker is connected', async (t) => {
    const worker = await live(t);
    await worker.disconnect();
    const both = [worker.reconnect(), worker.reconnect()];
    for (const each of both) await each.then(() => assert.equal(worker.isConnected, true));
  });

  test('sends requests that the program makes before it has resolved', async (t) => {
    const worker = await live(t);
    await worker.disconnect();
    const connected = worker.reconnect();
    assert.equal(await worker.send('echo', 'early'), 'early');
    await connected;
  });

  test('moves messages of 8 MiB in both directions', async (t) => {
    const worker = await live(t);
    await worker.disconnect();
    await worker.reconnect();
    assert.equal(await worker.send('size', 'x'.repeat(8 * MIB)), 8 * MIB);
    assert.equal((await worker.send('repeat', 8 * MIB)).length, 8 * MIB);
  });

  for (const name of ['msgpack', 'v8', 'json-lines', 'prefixed']) {
    test(`keeps the serializer (${name})`, async (t) => {
      const worker = await start(t, { script: fixture('serializer.mjs'), argv: [name], serializer: serializer(name) });
      await worker.disconnect();
      await worker.reconnect();
      assert.deepEqual(await worker.send('echo', { text: 'ä', list: [1, 2] }), { text: 'ä', list: [1, 2] });
      assert.equal((await failure(worker.send('fall', 'down'))).code, 'E_FALL');
    });
  }

  test('rejects for a thread, as disconnect() does', async (t) => {
    const worker: any = await live(t, { driver: WorkerThreadsDriver as never });
    for (const what of ['disconnect', 'reconnect']) {
      const error = await failure(worker[what]());
      assert.equal(error.code, 'ERR_UNSUPPORTED_BY_DRIVER');
      assert.match(error.message, /worker_threads.*child_process/);
    }
    assert.equal(await worker.send('echo', 1), 1);
  });

  test('waits for a busy worker', async (t) => {
    const worker = await live(t, { timeout: { startup: 5_000 }, stdio: ['ignore', 'pipe', 'inherit'] });
    assert.equal(await worker.send('count'), 1);
    worker.post('spin', 400);
    await worker.disconnect();
    await worker.reconnect();
    assert.equal(await worker.send('count'), 2);
  });

  test('rejects when it takes too long, and a later one finds the worker with its state', async (t) => {
    const worker = await live(t, { timeout: { startup: 2_000 } });
    assert.equal(await worker.send('count'), 1);
    await stop(worker);
    await worker.disconnect();
    const [error, lost] = await Promise.all([failure(worker.reconnect()), failure(worker.send('echo', 1))]);
    assert.equal(error.code, 'ERR_CONNECT_TIMEOUT');
    assert.equal(lost.code, 'ERR_CONNECT_TIMEOUT');
    assert.equal((await failure(worker.send('echo', 1))).code, 'ERR_WORKER_DISCONNECTED');
    process.kill(worker.pid, 'SIGCONT');
    await worker.reconnect();
    assert.equal(await worker.send('count'), 2);
  });
});

describe('disconnect', () => {
  test('rejects each request in flight once', async (t) => {
    const worker = await live(t);
    let settled = 0;
    const lost = Array.from({ length: 50 }, (_, index) => failure(worker.send('hang', index)).finally(() => settled++));
    await worker.send('echo', 'all are there');
    await worker.disconnect();
    for (const error of await Promise.all(lost)) {
      assert.equal(error.code, 'ERR_WORKER_DISCONNECTED');
      assert.match(error.message, /"hang".*reconnect\(\)/);
    }
    await worker.reconnect();
    await worker.send('echo', 'still there');
    assert.equal(settled, 50);
  });

  test('delivers notifications that the host posted right before', async (t) => {
    const worker = await live(t);
    for (let index = 0; index < 1_000; index++) worker.post('note', index);
    await worker.disconnect();
    await worker.reconnect();
    assert.deepEqual(await worker.send('noted'), [...Array(1_000).keys()]);
  });

  test('delivers them to a busy worker, too', async (t) => {
    const worker = await live(t);
    worker.post('spin', 300);
    for (let index = 0; index < 1_000; index++) worker.post('note', index);
    void worker.disconnect();
    await worker.reconnect();
    assert.deepEqual(await worker.send('noted'), [...Array(1_000).keys()]);
  });

  test('makes the host refuse messages until it is connected again', async (t) => {
    const worker = await live(t);
    await worker.disconnect();
    const error = await failure(worker.send('echo', 1));
    assert.equal(error.code, 'ERR_WORKER_DISCONNECTED');
    assert.match(error.message, /send "echo".*worker\.mjs.*reconnect\(\)/);
    assert.throws(() => worker.post('note', 1), { code: 'ERR_WORKER_DISCONNECTED' });
    await worker.reconnect();
    assert.deepEqual(await worker.send('noted'), []);
  });

  test('may be called twice', async (t) => {
    const worker = await live(t);
    const { names } = record(worker);
    await worker.disconnect();
    await worker.disconnect();
    await worker.reconnect();
    assert.equal(await worker.send('echo', 1), 1);
    await eventually('the last event', () => names().length === 2);
    assert.deepEqual(names(), ['disconnect', 'reconnect']);
  });

  test('and reconnect in fast alternation end as the last call says', async (t) => {
    const worker = await live(t);
    const calls: Promise<unknown>[] = [];
    for (let index = 0; index < 20; index++) calls.push(worker.disconnect(), worker.reconnect());
    const outcomes = await Promise.allSettled(calls);
    for (const outcome of outcomes) {
      if (outcome.status === 'rejected') assert.equal(outcome.reason.code, 'ERR_WORKER_DISCONNECTED');
    }
    assert.equal(outcomes.at(-1)?.status, 'fulfilled');
    assert.equal(worker.isConnected, true);
    assert.equal(await worker.send('count'), 1);
  });

  test('drops the answers of handlers meanwhile', async (t) => {
    const worker = await live(t);
    const lost = [1, 2, 3].map((result) => failure(worker.send('later', { ms: 20, result })));
    const failing = failure(worker.send('later', null));
    await worker.disconnect();
    await Promise.all([...lost, failing]);
    // It answers while it is disconnected: its own timers are older than this one.
    await new Promise((resolve) => setTimeout(resolve, 60));
    await worker.reconnect();
    assert.equal(await worker.send('count'), 1);
  });

  test('while the worker is starting keeps its start-up data', async (t) => {
    const worker = await live(t, { waitForReady: false, startupData: { value: 'from the host' } });
    const lost = failure(worker.send('echo', 1));
    await worker.disconnect();
    assert.equal((await lost).code, 'ERR_WORKER_DISCONNECTED');
    await worker.reconnect();
    assert.equal(await worker.send('value'), 'from the host');
  });

  test('while the worker is starting delivers posted notifications', async (t) => {
    const worker = await live(t, { waitForReady: false });
    worker.post('note', 1);
    await worker.disconnect();
    await eventually('it has started, and is left alone', async () => (await worker.health()).state === 'alive');
    await worker.reconnect();
    assert.deepEqual(await worker.send('noted'), [1]);
  });

  test('while the worker is starting reports a failed start', async (t) => {
    const worker = await live(t, { script: fixture('exits.mjs'), waitForReady: false });
    await worker.disconnect();
    const error = await failure(worker.reconnect());
    assert.deepEqual([error.code, error.phase, error.reason.code], ['ERR_WORKER_CRASHED', 'startup', 3]);
  });

  test('while the worker is starting keeps start-up data larger than any buffer', async (t) => {
    const value = 'x'.repeat(8 * MIB);
    const worker = await live(t, { waitForReady: false, startupData: { value } });
    await worker.disconnect();
    await worker.reconnect();
    assert.equal((await worker.send('value')).length, value.length);
  });

  test('emits an event, and so does reconnect', async (t) => {
    const worker = await live(t);
    const { names } = record(worker);
    for (let round = 0; round < 3; round++) {
      await worker.disconnect();
      await worker.reconnect();
    }
    await eventually('the last event', () => names().length === 6);
    assert.deepEqual(
      names(),
      [1, 2, 3].flatMap(() => ['disconnect', 'reconnect']),
    );
  });
});

describe('A worker that is disconnected', () => {
  test('ends with its hook in close()', async (t) => {
    const { log, lines } = scratch(t);
    const worker = await live(t, { startupData: { log, onClose: 'write' } });
    await worker.disconnect();
    assert.deepEqual(await worker.close(), { type: 'exit', code: 0, signal: null });
    assert.deepEqual(lines(), ['start', 'closed']);
    assert.equal(isGone(worker.pid), true);
  });

  test('ends with its hook in close(), even if it had not started at the disconnect', async (t) => {
    const { log, lines } = scratch(t);
    const worker = await live(t, { waitForReady: false, startupData: { log, onClose: 'write' } });
    await worker.disconnect();
    worker.ref().unref();
    assert.deepEqual(await worker.close(), { type: 'exit', code: 0, signal: null });
    assert.deepEqual(lines(), ['start', 'closed']);
  });

  test('dies by SIGKILL in close() when it does not respond', async (t) => {
    const worker = await live(t, { stdio: ['ignore', 'pipe', 'inherit'] });
    worker.post('busy', 'spin');
    await untilBusy(worker);
    await worker.disconnect();
    assert.deepEqual(await worker.close({ timeout: 100 }), { type: 'exit', code: null, signal: 'SIGTERM' });
  });

  for (const how of ['terminate', 'kill'] as const) {
    test(`ends by ${how}()`, async (t) => {
      const worker = await live(t);
      await worker.disconnect();
      const signal = how === 'kill' ? 'SIGKILL' : 'SIGTERM';
      assert.deepEqual(await worker[how](), { type: 'exit', code: null, signal });
      for (const call of [worker.disconnect(), worker.reconnect()]) {
        assert.equal((await failure(call)).code, 'ERR_WORKER_CLOSED');
      }
    });
  }

  test('reports its crash, to reconnect() too', async (t) => {
    const worker = await live(t);
    const { events, names } = record(worker);
    await worker.disconnect();
    process.kill(worker.pid, 'SIGKILL');
    await eventually('it has crashed', () => names().includes('exit'));
    assert.deepEqual(names(), ['disconnect', 'crash', 'exit']);
    assert.equal(events[1]?.detail.reason.signal, 'SIGKILL');
    for (const call of [worker.reconnect(), worker.send('echo', 1)]) {
      const error = await failure(call);
      assert.equal(error.code, 'ERR_WORKER_CRASHED');
      assert.equal(error.reason.signal, 'SIGKILL');
    }
    assert.throws(() => worker.post('note', 1), { code: 'ERR_WORKER_CRASHED' });
    await worker.disconnect();
  });

  test('reports the crash, not its discovery, when it dies right before reconnect()', async (t) => {
    for (let round = 0; round < 5; round++) {
      const worker = await live(t);
      await worker.disconnect();
      process.kill(worker.pid, 'SIGKILL');
      const error = await failure(worker.reconnect());
      assert.equal(error.code, 'ERR_WORKER_CRASHED');
      assert.equal(error.reason.signal, 'SIGKILL');
    }
  });

  test('keeps running, and has a health', async (t) => {
    const worker = await live(t);
    await worker.disconnect();
    assert.deepEqual(await worker.health(), { state: 'alive' });
    assert.equal(isGone(worker.pid), false);
    await worker.kill();
    assert.deepEqual(await worker.health(), { state: 'gone' });
    await gone(worker.pid);
  });

  test('has no restrictions after the reconnect', async (t) => {
    const worker = await live(t, { script: lives('worker.mjs'), timeout: 5_000 });
    await worker.disconnect();
    await worker.reconnect();
    const error = await failure(worker.send('hang', undefined, { timeout: 20 }));
    assert.equal(error.code, 'ERR_MESSAGE_TIMEOUT');
    const crash = failure(worker.send('exit', 3));
    assert.equal((await crash).reason.code, 3);
  });
});
