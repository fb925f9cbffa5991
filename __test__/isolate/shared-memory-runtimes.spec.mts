// Memory that isolates share with a host in each version of Node, with the threads and the collector of that version.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { modes } from '../fixtures/isolate/support.mjs';
import { commandOf, runtimes } from '../fixtures/other-runtimes.mjs';
import { inTestAll } from '../fixtures/rounds.mjs';

const run = promisify(execFile);
const program = fileURLToPath(new URL('../fixtures/isolate/shared-memory-host.mjs', import.meta.url));
const common = {
  exact: 40_000,
  same: true,
  waited: 'ok',
  told: 'ok',
  killed: 'ERR_WORKER_CLOSED',
  held: [1, 0],
  freed: true,
};
const sharing = { ...common, made: 65_536, written: 9, view: ['Int16Array', 2, 3], kept: 9, madeFreed: true };
const refusing = { ...common, made: 'ERR_NOT_SERIALIZABLE', madeFreed: true };
const options = { timeout: 120_000 };

for (const mode of modes) {
  test(`This runtime shares memory with isolates, mode '${mode}'`, options, async () => {
    const { stdout } = await run(process.execPath, ['--expose-gc', program, mode], options);
    const isOld = process.versions.node.startsWith('20.');
    assert.deepEqual(JSON.parse(stdout), isOld ? refusing : sharing);
  });

  for (const runtime of runtimes.filter(({ name }) => name.startsWith('Node'))) {
    test(`${runtime.name} shares memory with isolates, mode '${mode}'`, { ...options, skip: inTestAll }, async (t) => {
      const called = await commandOf(t, runtime, program, mode);
      if (called === undefined) return;
      const { stdout } = await run(called.file, called.args, { ...called.options, ...options });
      assert.deepEqual(JSON.parse(stdout), sharing);
    });
  }
}
