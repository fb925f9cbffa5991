// createWorker reports why a worker does not serve.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { describe, test, type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { createWorker, WorkerCrashedError, WorkerError, type WorkerOptions } from 'isolated-workers';

import { failure, fixture, type Loose, RecordingDriver, runHost } from '../fixtures/faults/support.mjs';
import { scratch } from '../fixtures/lives/support.mjs';
import { gone } from '../fixtures/processes.mjs';

const MIB = 2 ** 20;

/** What a host prints that runs under a limit of the shell's. */
async function underLimit(t: TestContext, limit: string, name: string, ...args: string[]): Promise<any> {
  if (process.platform !== 'linux') return t.skip('what is open is read from /proc');
  const program = `ulimit ${limit}; exec "$0" "$@"`;
  const command = ['-c', program, process.execPath, fileURLToPath(fixture(name)), ...args];
  const { stdout } = await promisify(execFile)('sh', command, { timeout: 45_000 });
  return JSON.parse(stdout);
}

/**
 * What a host prints whose user may have so many threads besides those that it has. The limit does not bind root: it is
 * set for a user then that has none.
 */
async function atProcessLimit(room: number, name: string, ...args: string[]): Promise<any> {
  const isRoot = process.getuid!() === 0;
  const uid = isRoot ? 50_000 + (process.pid % 10_000) : process.getuid!();
  const limit = threadsOf(uid) + room;
  // Shells name it differently.
  const program = `ulimit -u ${limit} 2>/dev/null || ulimit -p ${limit}; exec "$0" "$@"`;
  const command = ['-c', program, process.execPath, fileURLToPath(fixture(name)), ...args];
  const options = { timeout: 60_000, cwd: '/', ...(isRoot && { uid, gid: uid }) };
  const { stdout } = await promisify(execFile)('sh', command, options);
  return JSON.parse(stdout);
}

function threadsOf(uid: number): number {
  const counts = readdirSync('/proc').map((entry) => {
    try {
      const status = readFileSync(`/proc/${Number(entry)}/status`, 'utf8');
      return status.includes(`\nUid:\t${uid}\t`) ? Number(/^Threads:\t(\d+)/m.exec(status)?.[1]) : 0;
    } catch {
      // It is no process, or has just ended.
      return 0;
    }
  });
  return counts.reduce((sum, count) => sum + count, 0);
}

const start = (name: string, options: Partial<WorkerOptions<Loose>> = {}) =>
  createWorker<Loose>({ script: fixture(name), stdio: 'ignore', ...options });

describe('A script that cannot be run', () => {
  test('is what the error names when it is missing, and no process starts', async () => {
    const driver = new RecordingDriver();
    const error = await failure(createWorker({ script: '/nowhere/worker.mjs', driver }));
    assert.ok(error instanceof WorkerError);
    assert.equal(error.code, 'ERR_SCRIPT_NOT_FOUND');
    assert.match(error.message, /\/nowhere\/worker\.mjs/);
    assert.deepEqual(driver.pids, []);
  });

  test('is missing, too, when it is a folder without an index', async () => {
    assert.equal((await failure(createWorker({ script: new URL('.', import.meta.url) }))).code, 'ERR_SCRIPT_NOT_FOUND');
  });

  test('gets another error when the user may not read it', async (t) => {
    const folder = await mkdtemp(path.join(os.tmpdir(), 'isolated-workers-'));
    t.after(() => rm(folder, { recursive: true }));
    await chmod(folder, 0o755);
    const script = path.join(folder, 'secret.mjs');
    await writeFile(script, '');
    await chmod(script, 0);
    const { code, stdout, stderr } = await runHost('unreadable-host', script);
    assert.deepEqual({ code, stderr }, { code: 0, stderr: '' });
    const error = JSON.parse(stdout);
    assert.deepEqual([error.code, error.cause], ['ERR_SCRIPT_NOT_FOUND', 'EACCES']);
    assert.match(error.message, /may not read/);
  });
});

describe('A script that ends before it serves', () => {
  test('rejects createWorker at once with its exit code', async () => {
    const timeout = { startup: 60_000 };
    const error = await failure(start('exits', { argv: ['7'], timeout }));
    assert.ok(error instanceof WorkerCrashedError);
    assert.equal(error.code, 'ERR_WORKER_CRASHED');
    assert.equal(error.phase, 'startup');
    assert.deepEqual(error.reason, { type: 'exit', code: 7, signal: null });
    assert.equal(error.messageType, undefined);
    assert.deepEqual(error.stderr, ['first line', 'last line'], 'they are kept, though nobody is to see them');
    assert.match(error.message, /exits\.mjs.*code 7/);
  });

  test('rejects createWorker even with the exit code 0', async () => {
    const error = await failure(start('exits', { argv: ['0'] }));
    assert.deepEqual(error.reason, { type: 'exit', code: 0, signal: null });
    assert.match(error.message, /without calling startWorkerServer\(\)/);
  });

  for (const stdio of ['inherit', 'ignore', 'pipe'] as const) {
    test(`has its uncaught error as the cause, with stdio: "${stdio}"`, async (t) => {
      const script = path.join(scratch(t).file('throws.mjs'));
      const library = import.meta.resolve('isolated-workers');
      await writeFile(script, `import ${JSON.stringify(library)};\nthrow new RangeError('no such port');\n`);
      const error = await failure(createWorker({ script, stdio: ['ignore', 'ignore', stdio] }));
      assert.equal(error.phase, 'startup');
      assert.ok(error.cause instanceof RangeError);
      assert.match(error.message, /because of RangeError: no such port/);
    });
  }

  test('has an invalid option of startWorkerServer() as its cause', async (t) => {
    const script = path.join(scratch(t).file('invalid.mjs'));
    const library = import.meta.resolve('isolated-workers');
    await writeFile(
      script,
      `import { startWorkerServer } from ${JSON.stringify(library)};\nawait startWorkerServer(7);\n`,
    );
    const error = await failure(createWorker({ script, stdio: 'ignore' }));
    assert.equal(error.cause.code, 'ERR_INVALID_OPTION');
  });

  test('because a file that it imports is missing gets an error that says so, without its standard error', async (t) => {
    const script = path.join(scratch(t).file('imports.mjs'));
    await writeFile(script, "import './missing.mjs';\n");
    const error = await failure(createWorker({ script, stdio: 'ignore' }));
    assert.match(error.message, /Cannot find module .*missing\.mjs/);
  });

  test('because it awaits a promise that never settles gets an error that says so', async (t) => {
    const script = path.join(scratch(t).file('awaits.mjs'));
    await writeFile(script, 'await new Promise(() => {});\n');
    const error = await failure(createWorker({ script, stdio: 'ignore' }));
    assert.equal(error.reason.code, 13);
    assert.match(error.message, /awaits a promise that never settles/);
  });

  test('has its last lines in the error where its standard error is piped', async () => {
    const error = await failure(start('exits', { argv: ['7'], stdio: 'pipe' }));
    assert.deepEqual(error.stderr, ['first line', 'last line']);
    assert.match(error.message, /last line/);
  });

  test('has only the last of many lines in the error', async () => {
    const { stderr } = await failure(start('many-lines', { stdio: 'pipe' }));
    assert.equal(stderr.at(-1), 'line 100');
    assert.ok(stderr.length < 100, `${stderr.length} lines`);
  });

  test('has the value that it threw in the error', async () => {
    const error = await failure(start('throws', { stdio: ['ignore', 'ignore', 'pipe'] }));
    assert.deepEqual(error.reason, { type: 'exit', code: 1, signal: null });
    assert.match(error.stderr.join('\n'), /TypeError: this script throws/);
  });

  for (const signal of ['SIGKILL', 'SIGTERM', 'SIGSEGV']) {
    test(`has crashed by ${signal}`, async () => {
      const error = await failure(start('killed', { argv: [signal], cwd: os.tmpdir() }));
      assert.equal(error.code, 'ERR_WORKER_CRASHED');
      assert.equal(error.phase, 'startup');
      assert.deepEqual(error.reason, { type: 'exit', code: null, signal });
    });
  }

  test('rejects messages that wait for it', async () => {
    const worker = await start('exits', { argv: ['7'], waitForReady: false });
    const errors = await Promise.all([failure(worker.send('a', 1)), failure(worker.send('b', 2))]);
    assert.deepEqual(
      errors.map((error) => [error.code, error.phase, error.messageType, error.reason.code]),
      [
        ['ERR_WORKER_CRASHED', 'startup', 'a', 7],
        ['ERR_WORKER_CRASHED', 'startup', 'b', 7],
      ],
    );
    await worker.close();
  });
});

describe('A script that never serves', () => {
  test('gets an error that says whether it loaded the library', async (t) => {
    const { file } = scratch(t);
    const library = import.meta.resolve('isolated-workers');
    const wait = 'console.error("still here");\nsetInterval(() => {}, 1000);\n';
    await writeFile(file('with.mjs'), `import ${JSON.stringify(library)};\n${wait}`);
    await writeFile(file('without.mjs'), wait);
    const [loaded, other] = await Promise.all(
      ['with.mjs', 'without.mjs'].map((name) =>
        failure(createWorker({ script: file(name), stdio: 'ignore', timeout: { startup: 3000 } })),
      ),
    );
    assert.match(loaded.message, /has loaded isolated-workers, and waits without having called/);
    assert.doesNotMatch(other.message, /has loaded/);
    for (const { code, message } of [loaded, other]) {
      assert.equal(code, 'ERR_START_TIMEOUT');
      assert.match(message, /Its last output:\nstill here/);
    }
  });

  test('times out, and the host ends its process', async () => {
    const driver = new RecordingDriver();
    const error = await failure(start('never', { driver, timeout: { startup: 300 } }));
    assert.ok(error instanceof WorkerError);
    assert.equal(error.code, 'ERR_START_TIMEOUT');
    assert.match(error.message, /never\.mjs.*300 ms.*startWorkerServer/);
    assert.equal(driver.pids.length, 1);
    await gone(driver.pids[0] as number);
  });

  test('times out without waitForReady, too, and rejects waiting messages', async () => {
    const worker = await start('never', { waitForReady: false, timeout: { startup: 300 } });
    assert.equal((await failure(worker.send('a', 1))).code, 'ERR_START_TIMEOUT');
    assert.equal(worker.isActive, false);
    assert.equal((await failure(worker.send('b', 1))).code, 'ERR_START_TIMEOUT');
    await worker.close();
    await gone(worker.pid);
  });

  test('ends in close() before it serves', async () => {
    const worker = await start('never', { waitForReady: false, logLevel: 'silent' });
    const error = failure(worker.send('a', 1));
    await worker.close({ timeout: 100 });
    assert.equal((await error).code, 'ERR_WORKER_CLOSED');
    await gone(worker.pid);
  });
});

describe('A process that cannot be started', () => {
  test('rejects createWorker with the error of the system', async () => {
    const error = await failure(start('worker', { execPath: '/nowhere/node' }));
    assert.ok(error instanceof WorkerError);
    assert.equal(error.code, 'ERR_WORKER_SPAWN_FAILED');
    assert.equal(error.phase, 'spawn');
    assert.equal((error.cause as NodeJS.ErrnoException).code, 'ENOENT');
    assert.match(error.message, /\/nowhere\/node/);
  });

  const refused: [string, string, () => Partial<WorkerOptions<Loose>>][] = [
    ['a working directory that is missing', 'ENOENT', () => ({ cwd: '/nowhere' })],
    ['a working directory that is a file', 'ENOTDIR', () => ({ cwd: fileURLToPath(fixture('worker')) })],
    ['a program that is a folder', 'EACCES', () => ({ execPath: os.tmpdir() })],
    ['a program that may not be run', 'EACCES', () => ({ execPath: fileURLToPath(fixture('worker')) })],
    ['an environment that is too large', 'E2BIG', () => ({ env: { ...process.env, LARGE: 'x'.repeat(MIB) } })],
    ['arguments that are too large', 'E2BIG', () => ({ argv: ['x'.repeat(MIB)] })],
  ];
  for (const [what, code, options] of refused) {
    test(`rejects createWorker with the same error for ${what}`, async () => {
      for (const waitForReady of [true, false]) {
        const error = await failure(start('worker', { ...options(), waitForReady }));
        assert.ok(error instanceof WorkerError);
        assert.deepEqual([error.code, error.phase], ['ERR_WORKER_SPAWN_FAILED', 'spawn']);
        assert.equal((error.cause as NodeJS.ErrnoException).code, code);
      }
    });
  }

  test('rejects createWorker for arguments that no process can have', async () => {
    const error = await failure(start('worker', { argv: ['a\0b'] }));
    assert.ok(error instanceof WorkerError);
    assert.deepEqual([error.code, error.phase], ['ERR_WORKER_SPAWN_FAILED', 'spawn']);
  });

  // Which descriptor is the one too many depends on the limit: those of the library, of the spawn, of the runtime.
  for (const limit of [40, 41, 42, 43]) {
    test(`fails alone where ${limit} files may be open, leaks none, and starts again when others close`, async (t) => {
      const report = await underLimit(t, `-n ${limit}`, 'emfile-host', 'child_process');
      if (report === undefined) return;
      assert.ok(report.count >= 2, `${report.count} workers`);
      assert.equal(report.errors.length, 5);
      for (const { isWorkerError, code, phase, cause } of report.errors) {
        assert.deepEqual([isWorkerError, code, phase], [true, 'ERR_WORKER_SPAWN_FAILED', 'spawn']);
        assert.match(cause, /^(EMFILE|ERR_SYSTEM)$/);
      }
      assert.deepEqual([report.inOrder, report.answer, report.trouble], [true, 'again', []]);
      // The engine may still be closing what the first worker had.
      assert.ok(report.opened <= report.before, `${report.before} open files became ${report.opened}`);
    });
  }

  test('fails alone, as a thread, where too many files are open', async (t) => {
    const report = await underLimit(t, '-n 60', 'emfile-host', 'worker_threads');
    if (report === undefined) return;
    assert.equal(report.errors.length, 5);
    for (const { isWorkerError, code, phase, message } of report.errors) {
      assert.equal(isWorkerError, true);
      // A thread is there before it fails to be made.
      assert.deepEqual([code, phase], ['ERR_WORKER_CRASHED', 'startup']);
      assert.match(message, /EMFILE/);
    }
    assert.deepEqual([report.inOrder, report.answer, report.trouble], [true, 'again', []]);
    // Node itself leaves a few open when it cannot make the loop of a thread.
  });

  for (const driver of ['child_process', 'worker_threads']) {
    test(`fails alone at the limit of processes and threads, and starts again below it (${driver})`, async (t) => {
      if (process.platform !== 'linux') return t.skip('what a user has running is read from /proc');
      const report = await atProcessLimit(60, 'eagain-host', driver);
      assert.ok(report.fillers > 0, 'there was room at first');
      assert.equal(report.full.length, 3);
      for (const { isWorkerError, code, phase, message } of report.full) {
        assert.deepEqual([isWorkerError, code, phase], [true, 'ERR_WORKER_SPAWN_FAILED', 'spawn']);
        assert.match(message, /EAGAIN/);
      }
      if (driver === 'child_process') assert.ok(report.full.every(({ cause }: any) => cause === 'EAGAIN'));
      // A runtime that gets too few threads aborts, or never comes to run its script.
      for (const outcome of report.nearlyFull.filter((each: unknown) => each !== 'answered')) {
        assert.equal(outcome.isWorkerError, true);
        assert.match(`${outcome.code} ${outcome.phase}`, /^(ERR_WORKER_SPAWN_FAILED spawn|(ERR_WORKER_CRASHED|ERR_START_TIMEOUT) startup)$/); // prettier-ignore
      }
      assert.deepEqual([report.after, report.trouble], ['answered', []]);
    });
  }

  test('leaves nothing behind: the next start works', async (t) => {
    await failure(start('worker', { execPath: '/nowhere/node' }));
    const worker = await start('worker');
    t.after(() => worker.close());
    assert.equal(await worker.send('echo', 1), 1);
  });
});
