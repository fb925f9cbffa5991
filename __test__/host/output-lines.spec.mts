// A worker's output, line by line.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { describe, test, type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { createWorker, type WorkerOptions } from 'isolated-workers';
import { InProcessDriver } from 'isolated-workers/drivers/in-process';
import { WorkerThreadsDriver } from 'isolated-workers/drivers/worker-threads';

import { failure, type Loose } from '../fixtures/faults/support.mjs';

const script = new URL('../fixtures/limits/uses.mjs', import.meta.url);

async function start(t: TestContext, options: Partial<WorkerOptions<Loose>> = {}) {
  const lines: string[] = [];
  const worker = await createWorker<Loose>({
    script,
    onOutput: (line, source, name) => lines.push(`${name} ${source}: ${line}`),
    ...options,
  });
  t.after(() => worker.kill());
  return { worker, lines };
}

describe('onOutput', () => {
  for (const driver of [undefined, WorkerThreadsDriver]) {
    test(`receives each line of both streams, with the worker's name (${driver?.name ?? 'child process'})`, async (t) => {
      const { worker, lines } = await start(t, { name: 'w', driver } as never);
      await worker.send('write', { to: 'stdout', text: 'one\r\n\ntw' });
      await worker.send('write', { to: 'stdout', text: 'o ☺\nthree' });
      await worker.send('write', { to: 'stderr', text: 'four\n' });
      await worker.close();
      assert.deepEqual(
        lines.filter((line) => line.includes('stdout')),
        ['w stdout: one', 'w stdout: ', 'w stdout: two ☺', 'w stdout: three'],
      );
      assert.ok(lines.includes('w stderr: four'), lines.join('\n'));
    });
  }

  test('receives each line of a worker that ends by itself, and the crash has the last ones', async (t) => {
    const { worker, lines } = await start(t, { name: 'w' });
    const text = Array.from({ length: 5000 }, (_, index) => `line ${index}\n`).join('');
    const error = await failure(worker.send('writeThenExit', text));
    assert.equal(lines.filter((line) => line.startsWith('w stdout: line ')).length, 5000);
    assert.equal(lines.filter((line) => line === 'w stderr: the last words').length, 1);
    assert.deepEqual(error.stderr, ['the last words']);
  });

  test('cuts a very long line in pieces', async (t) => {
    const { worker, lines } = await start(t, { name: 'w' });
    await worker.send('write', { to: 'stdout', text: `${'x'.repeat(150_000)}\nend\n` });
    await worker.close();
    const lengths = lines.map((line) => line.slice('w stdout: '.length).length);
    assert.deepEqual(lengths, [65_536, 65_536, 150_000 - 2 * 65_536, 3]);
  });

  test('leaves the streams that `stdio` names alone', async (t) => {
    const { worker, lines } = await start(t, { name: 'w', stdio: ['ignore', 'ignore'] });
    assert.equal(worker.stdout, null);
    await worker.send('write', { to: 'stdout', text: 'nowhere\n' });
    await worker.send('write', { to: 'stderr', text: 'here\n' });
    await worker.close();
    assert.deepEqual(lines, ['w stderr: here']);
  });

  test('does not keep a host alive', async () => {
    const host = fileURLToPath(new URL('../fixtures/limits/prints-idle.mjs', import.meta.url));
    const { stdout } = await promisify(execFile)(process.execPath, [host], { timeout: 30_000 });
    assert.match(stdout, /^hello stdout uses\.mjs$/m);
  });

  test('is an error where a worker has no output, and where it is no function', async () => {
    const options = { script, driver: InProcessDriver, onOutput: () => {} };
    assert.equal((await failure(createWorker(options as never))).code, 'ERR_UNSUPPORTED_BY_DRIVER');
    const error = await failure(createWorker({ script, onOutput: 'log' } as never));
    assert.match(error.message, /^onOutput must be a function/);
  });
});

test('Fifteen threads write to the output of their host without a warning of leaked listeners, and all output arrives', async () => {
  const { stdout, stderr } = await promisify(execFile)(
    process.execPath,
    [fileURLToPath(new URL('../fixtures/many-threads-host.mjs', import.meta.url))],
    { maxBuffer: 16 * 1024 * 1024 },
  );
  assert.doesNotMatch(stderr, /Warning/);
  assert.equal(stdout.replaceAll('!', '').length, 15 * 100 * 1001);
});
