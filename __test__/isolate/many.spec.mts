// Isolates by the thousand.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { createWorker, type WorkerOptions } from 'isolated-workers';
import type { IsolateDriver } from 'isolated-workers/drivers/isolate';

import { driver, modes, serving } from '../fixtures/isolate/support.mjs';
import type { Loose } from '../fixtures/support.mjs';

const COUNT = 1000;
const REQUESTS = 10;

describe('A thousand isolates at once', () => {
  for (const mode of modes) {
    test(`answer ten requests each, in mode '${mode}'`, async () => {
      const sources = { 'main.js': serving('add: ([a, b]) => a + b') };
      const options = { driver, script: 'main.js', timeout: { startup: 0 }, driverOptions: { mode, sources } };
      const start = () => createWorker<Loose, IsolateDriver>(options as WorkerOptions<Loose, IsolateDriver>);
      const workers = await Promise.all(Array.from({ length: COUNT }, start));
      const sums = await Promise.all(
        workers.map((worker, one) =>
          Promise.all(Array.from({ length: REQUESTS }, (_, other) => worker.send('add', [one, other]))),
        ),
      );
      sums.forEach((row, one) =>
        assert.deepEqual(
          row,
          [...row.keys()].map((other) => one + other),
        ),
      );
      assert.equal(sums.flat().length, COUNT * REQUESTS);
      await Promise.all(workers.map((worker) => worker.close()));
    });
  }
});
