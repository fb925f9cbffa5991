// Programs and test runners replace clocks, timers, microtasks and `process.exit`.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { test } from 'node:test';
import { promisify } from 'node:util';

import { createWorker, WorkerThreadsDriver } from 'isolated-workers';

import { fixture, start } from '../fixtures/support.mjs';

const run = promisify(execFile);

for (const driver of ['ChildProcessDriver', 'WorkerThreadsDriver', 'InProcessDriver']) {
  for (const when of ['after', 'before']) {
    test(`${driver}: fake timers installed ${when} the library loads stop nothing`, async () => {
      const args = [fixture('replaced/host.mjs').pathname, driver, when];
      const { stdout } = await run(process.execPath, args, { timeout: 30_000 });
      assert.deepEqual(JSON.parse(stdout), {
        echo: 'hi',
        progress: [1],
        chunks: [1, 2, 3],
        asked: 'host',
        late: 'ERR_MESSAGE_TIMEOUT',
        closed: 0,
      });
    });
  }
}

for (const how of ['throws', 'does nothing']) {
  for (const when of ['after', 'before']) {
    test(`close() ends a process whose process.exit ${how}, replaced ${when} the library loads`, async () => {
      const lines: string[] = [];
      const worker = await createWorker({
        script: fixture('replaced/exit.mjs'),
        argv: [how, when],
        onOutput: (line) => lines.push(line),
      });
      assert.deepEqual(await worker.close(), { type: 'exit', code: 0, signal: null });
      assert.deepEqual(lines, ['exit handlers ran']);
    });

    test(`close() ends a thread whose process.exit ${how}, replaced ${when} the library loads`, async () => {
      const worker = await createWorker({
        script: fixture('replaced/exit.mjs'),
        driver: WorkerThreadsDriver,
        driverOptions: { workerData: [how, when] },
      });
      assert.deepEqual(await worker.close(), { type: 'exit', code: 0, signal: null });
    });
  }
}

test('A change of the wall clock neither lengthens nor shortens close()', async (t) => {
  const { now } = Date;
  t.after(() => (Date.now = now));
  for (const [step, code] of [
    [-3_600_000, null],
    [3_600_000, 0],
  ] as const) {
    for (const driver of [undefined, WorkerThreadsDriver]) {
      const worker = await start(t, { driver, logLevel: 'silent' } as object);
      const request = worker.send('later', { ms: code === 0 ? 600 : 1e8, value: 1 }).catch((error) => error.code);
      const closing = worker.close({ timeout: 1200 });
      // The first deadline was computed by the clock as it was.
      await worker.health();
      Date.now = () => now() + step;
      const reason = await closing;
      Date.now = now;
      const wanted = code === 0 ? 0 : driver === undefined ? null : 1;
      assert.equal(reason.type === 'exit' && reason.code, wanted);
      assert.equal(await request, code === 0 ? 1 : 'ERR_WORKER_CLOSED');
    }
  }
});
