// The executable of a host is the program itself and no runtime: a worker must not start the whole program again.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, test, type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const file = (name: string) => fileURLToPath(new URL(`../../fixtures/executables/${name}`, import.meta.url));

/** Runs the application; gives how often it was started, and what the first of them has printed. */
async function run(t: TestContext, kind: string, options: object = {}) {
  const folder = mkdtempSync(path.join(tmpdir(), 'iw-executable-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const starts = path.join(folder, 'starts');
  const env = {
    ...process.env,
    STARTS: starts,
    APPLICATION_OPTIONS: JSON.stringify(options),
    STAND_IN: file('executable.sh'),
    STAND_IN_FOR: kind,
    STAND_IN_NODE: process.execPath,
    STAND_IN_PRELOAD: file('stand-in.cjs'),
    STAND_IN_MAIN: file('application.mjs'),
  };
  const { stdout, stderr } = await promisify(execFile)(file('executable.sh'), [], { env, timeout: 45_000 });
  return { starts: readFileSync(starts, 'utf8').length, printed: JSON.parse(stdout), stderr };
}

describe('A worker process of', () => {
  test('Electron runs its script, because the driver starts the executable as Node', async (t) => {
    const { starts, printed } = await run(t, 'electron');
    assert.deepEqual({ starts, printed }, { starts: 1, printed: { answer: '1' } });
  });

  for (const kind of ['sea', 'pkg', 'nexe']) {
    test(`a program that is its own executable fails to start with a reason (${kind})`, async (t) => {
      const { starts, printed } = await run(t, kind);
      assert.equal(starts, 1);
      assert.equal(printed.code, 'ERR_EXEC_PATH_REQUIRED');
      assert.match(printed.message, /`execPath`.*WorkerThreadsDriver/);
    });

    test(`such a program runs its script where the host names the executable (${kind})`, async (t) => {
      const { starts, printed } = await run(t, kind, { execPath: process.execPath });
      assert.deepEqual({ starts, printed }, { starts: 1, printed: { answer: 'none' } });
    });
  }

  test('a program of an unknown kind starts that program once, which refuses to start it again', async (t) => {
    const { starts, printed, stderr } = await run(t, 'unknown', { timeout: { startup: 1500 } });
    assert.equal(starts, 2);
    assert.match(printed.code, /^ERR_(WORKER_CRASHED|START_TIMEOUT)$/);
    assert.match(stderr, /ERR_EXEC_PATH_REQUIRED.*runs a program of its own.*`execPath`/);
  });

  test('a program of an unknown kind ends even where the program seems to run the script', async (t) => {
    const { starts, stderr } = await run(t, 'arguments', { timeout: { startup: 3000 } });
    assert.ok(starts <= 5, `it was started ${starts} times`);
    assert.match(stderr, /ERR_EXEC_PATH_REQUIRED/);
  });
});
