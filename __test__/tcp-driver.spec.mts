// The example of a user's own driver: the demo as a user runs it, and what the driver promises.
import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { describe, test, type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { createWorker } from 'isolated-workers';

import { tcpDriver } from '../examples/tcp-driver/driver.mjs';
import { gone } from './fixtures/processes.mjs';
import { fixture, isAlive } from './fixtures/support.mjs';

const example = (file: string) => new URL(`../examples/tcp-driver/${file}`, import.meta.url);
const run = (file: string) => promisify(execFile)(process.execPath, [fileURLToPath(example(file))]);

describe('examples/tcp-driver', () => {
  test('the host prints what its worker answered, and ends without it', async () => {
    const { stdout, stderr } = await run('host.mjs');
    const [first = '', ...rest] = stdout.split('\n');
    const [, pid] = /^worker (\d+): Hello, Ada!$/.exec(first) ?? assert.fail(stdout);
    assert.deepEqual(rest, ['1 / 2 = 0.5', '1 / 0: RangeError: division by zero', 'closed: gone', '']);
    assert.equal(stderr, '');
    assert.equal(isAlive(Number(pid)), false);
  });

  test('the worker, started by nobody, says so', async () => {
    await assert.rejects(run('worker.mjs'), /ERR_DRIVER_FAILED[^]*no host has started this process/);
  });

  test('docs/custom-drivers.md shows its files as they are', () => {
    const page = readFileSync(new URL('../docs/custom-drivers.md', import.meta.url), 'utf8');
    const shown = [...page.matchAll(/^```js\n\/\/ ([\w-]+\.mjs)\n(.*?)^```$/gms)];
    assert.deepEqual(
      shown.map(([, file]) => file),
      ['driver.mjs', 'end.mjs', 'worker.mjs', 'host.mjs'],
    );
    for (const [, file = '', code] of shown) assert.equal(code, readFileSync(example(file), 'utf8'), file);
  });
});

describe('the driver of examples/tcp-driver', () => {
  const startWorker = () => createWorker({ script: fixture('tcp-driver/worker.mjs'), driver: tcpDriver });

  test('refuses a connection that has not the token, and any after the worker', async () => {
    const worker = await startWorker();
    assert.deepEqual(await worker.send('knocks'), {
      wrong: 'closed without a word',
      short: 'closed without a word',
      endless: 'closed without a word',
    });
    assert.equal(await worker.send('again'), 'ECONNREFUSED');
    await worker.close();
  });

  test('hides the token from what the worker starts', async () => {
    const worker = await startWorker();
    assert.equal(await worker.send('environment'), 'none');
    await worker.close();
  });

  test('close() resolves when the process is gone', async () => {
    const worker = await startWorker();
    const pid = worker.pid ?? assert.fail('it has no process');
    assert.ok(isAlive(pid));
    await worker.close();
    assert.equal(isAlive(pid), false);
  });

  test('moves messages of megabytes whole and in order', async () => {
    const worker = await startWorker();
    const values = Array.from({ length: 5 }, (_, index) => String(index).repeat(3 << 20));
    assert.deepEqual(await Promise.all(values.map((value) => worker.send('echo', value))), values);
    await worker.close();
  });

  test('a message that is too long, or has no JSON, fails alone', async () => {
    const worker = await startWorker();
    const cycle: unknown[] = [];
    cycle.push(cycle);
    const refused = [worker.send('echo', 'a'.repeat(17 << 20)), worker.send('echo', cycle)];
    const fine = worker.send('echo', { a: ['ö', '\n', null] });
    for (const each of refused) await assert.rejects(each, { code: 'ERR_DRIVER_FAILED' });
    assert.deepEqual(await fine, { a: ['ö', '\n', null] });
    await worker.close();
  });

  test('a worker that exits rejects its requests with the exit code', async () => {
    const worker = await startWorker();
    await assert.rejects(worker.send('exit', 7), {
      code: 'ERR_WORKER_CRASHED',
      pid: worker.pid,
      reason: { type: 'exit', code: 7, signal: null },
    });
    assert.equal(worker.isActive, false);
  });

  test('a host that is killed takes its worker with it', async (t) => {
    const host = runHost('stays', t);
    const pid = await host.workerPid;
    assert.ok(isAlive(pid));
    host.kill('SIGKILL');
    assert.deepEqual(await host.ended, [null, 'SIGKILL']);
    await gone(pid);
  });

  for (const mode of ['idle', 'starting']) {
    test(`a host ends by itself while its worker is ${mode}, and the worker with it`, async (t) => {
      const host = runHost(mode, t);
      const pid = await host.workerPid;
      assert.deepEqual(await host.ended, [0, null]);
      await gone(pid);
    });
  }
});

function runHost(mode: string, t: TestContext) {
  const host = spawn(process.execPath, [fileURLToPath(fixture('tcp-driver/host.mjs')), mode], {
    // What a worker without a host has to say is of no interest here.
    stdio: ['ignore', 'pipe', mode === 'starting' ? 'ignore' : 'inherit'],
  });
  t.after(() => host.kill('SIGKILL'));
  const line = once(createInterface(host.stdout!), 'line') as Promise<[string]>;
  return {
    workerPid: line.then(([pid]) => Number(pid)),
    ended: once(host, 'exit') as Promise<[number | null, NodeJS.Signals | null]>,
    kill: (signal: NodeJS.Signals) => host.kill(signal),
  };
}
