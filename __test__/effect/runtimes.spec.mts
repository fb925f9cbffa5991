// Effect workers on the other runtimes: the same program, host and worker.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { commandOf, runtimes } from '../fixtures/other-runtimes.mjs';
import { inTestAll } from '../fixtures/rounds.mjs';

const host = fileURLToPath(new URL('../fixtures/effect/host.mjs', import.meta.url));

for (const runtime of runtimes) {
  for (const driver of ['child_process', 'worker_threads', 'in_process']) {
    test(`${runtime.name} runs an Effect worker (${driver})`, { timeout: 180_000, skip: inTestAll }, async (t) => {
      const called = await commandOf(t, runtime, host, driver);
      if (called === undefined) return;
      const { stdout } = await promisify(execFile)(called.file, called.args, { ...called.options, timeout: 45_000 });
      assert.deepEqual(JSON.parse(stdout), { doubled: 42, left: 0, there: 3 });
    });
  }
}
