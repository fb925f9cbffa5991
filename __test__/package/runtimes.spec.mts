// Runs the same program on the other runtimes.
import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { test, type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { commandOf, runtimes } from '../fixtures/other-runtimes.mjs';
import { gone } from '../fixtures/processes.mjs';
import { inTestAll } from '../fixtures/rounds.mjs';
import { isAlive } from '../fixtures/support.mjs';

const run = promisify(execFile);
const program = (name: string) => fileURLToPath(new URL(`../fixtures/runtimes/${name}.mjs`, import.meta.url));

const common = {
  startupData: { list: [1, 'é'] },
  inOrder: true,
  large: true,
  error: 'thrown here',
  bytes: ['ab', [1, 2], [0.5], [7]],
  unknown: 'ERR_UNKNOWN_MESSAGE_TYPE',
  late: 'ERR_MESSAGE_TIMEOUT',
  health: 'alive',
  each: [1, 2, 3].map((data) => [data, data]),
};
const isolated = { crash: ['ERR_WORKER_CRASHED', 3], gone: 'gone', killed: 'ERR_WORKER_CLOSED' };
const memory = [7, 0, [1, 2, 3]];
const expected = {
  child_process: { ...common, ...isolated, reconnected: 1 },
  worker_threads: { ...common, ...isolated, memory },
  in_process: { ...common, memory },
};

const options = { timeout: 180_000, skip: inTestAll };

for (const runtime of runtimes) {
  const { name } = runtime;
  const command = (t: TestContext, file: string, ...more: string[]) => commandOf(t, runtime, program(file), ...more);

  for (const [driver, report] of Object.entries(expected)) {
    test(`${name} runs host and worker (${driver})`, options, async (t) => {
      const called = await command(t, 'host', driver);
      if (called === undefined) return;
      const { stdout } = await run(called.file, called.args, { ...called.options, timeout: 45_000 });
      assert.deepEqual(JSON.parse(stdout), report);
    });
  }

  test(`${name} transfers a large result to a thread`, options, async (t) => {
    const called = await command(t, 'moves');
    if (called === undefined) return;
    const { stdout } = await run(called.file, called.args, { ...called.options, timeout: 45_000 });
    assert.deepEqual(JSON.parse(stdout), { left: 0, there: [16 << 20, true] });
  });

  test(`${name} ends a worker that never pauses with its host`, options, async (t) => {
    const called = await command(t, 'host', 'child_process', 'dies');
    if (called === undefined) return;
    const child = spawn(called.file, called.args, { ...called.options, stdio: ['ignore', 'pipe', 'inherit'] });
    t.after(() => child.kill('SIGKILL'));
    const [pid] = await once(createInterface(child.stdout), 'line');
    assert.ok(isAlive(Number(pid)));
    child.kill('SIGKILL');
    await gone(Number(pid));
  });
}
