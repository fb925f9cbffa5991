// The same programs on Node's own worker_threads and on ours: events, their order, exit codes, and all output.
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { test } from 'node:test';

import { runToEnd } from '../fixtures/programs.mjs';

const programs = new URL('../fixtures/worker-threads/programs/', import.meta.url);

for (const name of readdirSync(programs)) {
  test(`${name} does with processes what it does with threads`, { timeout: 60_000 }, async () => {
    const run = (preload: string) => runToEnd(new URL(name, programs), [], { execArgv: ['--import', preload] });
    const expected = await run('data:text/javascript,');
    const actual = await run('isolated-workers/register');
    assert.deepEqual(actual, expected);
    assert.notEqual(expected.stdout, '');
    assert.equal(expected.code, 0);
  });
}
