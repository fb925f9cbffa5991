// health() reports the state of a worker, whatever the worker does.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { describe, test } from 'node:test';

import { InProcessDriver, WorkerThreadsDriver, type WorkerClient } from 'isolated-workers';

import { failure, type Loose } from '../fixtures/faults/support.mjs';
import { ForkDriver } from '../fixtures/drivers/custom/fork-driver.mjs';
import { fixture as drivers } from '../fixtures/drivers/support.mjs';
import { eventually, live, record, scratch, stop, untilBusy } from '../fixtures/lives/support.mjs';
import { fixture } from '../fixtures/support.mjs';

/** Node alone tells how long its JavaScript has been running. */
const GENEROUS = 2_500;

/** Resolves when a worker is blocked. */
async function untilBlocked(worker: WorkerClient<Loose>): Promise<number> {
  for (;;) {
    const health = await worker.health();
    if (health.state === 'blocked') return health.blockedFor;
  }
}

describe('The health of a process', () => {
  test('is `alive` while the worker is idle, and while requests are in flight', async (t) => {
    const worker = await live(t);
    const lost = failure(worker.send('hang'));
    for (let round = 0; round < 10; round++) assert.deepEqual(await worker.health(), { state: 'alive' });
    await worker.kill();
    await lost;
  });

  for (const kind of ['spin', 'wait', 'pbkdf2']) {
    test(`is \`blocked\` for longer and longer while the worker does not return to its event loop (${kind})`, async (t) => {
      const worker = await live(t, { stdio: ['ignore', 'pipe', 'inherit'] });
      worker.post('busy', kind);
      await untilBusy(worker);
      const since = performance.now();
      const first = await untilBlocked(worker);
      assert.ok(first >= 100, String(first));
      let last = first;
      while (performance.now() - since < 500) last = await untilBlocked(worker);
      const elapsed = performance.now() - since;
      assert.ok(last > first, `${last} after ${first}`);
      assert.ok(last > elapsed / 2 && last < elapsed + GENEROUS, `${last} of ${elapsed}`);
    });
  }

  test('is `blocked` after as many milliseconds as `blockedAfter` says', async (t) => {
    const worker = await live(t);
    worker.post('block', 600);
    await untilBlocked(worker);
    assert.deepEqual(await worker.health({ blockedAfter: 60_000 }), { state: 'alive' });
    await eventually('it has come back', async () => (await worker.health()).state === 'alive');
    assert.deepEqual(await worker.health({ blockedAfter: 5 }), { state: 'alive' });
  });

  test('is `silent` while the worker is stopped, and `alive` when it continues', async (t) => {
    const worker = await live(t);
    await stop(worker);
    const begun = performance.now();
    assert.deepEqual(await worker.health({ timeout: 100 }), { state: 'silent' });
    assert.ok(performance.now() - begun < GENEROUS);
    process.kill(worker.pid, 'SIGCONT');
    await eventually('it is alive', async () => (await worker.health()).state === 'alive');
    assert.equal(await worker.send('echo', 1), 1);
  });

  test('ignores the answer to an earlier question', async (t) => {
    const worker = await live(t);
    await stop(worker);
    assert.deepEqual(await worker.health({ timeout: 50 }), { state: 'silent' });
    process.kill(worker.pid, 'SIGCONT');
    // Its answer to the question before is on its way, or there.
    assert.equal(await worker.send('echo', 1), 1);
    const blocked = worker.send('block', 500);
    await untilBlocked(worker);
    await blocked;
  });

  test('is `gone` after a crash, and after close()', async (t) => {
    const [crashed, closed] = [await live(t), await live(t)];
    await failure(crashed.send('exit', 1));
    await closed.close();
    for (const worker of [crashed, closed]) assert.deepEqual(await worker.health(), { state: 'gone' });
  });

  test('reaches each of many callers at once, in the time of one', async (t) => {
    const worker = await live(t);
    await stop(worker);
    const begun = performance.now();
    const asked = Array.from({ length: 200 }, () => worker.health({ timeout: 200 }));
    // Nothing else of the host has to wait: files are read on the threads that others may block.
    await readFile(import.meta.filename ?? process.argv[1]!);
    const read = performance.now() - begun;
    for (const health of await Promise.all(asked)) assert.deepEqual(health, { state: 'silent' });
    const elapsed = performance.now() - begun;
    assert.ok(elapsed < GENEROUS, `${elapsed}`);
    assert.ok(read < 200 + elapsed / 2, `a file took ${read} of ${elapsed}`);
  });

  test('accepts different timeouts at the same time', async (t) => {
    const worker = await live(t);
    await stop(worker);
    const long = worker.health({ timeout: 20_000 });
    assert.deepEqual(await worker.health({ timeout: 50 }), { state: 'silent' });
    process.kill(worker.pid, 'SIGCONT');
    assert.notEqual((await long).state, 'silent');
  });

  test('does not delay reconnect() when no caller waits for it', async (t) => {
    const worker = await live(t);
    await stop(worker);
    const asked = worker.health({ timeout: 20_000 });
    await worker.disconnect();
    const begun = performance.now();
    const connected = worker.reconnect();
    assert.ok(performance.now() - begun < GENEROUS);
    process.kill(worker.pid, 'SIGCONT');
    await connected;
    assert.notEqual((await asked).state, 'silent');
  });

  test('of 10 workers arrives at once', async (t) => {
    const workers = await Promise.all(Array.from({ length: 10 }, () => live(t)));
    await Promise.all(workers.map(stop));
    const begun = performance.now();
    const all = await Promise.all(workers.map((worker) => worker.health({ timeout: 200 })));
    assert.ok(performance.now() - begun < GENEROUS);
    for (const health of all) assert.deepEqual(health, { state: 'silent' });
  });

  for (const options of [{ timeout: -1 }, { timeout: '1' }, { blockedAfter: NaN }]) {
    test(`is an error with ${Object.keys(options)} ${Object.values(options)}`, async (t) => {
      const worker = await live(t);
      assert.equal((await failure(worker.health(options as never))).code, 'ERR_INVALID_OPTION');
    });
  }
});

describe('The health of a worker with another driver', () => {
  test('is `alive`, `blocked` or `gone` for a thread', async (t) => {
    const worker = await live(t, { driver: WorkerThreadsDriver as never });
    await eventually('it waits', async () => (await worker.health()).state === 'alive');
    const blocked = worker.send('block', 600);
    const first = await untilBlocked(worker);
    assert.ok((await untilBlocked(worker)) > first);
    await blocked;
    await eventually('it waits again', async () => (await worker.health()).state === 'alive');
    await worker.close();
    assert.deepEqual(await worker.health(), { state: 'gone' });
  });

  test('is `alive` for a worker in process until close()', async (t) => {
    const worker = await live(t, { driver: InProcessDriver as never, script: fixture('echo.mjs') });
    assert.deepEqual(await worker.health(), { state: 'alive' });
    await worker.close();
    assert.deepEqual(await worker.health(), { state: 'gone' });
  });

  test('is the report of the channel for a custom driver', async (t) => {
    const script = drivers('custom/fork-worker');
    const worker = await live(t, { script, driver: new ForkDriver() as never });
    assert.deepEqual(await worker.health(), { state: 'alive' });
    await worker.close();
    assert.deepEqual(await worker.health(), { state: 'gone' });
  });
});

describe('The event unresponsive', () => {
  for (const [name, driver] of Object.entries({ process: undefined, thread: WorkerThreadsDriver })) {
    test(`occurs once each time that a ${name} blocks for too long`, async (t) => {
      const worker = await live(t, { unresponsiveAfter: 500, driver: driver as never });
      const { events, names } = record(worker);
      for (let round = 1; round <= 2; round++) {
        await worker.send('block', 2_000);
        await eventually('it was told', () => names().length === round);
        // Seen to be well, it may be told of again.
        await eventually('it waits', async () => (await worker.health()).state === 'alive');
        await worker.send('later', { ms: 600 });
      }
      assert.deepEqual(names(), ['unresponsive', 'unresponsive']);
      for (const { detail } of events) {
        assert.ok(detail.blockedFor >= 500 && detail.blockedFor < 500 + GENEROUS, detail.blockedFor);
      }
    });
  }

  test('does not occur for a worker that returns to its loop in time, or is idle', async (t) => {
    const worker = await live(t, { unresponsiveAfter: 2_000 });
    const { names } = record(worker);
    for (let round = 0; round < 10; round++) await worker.send('block', 100);
    assert.deepEqual(names(), []);
  });

  for (const unresponsiveAfter of [0, Infinity]) {
    test(`never occurs where unresponsiveAfter is ${unresponsiveAfter}`, async (t) => {
      const worker = await live(t, { unresponsiveAfter });
      const { names } = record(worker);
      await worker.send('block', 300);
      assert.deepEqual(names(), []);
    });
  }

  for (const unresponsiveAfter of [-1, NaN, '1']) {
    test(`is an error with unresponsiveAfter ${unresponsiveAfter}`, async (t) => {
      assert.equal(
        (await failure(live(t, { unresponsiveAfter: unresponsiveAfter as never }))).code,
        'ERR_INVALID_OPTION',
      );
    });
  }

  test('occurs for the worker that replaces another, too', async (t) => {
    const { file } = scratch(t);
    const worker = await live(t, { unresponsiveAfter: 200, unexpectedShutdown: { strategy: 'retry' } });
    const { names } = record(worker);
    assert.equal(await worker.send('once', { path: file('met'), result: 1 }), 1);
    await worker.send('block', 1_000);
    // One may have come of the start of either, on a busy machine.
    await eventually('it was told', () => names().lastIndexOf('unresponsive') > names().indexOf('restart'));
  });
});
