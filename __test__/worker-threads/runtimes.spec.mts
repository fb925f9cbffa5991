// The programs of the side-by-side suite on other runtimes: each writes what it writes on this Node.
import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { test, type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { commandOf, runtimes } from '../fixtures/other-runtimes.mjs';
import { runToEnd } from '../fixtures/programs.mjs';
import { isGone } from '../fixtures/processes.mjs';
import { eventually } from '../fixtures/support.mjs';
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

/** What the program of each row of the table prints. */
const rows: Record<string, string> = {
  specifier: 'another process: true, id: true\n'.repeat(2),
  messages: '1 1,7 true true\n2 2,7 true true\n',
  parentPort: 'one, main: false\ntwo, main: false\nexit 0\n',
  workerData: '84 true true\n',
  terminate: 'number number -1\n',
  error: 'true out of it\nexit 1\n',
  nested: 'depth 1 > depth 2 > depth 3\n',
};
const rowsFile = fileURLToPath(new URL('scripts/rows.cjs', fixtures));
const here = { name: `Node ${process.versions.node.split('.')[0]}`, spec: '', binary: '', args: [] };

for (const runtime of [here, ...runtimes]) {
  const isHere = runtime === here;
  const flag = runtime.name.startsWith('Node') ? '--require' : '--preload';
  const skip = isHere ? false : inTestAll;
  const commandFor = (t: TestContext, row: string) =>
    isHere
      ? { file: process.execPath, args: [flag, register, rowsFile, row], options: {} }
      : commandOf(t, runtime, flag, register, rowsFile, row);

  for (const [row, expected] of Object.entries(rows)) {
    test(`${runtime.name} has workers that are processes: ${row}`, { timeout: 180_000, skip }, async (t) => {
      const called = await commandFor(t, row);
      if (called === undefined) return;
      const { stdout } = await promisify(execFile)(called.file, called.args, { ...called.options, timeout: 45_000 });
      assert.equal(stdout, expected);
    });
  }

  test(
    `${runtime.name} leaves no process one second after its end by SIGKILL`,
    { timeout: 180_000, skip },
    async (t) => {
      const called = await commandFor(t, 'orphans');
      if (called === undefined) return;
      const host = spawn(called.file, called.args, { ...called.options, stdio: ['ignore', 'pipe', 'inherit'] });
      t.after(() => host.kill('SIGKILL'));
      const pids: number[] = [];
      const lines = createInterface(host.stdout);
      await new Promise<void>((resolve) =>
        lines.on('line', (line) => {
          if (pids.push(Number(line)) === 3) resolve();
        }),
      );
      assert.equal(new Set([host.pid, ...pids]).size, 4);
      host.kill('SIGKILL');
      await eventually('all workers have ended', () => pids.every(isGone), 1000);
    },
  );
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
