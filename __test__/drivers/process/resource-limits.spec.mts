// The limits of a worker process, and the end of the processes that it has started.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import os from 'node:os';
import { createInterface } from 'node:readline';
import { describe, test, type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';

import { createWorker, WorkerCrashedError, type WorkerOptions } from 'isolated-workers';
import { WorkerThreadsDriver } from 'isolated-workers/drivers/worker-threads';

import { endProcess, failure, type Loose } from '../../fixtures/faults/support.mjs';
import { gone } from '../../fixtures/processes.mjs';
import { isAlive } from '../../fixtures/support.mjs';

const script = new URL('../../fixtures/limits/uses.mjs', import.meta.url);
const linuxOnly = process.platform !== 'linux' && 'it needs Linux';

async function start(t: TestContext, options: Partial<WorkerOptions<Loose>> = {}) {
  const worker = await createWorker<Loose>({ script, cwd: os.tmpdir(), ...options });
  t.after(() => worker.kill());
  return worker;
}

describe('resourceLimits', () => {
  test('limit the heap, whatever flags the host passes to its workers', async (t) => {
    const worker = await start(t, {
      execArgv: ['--max-old-space-size=900'],
      resourceLimits: { maxOldGenerationSizeMb: 64, maxYoungGenerationSizeMb: 12 },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    assert.ok((await worker.send('heapLimit')) < 120 * 1024 * 1024);
    assert.ok((await worker.send('execArgv')).includes('--max-semi-space-size=4'));
    const error = await failure(worker.send('objects'));
    assert.ok(error instanceof WorkerCrashedError);
    assert.equal(error.isOutOfMemory, true);
  });

  test('limit the memory, native memory included, and the crash names the limit', { skip: linuxOnly }, async (t) => {
    const worker = await start(t, { resourceLimits: { maxRssMb: 200 } });
    const error = await failure(worker.send('buffers'));
    assert.ok(error instanceof WorkerCrashedError);
    assert.deepEqual(error.reason, { type: 'exit', code: null, signal: 'SIGKILL' });
    assert.equal(error.isOutOfMemory, true);
    assert.match(error.message, /SIGKILL.* it had \d+\.\d MiB in memory: resourceLimits\.maxRssMb is 200/);
    const { code, limit, value } = error.cause as any;
    assert.deepEqual([code, limit, value], ['ERR_RESOURCE_LIMIT', 'maxRssMb', 200]);
  });

  test('limit the memory also while the host calls health()', { skip: linuxOnly }, async (t) => {
    const worker = await start(t, { resourceLimits: { maxRssMb: 200 } });
    const crash = failure(worker.send('buffers'));
    while (worker.isActive) await worker.health();
    assert.equal(((await crash).cause as any)?.limit, 'maxRssMb');
  });

  test('limit the processor time', { skip: linuxOnly }, async (t) => {
    const worker = await start(t, { resourceLimits: { maxCpuSeconds: 1 } });
    const error = await failure(worker.send('spin'));
    assert.equal(error.reason.signal, 'SIGXCPU');
    assert.match(error.message, /SIGXCPU.*resourceLimits\.maxCpuSeconds is 1/);
    assert.equal(error.isOutOfMemory, false);
  });

  test('limit the open files, and the worker goes on', { skip: linuxOnly }, async (t) => {
    const worker = await start(t, { resourceLimits: { maxOpenFiles: 64 } });
    assert.equal((await failure(worker.send('open', 100))).code, 'EMFILE');
    assert.deepEqual(await worker.send('execArgv'), process.execArgv);
  });

  test('set the priority, and leave no variable in the environment', async (t) => {
    const worker = await start(t, { resourceLimits: { nice: 7 } });
    assert.equal(await worker.send('niceness'), 7);
    assert.equal(await worker.send('variable', 'ISOLATED_WORKERS_LIMITS'), undefined);
  });

  test('work as driverOptions', async (t) => {
    const worker = await start(t, { driverOptions: { resourceLimits: { nice: 5 } } });
    assert.equal(await worker.send('niceness'), 5);
  });

  for (const [limits, text] of [
    [7, /^resourceLimits must be an object, not 7/],
    [{ maxHeap: 7 }, /does not know the option `resourceLimits\.maxHeap`/],
    [{ constructor: 7 }, /does not know the option `resourceLimits\.constructor`/],
    [{ maxRssMb: 0 }, /^resourceLimits\.maxRssMb must be an integer from 1/],
    [{ maxCpuSeconds: 0.5 }, /^resourceLimits\.maxCpuSeconds must be/],
    [{ maxOpenFiles: 3 }, /^resourceLimits\.maxOpenFiles must be an integer from 32/],
    [{ nice: 20 }, /^resourceLimits\.nice must be an integer from -20 to 19/],
  ] as const) {
    test(`fail where they are invalid: ${JSON.stringify(limits)}`, async () => {
      const error = await failure(createWorker({ script, resourceLimits: limits } as never));
      assert.equal(error.code, 'ERR_INVALID_OPTION');
      assert.match(error.message, text);
    });
  }

  test('of processes are errors for threads', async () => {
    const options = { script, driver: WorkerThreadsDriver, driverOptions: { resourceLimits: { maxRssMb: 1 } } };
    assert.equal((await failure(createWorker(options as never))).code, 'ERR_UNSUPPORTED_BY_DRIVER');
    const tree = { script, driver: WorkerThreadsDriver, killTree: true };
    assert.equal((await failure(createWorker(tree as never))).code, 'ERR_UNSUPPORTED_BY_DRIVER');
  });
});

describe('killTree', () => {
  const ends = {
    close: (worker) => worker.close(),
    terminate: (worker) => worker.terminate(),
    kill: (worker) => worker.kill(),
    'a close that takes too long': (worker) => {
      void worker.send('spin').catch(() => {});
      return worker.close({ timeout: 100 });
    },
    'a crash': (worker) => failure(worker.send('exit', 3)),
  } satisfies Record<string, (worker: Awaited<ReturnType<typeof start>>) => Promise<unknown>>;

  for (const [title, end] of Object.entries(ends)) {
    test(`ends the processes that the worker has started: ${title}`, async (t) => {
      const worker = await start(t, { killTree: true, logLevel: 'silent' });
      const grandchild = await worker.send('grandchild');
      t.after(() => endProcess(grandchild));
      assert.ok(isAlive(grandchild));
      await end(worker);
      await gone(grandchild);
      await gone(worker.pid);
    });
  }

  test('leaves these processes alone where it is not set', async (t) => {
    const worker = await start(t);
    const grandchild = await worker.send('grandchild');
    t.after(() => endProcess(grandchild));
    await worker.kill();
    assert.ok(isAlive(grandchild));
  });

  for (const mode of ['killed', 'blocked', 'ends']) {
    test(`ends them with the host (${mode})`, async (t) => {
      const program = fileURLToPath(new URL('../../fixtures/limits/host.mjs', import.meta.url));
      const host = spawn(process.execPath, [program, mode], { stdio: ['ignore', 'pipe', 'inherit'] });
      t.after(() => host.kill('SIGKILL'));
      const ended = once(host, 'exit');
      const [line] = (await once(createInterface(host.stdout), 'line')) as [string];
      const [worker, grandchild] = line.split(' ').map(Number) as [number, number];
      t.after(() => [worker, grandchild].forEach(endProcess));
      if (mode !== 'ends') host.kill('SIGKILL');
      await ended;
      await gone(worker);
      await gone(grandchild);
    });
  }

  test('accepts only true and false', async () => {
    const error = await failure(createWorker({ script, killTree: 1 } as never));
    assert.match(error.message, /^killTree must be true or false/);
  });
});
