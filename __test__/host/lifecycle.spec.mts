// A worker starts, serves and ends.
import assert from 'node:assert/strict';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { ChildProcessDriver } from 'isolated-workers/drivers/child-process';

import { failure, fixture, isAlive, start } from '../fixtures/support.mjs';

const isWindows = process.platform === 'win32';

describe('A worker', () => {
  test('is a separate process, with a name and the capabilities of its driver', async (t) => {
    const worker = await start(t);
    assert.notEqual(worker.pid, process.pid);
    assert.ok(isAlive(worker.pid));
    assert.equal(worker.name, 'echo.mjs');
    assert.deepEqual(worker.capabilities, new ChildProcessDriver().capabilities);
    assert.equal(worker.isActive, true);
    assert.equal(worker.isConnected, true);
  });

  test('has the name of the options', async (t) => {
    const worker = await start(t, { name: 'my worker' });
    assert.equal(worker.name, 'my worker');
  });

  test('may have its script as a URL, its text, a path, or a path without extension', async (t) => {
    const file = fileURLToPath(fixture('echo.cjs'));
    const scripts = [fixture('echo.cjs'), fixture('echo.cjs').href, file, path.relative('', file)];
    for (const script of [...scripts, fileURLToPath(fixture('extensionless')).replace(/\.mjs$/, '')]) {
      const worker = await start(t, { script });
      assert.equal(await worker.send('echo', 1), 1);
    }
  });

  test('may have its driver as an instance or as a class', async (t) => {
    for (const driver of [ChildProcessDriver, new ChildProcessDriver()]) {
      const worker = await start(t, { driver });
      assert.equal(await worker.send('echo', 1), 1);
    }
  });

  test('has the environment, the arguments and the directory of the options', async (t) => {
    const worker = await start<any>(t, {
      script: fixture('process-options.mjs'),
      env: { PATH: process.env.PATH, GIVEN: 'yes', ISOLATED_WORKERS_ENGINE: process.env.ISOLATED_WORKERS_ENGINE },
      argv: ['one', 'two words', ''],
      execArgv: ['--stack-size=1200'],
      cwd: path.resolve('/'),
    });
    assert.deepEqual(await worker.send('options'), {
      given: 'yes',
      home: null,
      channel: null,
      argv: ['one', 'two words', ''],
      execArgv: ['--stack-size=1200'],
      cwd: path.resolve('/'),
    });
  });

  test('inherits the environment of the host by default', async (t) => {
    process.env.LIFECYCLE_TEST = 'inherited';
    t.after(() => delete process.env.LIFECYCLE_TEST);
    const worker = await start(t);
    assert.equal(await worker.send('environment', 'LIFECYCLE_TEST'), 'inherited');
  });
});

describe('The standard streams of a worker', () => {
  test('are null on the client where the worker inherits them', async (t) => {
    const worker = await start(t);
    assert.equal(worker.stdout, null);
    assert.equal(worker.stderr, null);
  });

  test('are streams with stdio: "pipe"', async (t) => {
    const worker = await start(t, { stdio: 'pipe' });
    const output = text(worker.stdout!);
    const errors = text(worker.stderr!);
    await worker.send('print', 'ä to the output');
    await worker.send('complain', 'ö to the errors');
    await worker.close();
    assert.equal(await output, 'ä to the output\n');
    assert.equal(await errors, 'ö to the errors\n');
  });

  test('may differ from each other', async (t) => {
    const worker = await start(t, { stdio: ['ignore', 'pipe', 'ignore'] });
    assert.notEqual(worker.stdout, null);
    assert.equal(worker.stderr, null);
    await worker.send('complain', 'nobody sees this');
    assert.equal(await worker.send('echo', 1), 1);
  });

  for (const stdio of ['ipc', [], ['pipe', 'pipe', 'pipe', 'pipe'], [1, 2], 7, null]) {
    test(`${Array.isArray(stdio) && stdio.length === 0 ? 'accept' : 'reject'} the option ${JSON.stringify(stdio)}`, async (t) => {
      const starting = start(t, { stdio: stdio as never });
      if (Array.isArray(stdio) && stdio.length === 0) await starting;
      else await assert.rejects(starting, { code: 'ERR_INVALID_OPTION' });
    });
  }
});

describe('close', () => {
  test('resolves when the process is gone', async (t) => {
    const worker = await start(t);
    const { pid } = worker;
    assert.deepEqual(await worker.close(), { type: 'exit', code: 0, signal: null });
    assert.equal(isAlive(pid), false);
    assert.equal(worker.isActive, false);
    assert.equal(worker.isConnected, false);
    assert.equal(worker.pid, pid);
  });

  test('may be called twice, at once or later', async (t) => {
    const worker = await start(t);
    await Promise.all([worker.close(), worker.close(), worker[Symbol.asyncDispose]()]);
    await worker.close();
    assert.equal(isAlive(worker.pid), false);
  });

  test('runs at the end of an `await using` block', async (t) => {
    const worker = await start(t);
    assert.equal(typeof Symbol.asyncDispose, 'symbol');
    assert.equal(await worker[Symbol.asyncDispose](), undefined);
    assert.equal(isAlive(worker.pid), false);
  });

  test('waits for the requests in flight', async (t) => {
    const worker = await start(t);
    const answers = [worker.send('later', { ms: 150, value: 1 }), worker.send('later', { ms: 50, value: 2 })];
    const closed = worker.close();
    assert.equal(worker.isActive, false);
    assert.deepEqual(await Promise.all(answers), [1, 2]);
    await closed;
  });

  test('gives up on the requests in flight when its timeout has passed', async (t) => {
    const worker = await start(t, { logLevel: 'error' });
    const lost = failure(worker.send('later', { ms: 20_000, value: 1 }));
    const begun = performance.now();
    await worker.close({ timeout: 100 });
    const error = await lost;
    assert.equal(error.code, 'ERR_WORKER_CLOSED');
    assert.match(error.message, /"later"/);
    assert.ok(performance.now() - begun < 2_000);
    assert.equal(isAlive(worker.pid), false);
  });

  test('refuses later messages at once', async (t) => {
    const worker = await start(t);
    const closed = worker.close();
    const refused = { name: 'WorkerError', code: 'ERR_WORKER_CLOSED' };
    await assert.rejects(worker.send('echo', 1), refused);
    assert.throws(() => worker.post('note', 1), refused);
    await closed;
    await assert.rejects(worker.send('echo', 1), refused);
    assert.throws(() => worker.post('note', 1), refused);
  });

  test('ends a worker that has an open interval quickly', async (t) => {
    const worker = await start<any>(t, { script: fixture('stubborn.mjs') });
    await worker.send('openInterval');
    const begun = performance.now();
    await worker.close();
    const elapsed = performance.now() - begun;
    assert.ok(elapsed < 1_000, `it took ${elapsed} ms`);
  });

  test('kills a worker that blocks and ignores SIGTERM', async (t) => {
    const ends: unknown[] = [];
    const ignore = () => {};
    const logger = {
      info: ignore,
      warn: ignore,
      error: ignore,
      debug: (...line: unknown[]) => void ends.push(line[1]),
    };
    const worker = await start<any>(t, { script: fixture('stubborn.mjs'), logger, logLevel: 'debug' });
    worker.post('blockForever');
    const begun = performance.now();
    await worker.close({ timeout: 200 });
    const elapsed = performance.now() - begun;
    assert.equal(isAlive(worker.pid), false);
    assert.ok(elapsed > 200 && elapsed < 3_000, `it took ${elapsed} ms`);
    // Windows has no signals: the first one that Node sends ends the process.
    const signal = isWindows ? 'SIGTERM' : 'SIGKILL';
    assert.deepEqual(ends.at(-1), { type: 'exit', code: null, signal });
  });

  test('of a starting worker waits for messages that the host has sent', async (t) => {
    const worker = await start(t, { waitForReady: false });
    const answer = worker.send('echo', 1);
    await worker.close();
    assert.equal(await answer, 1);
    assert.equal(isAlive(worker.pid), false);
  });

  test('resolves for a worker that has crashed', async (t) => {
    const worker = await start(t);
    process.kill(worker.pid, 'SIGKILL');
    await worker.close();
    assert.equal(isAlive(worker.pid), false);
  });

  for (const timeout of [-1, NaN, '1']) {
    test(`refuses a timeout of ${JSON.stringify(timeout)} (${timeout})`, async (t) => {
      const worker = await start(t);
      await assert.rejects(async () => worker.close({ timeout: timeout as number }), { code: 'ERR_INVALID_OPTION' });
      assert.equal(await worker.send('echo', 1), 1);
    });
  }

  test('reports a wrong timeout by its promise', async (t) => {
    const worker = await start(t);
    let promise: Promise<unknown> | undefined;
    assert.doesNotThrow(() => (promise = worker.close({ timeout: -1 })));
    await assert.rejects(promise!, { code: 'ERR_INVALID_OPTION' });
  });
});

describe('A worker that crashes', () => {
  test('rejects the requests in flight with its exit', async (t) => {
    const worker = await start(t);
    const lost = failure(worker.send('later', { ms: 20_000, value: 1 }));
    process.kill(worker.pid, 'SIGKILL');
    const error = await lost;
    assert.equal(error.name, 'WorkerCrashedError');
    assert.equal(error.code, 'ERR_WORKER_CRASHED');
    const killed = isWindows ? { code: 1, signal: null } : { code: null, signal: 'SIGKILL' };
    assert.deepEqual(error.reason, { type: 'exit', ...killed });
    assert.equal(error.messageType, 'later');
    assert.equal(error.phase, 'running');
    assert.equal(worker.isActive, false);
    assert.equal(worker.isConnected, false);
    await assert.rejects(worker.send('echo', 1), { code: 'ERR_WORKER_CRASHED' });
  });
});
