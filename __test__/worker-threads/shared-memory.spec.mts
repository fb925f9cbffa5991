// `register` with `ISOLATED_WORKERS_SHARED_MEMORY=share`: processes map the memory that the program shares with its workers.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { test, type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { commandOf, runtimes } from '../fixtures/other-runtimes.mjs';
import { inTestAll } from '../fixtures/rounds.mjs';

const program = fileURLToPath(new URL('../fixtures/worker-threads/scripts/shared-memory.cjs', import.meta.url));
const explicit = fileURLToPath(
  new URL('../fixtures/worker-threads/scripts/shared-memory-by-import.mjs', import.meta.url),
);
const register = fileURLToPath(new URL('../../dist/worker-threads/register.cjs', import.meta.url));
const env = { ISOLATED_WORKERS_SHARED_MEMORY: 'share' };

/** What the program prints for each row. */
const rows = {
  constructor: {
    title: 'SharedArrayBuffer has the kinds, the species, the classes and the errors of the original',
    expected: {
      kinds: true,
      own: true,
      constructors: [true, true],
      tag: '[object SharedArrayBuffer]',
      named: ['SharedArrayBuffer', 1, 16],
      bytes: [0, 7, 8, 0],
      empty: [0, 0, 3],
      refused: ['RangeError', 'TypeError', 'TypeError'],
      plain: [0, 'TypeError'],
      misused: ['RangeError', 'RangeError'],
    },
  },
  count: {
    title: 'Three workers, and workers of theirs three deep, count exactly in one memory',
    expected: { counted: 90_000, processes: 10 },
  },
  back: {
    title: 'Memory that a worker has made comes to its host, with its views',
    expected: { seen: [42, 42, 8], part: ['Int32Array', 8, 2], data: 9, empty: 0, same: true },
  },
  wait: {
    title: 'Atomics.wait, waitAsync and notify work between processes, on words of 32 and of 64 bits',
    expected: {
      woken: [true, true],
      rest: ['not-equal', 'timed-out', 'ok', 'timed-out', 'not-equal'],
      notified: 1,
      answer: 'ok',
      nobody: 0,
    },
  },
  sync: {
    title: 'A host that blocks in the tick that made its worker gets each answer by receiveMessageOnPort',
    expected: {
      answers: [
        [true, 1, true],
        [true, 1, true],
        [true, 3_000_000, true],
        [true, 1, true],
      ],
      nothing: true,
    },
  },
  tasks: {
    title: 'A worker that waits in a loop loses no task, however many precede a notification, and however large',
    expected: { isProcess: true, answered: 221, bytes: 6_002_010 },
  },
  fallback: {
    title: 'Memory that cannot leave its process makes a new worker a thread, and is refused later',
    expected: { thread: true, refused: 'DataCloneError' },
  },
} as const;

/** Whether a runtime can make a `SharedArrayBuffer` that processes share. */
const canShare = (name: string) => /^Node 2[246]|^Bun/.test(name);

for (const runtime of runtimes.filter(({ name }) => canShare(name))) {
  const flag = runtime.name.startsWith('Node') ? '--require' : '--preload';
  for (const [row, { title, expected }] of Object.entries(rows)) {
    test(`${runtime.name}: ${title}`, { timeout: 180_000, skip: inTestAll }, async (t) => {
      const told = await run(t, runtime, [flag, register, program, row], env);
      if (told === undefined) return;
      assert.deepEqual(JSON.parse(told.stdout), expected, told.stderr);
      if (row !== 'fallback') assert.equal(told.stderr, '');
      else assert.equal(told.stderr.match(/ISOLATED_WORKERS_THREAD\]/g)?.length, 1);
    });
  }

  test(
    `${runtime.name}: without register, the module has a SharedArrayBuffer and Atomics of its own`,
    { timeout: 180_000, skip: inTestAll },
    async (t) => {
      const told = await run(t, runtime, [explicit], {});
      if (told === undefined) return;
      const expected = { woken: true, isProcess: true, value: 7, isGlobal: false };
      assert.deepEqual(JSON.parse(told.stdout), expected, told.stderr);
    },
  );
}

const here = canShare(`Node ${process.versions.node}`) ? 'this runtime can share memory' : false;
test('A runtime that cannot share says so once, and a worker that shares is a thread', { skip: here }, async () => {
  const args = ['--require', register, program, 'sync'];
  const { stdout, stderr } = await promisify(execFile)(process.execPath, args, { env: { ...process.env, ...env } });
  const { answers } = JSON.parse(stdout) as { answers: unknown[][] };
  assert.deepEqual(
    answers.map(([, , isProcess]) => isProcess),
    [false, false, false, false],
  );
  assert.equal(stderr.match(/ISOLATED_WORKERS_NO_SHARED_MEMORY\]/g)?.length, 1);
  assert.match(stderr, /needs Linux and Node 22\.23, 24\.22 or 26, or Bun 1\.4\.5/);
});

async function run(t: TestContext, runtime: (typeof runtimes)[number], args: string[], more: NodeJS.ProcessEnv) {
  const called = await commandOf(t, runtime, ...args);
  if (called === undefined) return undefined;
  const options = { env: { ...called.options.env, ...more }, timeout: 60_000 };
  return promisify(execFile)(called.file, called.args, options);
}
