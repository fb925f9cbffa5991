// Isolates in a process that the host kills when one of them overruns a limit.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { describe, test } from 'node:test';
import { promisify } from 'node:util';

import { type WorkerClient, WorkerCrashedError, type WorkerEvents } from 'isolated-workers';
import { IsolateDriver } from 'isolated-workers/drivers/isolate';

import { failure, type Loose } from '../fixtures/support.mjs';
import { serving, startIsolate } from '../fixtures/isolate/support.mjs';

const noPgrep = process.platform === 'win32' ? 'Windows has no pgrep' : false;

/** Resolves with the argument of the next event. */
function next<E extends keyof WorkerEvents>(worker: WorkerClient<Loose, IsolateDriver>, event: E) {
  return new Promise<WorkerEvents[E][0]>((resolve) => void worker.once(event, (...[detail]) => resolve(detail)));
}

/** One step of the engine that takes a minute and asks nobody. */
const stuck = 'stuck: () => { let x = 3n ** 100_000n; x = x ** 30n; return String(x % 7n ** 90_000n).length; }';
const add = 'add: ([a, b]) => a + b, pid: () => pid()';

describe('A jailed isolate', () => {
  test('works in another process, and the host has its functions', async (t) => {
    const worker = await startIsolate(t, add, { jail: true, globals: { pid: () => process.pid } });
    assert.equal(await worker.send('add', [1, 2]), 3);
    assert.equal(await worker.send('pid'), process.pid);
  });

  test('that no interrupt reaches ends with its process, and the error names the limit', async (t) => {
    const limits = { cpuMsPerMessage: 100, memoryMb: 64 };
    const worker = await startIsolate(t, stuck, { jail: true, limits });
    const error = await failure(worker.send('stuck'));
    assert.ok(error instanceof WorkerCrashedError, String(error));
    const { code, limit } = error.cause as { code?: unknown; limit?: unknown };
    assert.deepEqual([code, limit], ['ERR_RESOURCE_LIMIT', 'cpuMsPerMessage']);
  });

  test('that the host kills ends with its process if it has to', async (t) => {
    const limits = { cpuMsPerMessage: Infinity, memoryMb: 64 };
    const worker = await startIsolate(t, stuck, { jail: true, limits });
    const ended = failure(worker.send('stuck'));
    await worker.close({ timeout: 50 });
    assert.ok((await ended) instanceof Error);
  });

  test('is started again after another one in its process has overrun a limit, and its requests are repeated where the options say so', async (t) => {
    const driver = new IsolateDriver();
    const limits = { cpuMsPerMessage: 100, memoryMb: 64 };
    const retrying = { driver, unexpectedShutdown: { strategy: 'retry', attempts: 3 } } as const;
    const held = 'hold: (ms) => new Promise((resolve) => setTimeout(resolve, ms, "held"))';
    const [bad, good, plain] = await Promise.all([
      startIsolate(t, stuck, { jail: true, limits }, { driver }),
      startIsolate(t, held, { jail: true, limits }, retrying),
      startIsolate(t, held, { jail: true, limits }, { driver }),
    ]);
    const restarted = next(plain, 'restart');
    const lost = failure(plain.send('hold', 60_000));
    // As soon as a request has failed, the next one waits for the isolate that takes the place of the lost one.
    const repeated = lost.then(() => plain.send('hold', 1));
    const answer = good.send('hold', 800);
    const error = await failure(bad.send('stuck'));
    assert.equal((error.cause as { limit?: unknown }).limit, 'cpuMsPerMessage');
    assert.match((await lost).message, /because another isolate in it went on beyond its end/);
    assert.equal(await repeated, 'held');
    assert.equal(await answer, 'held');
    assert.deepEqual(await restarted, { pid: undefined, count: 1 });
    assert.equal(bad.isActive, false);
    assert.ok(plain.isActive && good.isActive);
  });

  test('that nobody sends a message is started again, too', async (t) => {
    const driver = new IsolateDriver();
    const limits = { cpuMsPerMessage: 100, memoryMb: 64 };
    const bad = await startIsolate(t, stuck, { jail: true, limits }, { driver });
    const idle = await startIsolate(t, add, { jail: true, limits, globals: { pid: () => process.pid } }, { driver });
    const events: string[] = [];
    for (const event of ['crash', 'exit', 'restart'] as const) idle.on(event, () => events.push(event));
    const restarted = next(idle, 'restart');
    await failure(bad.send('stuck'));
    await restarted;
    assert.deepEqual(events, ['crash', 'exit', 'restart']);
    assert.equal(await idle.send('add', [1, 2]), 3);
    await idle.close();
    assert.equal(idle.isActive, false);
  });

  test('that is starting meanwhile starts in the next process', async (t) => {
    const driver = new IsolateDriver();
    const limits = { cpuMsPerMessage: 100, memoryMb: 64 };
    const bad = await startIsolate(t, stuck, { jail: true, limits }, { driver });
    const slow =
      "import { startWorkerServer } from 'isolated-workers';\nawait new Promise((resolve) => setTimeout(resolve, 600));";
    const sources = { 'main.js': `${slow}\nawait startWorkerServer({ add: ([a, b]) => a + b });\n` };
    const starting = startIsolate(t, '', { jail: true, limits, sources }, { driver });
    await failure(bad.send('stuck'));
    assert.equal(await (await starting).send('add', [1, 2]), 3);
  });

  test('that ends with its process for an unknown reason crashes', { skip: noPgrep }, async (t) => {
    const driver = new IsolateDriver();
    const sources = { 'main.js': `${serving('add: ([a, b]) => a + b')}` };
    const workers = await Promise.all(
      ['one', 'other'].map((name) => startIsolate(t, '', { jail: true, sources }, { driver, name })),
    );
    for (const worker of workers) worker.ref();
    const crashes = Promise.all(workers.map((worker) => next(worker, 'crash')));
    const { stdout } = await promisify(execFile)('pgrep', ['-P', String(process.pid), '-f', 'jail.cjs$']);
    // Those of other tests in this process have ended.
    for (const pid of stdout.trim().split('\n')) process.kill(Number(pid), 'SIGKILL');
    for (const error of await crashes) assert.match(String(error), /was ended by SIGKILL/);
    assert.deepEqual(
      workers.map(({ isActive }) => isActive),
      [false, false],
    );
  });

  test('refuses to take turns: a jail is for isolates with threads', async (t) => {
    const error = await failure(startIsolate(t, add, { jail: true, mode: 'cooperative' }));
    assert.match(error.message, /driverOptions\.jail must be false where `mode` is not 'thread'/);
  });
});
