// The host of a worker stays silent, or has used another driver than the worker names.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { createWorker, startWorkerServer } from 'isolated-workers';

import { fixture } from '../fixtures/support.mjs';

/** Runs the fixture with a channel that nobody writes to; gives what it prints. */
async function withSilentHost(args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<string> {
  const script = fileURLToPath(new URL('../fixtures/faults/connects.mjs', import.meta.url));
  const child = spawn(process.execPath, [script, ...args], {
    env: { ...process.env, ISOLATED_WORKERS_CHANNEL: 'fd:3', ...env },
    // On Unix a pipe of Node's is a socket pair, as the host's is.
    stdio: ['ignore', 'pipe', 'inherit', 'pipe'],
  });
  return (await text(child.stdout as NonNullable<typeof child.stdout>)).trim();
}

const refused = 'WorkerError ERR_CONNECT_TIMEOUT';

test('startWorkerServer gives up on a silent host after its timeout.serverConnect', async () => {
  assert.equal(await withSilentHost(['serve', '50']), refused);
});

test('startWorkerServer gives up on a silent host after the timeout of the host', async () => {
  assert.equal(await withSilentHost(['serve'], { ISOLATED_WORKERS_CONNECT_TIMEOUT: '50' }), refused);
});

test('getStartupData gives up on a silent host in the same way', async () => {
  assert.equal(await withSilentHost(['startup-data'], { ISOLATED_WORKERS_CONNECT_TIMEOUT: '50' }), refused);
});

test('timeout.serverConnect of createWorker reaches the worker, which does not pass it to its children', async (t) => {
  const worker = await createWorker({
    script: fixture('process-environment.mjs'),
    timeout: { serverConnect: 12_345 },
    execArgv: ['--import', new URL('../fixtures/faults/remember-environment.mjs', import.meta.url).href],
  });
  t.after(() => worker.close());
  assert.deepEqual(await worker.send('connectTimeout'), { atStart: '12345', now: undefined });
});

test('startWorkerServer refuses a driver that did not start this worker', async (t) => {
  await assert.rejects(
    createWorker({ script: fixture('wrong-driver.mjs'), stdio: ['ignore', 'pipe', 'pipe'] }),
    (error) => {
      assert.match(String(error), /ERR_DRIVER_MISMATCH/);
      assert.match(String(error), /"child_process".*"worker_threads"/);
      return true;
    },
  );
  t.diagnostic('the error is in the last words of the worker');
});

test('startWorkerServer outside a worker fails before it checks the driver', async () => {
  await assert.rejects(startWorkerServer({}), { code: 'ERR_NOT_A_WORKER' });
});
