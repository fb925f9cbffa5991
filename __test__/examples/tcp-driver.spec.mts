// The example of a user's own driver: the demo as a user runs it, and what the driver promises.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { createWorker } from 'isolated-workers';

import { tcpDriver } from '../../examples/tcp-driver/driver.mjs';
import { gone } from '../fixtures/processes.mjs';
import { startHost } from '../fixtures/programs.mjs';
import { fixture, isAlive } from '../fixtures/support.mjs';

const program = fixture('tcp-driver/host.mjs');
const example = (file: string) => new URL(`../../examples/tcp-driver/${file}`, import.meta.url);
const run = (file: string) => promisify(execFile)(process.execPath, [fileURLToPath(example(file))]);

describe('examples/tcp-driver', () => {
  test('prints in the host the answers of its worker, and ends without it', async () => {
    const { stdout, stderr } = await run('host.mjs');
    const [first = '', ...rest] = stdout.split('\n');
    const [, pid] = /^worker (\d+): Hello, Ada!$/.exec(first) ?? assert.fail(stdout);
    assert.deepEqual(rest, ['1 / 2 = 0.5', '1 / 0: RangeError: division by zero', 'closed: gone', '']);
    assert.equal(stderr, '');
    assert.equal(isAlive(Number(pid)), false);
  });

  test('refuses to serve in a worker that no host started', async () => {
    await assert.rejects(run('worker.mjs'), /ERR_DRIVER_FAILED[^]*no host has started this process/);
  });

  test('stands on the page docs/custom-drivers.md as it is', () => {
    const page = readFileSync(new URL('../../docs/custom-drivers.md', import.meta.url), 'utf8');
    const shown = [...page.matchAll(/^```js\n\/\/ ([\w-]+\.mjs)\n(.*?)^```$/gms)];
    assert.deepEqual(
      shown.map(([, file]) => file),
      ['driver.mjs', 'end.mjs', 'worker.mjs', 'host.mjs'],
    );
    for (const [, file = '', code] of shown) assert.equal(code, readFileSync(example(file), 'utf8'), file);
  });
});

describe('The driver of examples/tcp-driver', () => {
  const startWorker = () => createWorker({ script: fixture('tcp-driver/worker.mjs'), driver: tcpDriver });

  test('refuses a connection without the token, and each connection after the worker', async () => {
    const worker = await startWorker();
    assert.deepEqual(await worker.send('attempts'), {
      wrong: 'closed without a word',
      short: 'closed without a word',
      endless: 'closed without a word',
    });
    assert.equal(await worker.send('again'), 'ECONNREFUSED');
    await worker.close();
  });

  test('hides the token from processes that the worker starts', async () => {
    const worker = await startWorker();
    assert.equal(await worker.send('environment'), 'none');
    await worker.close();
  });

  test('resolves close() when the process is gone', async () => {
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

  test('fails only a message that is too long or has no JSON', async () => {
    const worker = await startWorker();
    const cycle: unknown[] = [];
    cycle.push(cycle);
    const refused = [worker.send('echo', 'a'.repeat(17 << 20)), worker.send('echo', cycle)];
    const fine = worker.send('echo', { a: ['ö', '\n', null] });
    for (const each of refused) await assert.rejects(each, { code: 'ERR_DRIVER_FAILED' });
    assert.deepEqual(await fine, { a: ['ö', '\n', null] });
    await worker.close();
  });

  test('rejects the requests of a worker that exits with the exit code', async () => {
    const worker = await startWorker();
    await assert.rejects(worker.send('exit', 7), {
      code: 'ERR_WORKER_CRASHED',
      pid: worker.pid,
      reason: { type: 'exit', code: 7, signal: null },
    });
    assert.equal(worker.isActive, false);
  });

  test('ends the worker of a host that is killed', async (t) => {
    const host = startHost(program, 'stays', t);
    const pid = await host.workerPid;
    assert.ok(isAlive(pid));
    host.kill('SIGKILL');
    assert.deepEqual(await host.ended, [null, 'SIGKILL']);
    await gone(pid);
  });

  for (const mode of ['idle', 'starting']) {
    test(`lets a host end by itself while its worker is ${mode}, and the worker with it`, async (t) => {
      const host = startHost(program, mode, t);
      const pid = await host.workerPid;
      assert.deepEqual(await host.ended, [0, null]);
      await gone(pid);
    });
  }
});
