// The programs of the side-by-side suite on other runtimes: each writes what it writes on this Node.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { commandOf, runtimes } from '../fixtures/other-runtimes.mjs';
import { runToEnd } from '../fixtures/programs.mjs';
import { inTestAll } from '../fixtures/rounds.mjs';

const fixtures = new URL('../fixtures/worker-threads/', import.meta.url);
const register = fileURLToPath(new URL('../../dist/worker-threads/register.cjs', import.meta.url));

/** The programs for every runtime. What the others print depends on texts, or on values, that differ between versions. */
const programs = [
  'scripts/seed.mjs',
  'programs/flood.mjs',
  'programs/messages-in-a-row.mjs',
  'programs/natural-end.cjs',
  'programs/nested.cjs',
  'programs/output.cjs',
  'programs/terminate.cjs',
];
const ofNode = ['programs/environment-data.cjs', 'programs/exit-codes.cjs', 'programs/ports.cjs'];

for (const runtime of runtimes) {
  const isNode = runtime.name.startsWith('Node');
  for (const program of isNode ? [...programs, ...ofNode] : programs) {
    test(`${runtime.name} runs ${program} with processes`, { timeout: 180_000, skip: inTestAll }, async (t) => {
      const file = new URL(program, fixtures);
      const called = await commandOf(t, runtime, isNode ? '--require' : '--preload', register, fileURLToPath(file));
      if (called === undefined) return;
      const { stdout } = await promisify(execFile)(called.file, called.args, { ...called.options, timeout: 45_000 });
      const expected = await runToEnd(file, [], { execArgv: ['--import', 'isolated-workers/register'] });
      assert.equal(stdout, expected.stdout);
    });
  }
}

for (const runtime of runtimes.filter(({ name }) => name === 'Node 24' || name === 'Node 26')) {
  test(
    `${runtime.name} sends messages by thread id as with threads`,
    { timeout: 180_000, skip: inTestAll },
    async (t) => {
      const program = fileURLToPath(new URL('scripts/mail.cjs', fixtures));
      const outputs = [];
      for (const args of [[program], ['--require', register, program]]) {
        const called = await commandOf(t, runtime, ...args);
        if (called === undefined) return;
        const { stdout } = await promisify(execFile)(called.file, called.args, { ...called.options, timeout: 45_000 });
        outputs.push(stdout);
      }
      assert.equal(outputs[1], outputs[0]);
      assert.match(outputs[0] ?? '', /^delivered\ndelivered\n/);
    },
  );
}
