// Isolates in a process that the host kills when one of them overruns a limit.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { WorkerCrashedError } from 'isolated-workers';
import { IsolateDriver } from 'isolated-workers/drivers/isolate';

import { failure } from '../fixtures/support.mjs';
import { startIsolate } from '../fixtures/isolate/support.mjs';

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

  test('is started again, where the options say so, after another one in its process has overrun a limit', async (t) => {
    const driver = new IsolateDriver();
    const limits = { cpuMsPerMessage: 100, memoryMb: 64 };
    const retrying = { driver, unexpectedShutdown: { strategy: 'retry', attempts: 3 } } as const;
    const held = 'hold: (ms) => new Promise((resolve) => setTimeout(resolve, ms, "held"))';
    const [bad, good, plain] = await Promise.all([
      startIsolate(t, stuck, { jail: true, limits }, { driver }),
      startIsolate(t, held, { jail: true, limits }, retrying),
      startIsolate(t, held, { jail: true, limits }, { driver }),
    ]);
    const lost = failure(plain.send('hold', 60_000));
    const answer = good.send('hold', 800);
    const error = await failure(bad.send('stuck'));
    assert.equal((error.cause as { limit?: unknown }).limit, 'cpuMsPerMessage');
    assert.match((await lost).message, /because another isolate in it went on beyond its end/);
    assert.equal(await answer, 'held');
  });

  test('refuses to take turns: a jail is for isolates with threads', async (t) => {
    const error = await failure(startIsolate(t, add, { jail: true, mode: 'cooperative' }));
    assert.match(error.message, /driverOptions\.jail must be false where `mode` is not 'thread'/);
  });
});
