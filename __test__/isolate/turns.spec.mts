// Many isolates at once, and what one of them may cost the others.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { createWorker, type WorkerOptions } from 'isolated-workers';
import type { IsolateDriver } from 'isolated-workers/drivers/isolate';

import { failure, type Loose } from '../fixtures/support.mjs';
import { driver, modes, serving, startIsolate } from '../fixtures/isolate/support.mjs';
import { inTestAll } from '../fixtures/rounds.mjs';

describe('Cooperative isolates', () => {
  test('that loop leave the thread to their host, its timers and other isolates', async (t) => {
    const options = { mode: 'cooperative', timeSlice: 1, limits: { cpuMsPerMessage: 400 } } as const;
    const spinning = await Promise.all(
      Array.from({ length: 4 }, () => startIsolate(t, 'spin: () => { for (;;); }', options)),
    );
    const other = await startIsolate(t, 'add: ([a, b]) => a + b', options);
    const ends = spinning.map((worker) => failure(worker.send('spin')));
    let turns = 0;
    const state = { isOver: false };
    const tick = () => {
      turns++;
      if (!state.isOver) setImmediate(tick);
    };
    tick();
    let answers = 0;
    const over = Promise.all(ends).then(() => (state.isOver = true));
    while (!state.isOver) {
      assert.equal(await Promise.race([other.send('add', [1, 2]), over.then(() => 3)]), 3);
      answers++;
    }
    for (const error of await Promise.all(ends)) {
      assert.equal((error.cause as { limit?: unknown }).limit, 'cpuMsPerMessage');
    }
    // 1,600 slices of a millisecond: the host has had a turn for nearly each, however busy the machine is.
    assert.ok(turns > 400, `${turns} turns of the event loop`);
    assert.ok(answers > 20, `${answers} answers`);
  });
});

for (const mode of modes) {
  const count = inTestAll === false ? 1000 : 100;
  test(`${count} isolates at once each answer 10 requests, mode '${mode}'`, { timeout: 110_000 }, async () => {
    const sources = { 'main.js': serving('add: ([a, b]) => a + b') };
    const options = { driver, script: 'main.js', driverOptions: { mode, sources } } as WorkerOptions<
      Loose,
      IsolateDriver
    >;
    const workers = await Promise.all(
      Array.from({ length: count }, () =>
        createWorker<Loose, IsolateDriver>({ ...options, timeout: { startup: 0 } } as never),
      ),
    );
    const sums = await Promise.all(
      workers.flatMap((worker, index) => Array.from({ length: 10 }, (_, more) => worker.send('add', [index, more]))),
    );
    assert.deepEqual(
      sums,
      workers.flatMap((_, index) => Array.from({ length: 10 }, (_value, more) => index + more)),
    );
    await Promise.all(workers.map((worker) => worker.close()));
  });
}
