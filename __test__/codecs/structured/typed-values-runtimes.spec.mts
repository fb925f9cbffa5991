// Values of users' types, and shared buffers inside of other values, on other runtimes: Bun has no V8.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { commandOf, runtimes } from '../../fixtures/other-runtimes.mjs';
import { inTestAll } from '../../fixtures/rounds.mjs';

const program = fileURLToPath(new URL('../../fixtures/runtimes/typed-values.mjs', import.meta.url));

for (const runtime of runtimes) {
  test(
    `${runtime.name} carries values of users' types, and shared buffers beside them`,
    { timeout: 180_000, skip: inTestAll },
    async (t) => {
      const called = await commandOf(t, runtime, program);
      if (called === undefined) return;
      const { stdout } = await promisify(execFile)(called.file, called.args, { ...called.options, timeout: 60_000 });
      assert.deepEqual(JSON.parse(stdout), {
        kinds: ['URL file:///a?b=1', 'Money 5', 'twice 8', 'Pair Money 1,Pair URL file:///a?b=1,number'],
        deep: 7,
        date: 5,
        alone: 2,
        refused: 'ERR_MALFORMED_MESSAGE',
        shared: [1, 9, 9, 3],
        bytes: 6,
      });
    },
  );
}
