// Messages and output before the end of a worker or a host arrive.
import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, test } from 'node:test';
import { promisify } from 'node:util';

import { createWorker, type WorkerClient, WorkerThreadsDriver } from 'isolated-workers';

import type { Loose } from '../fixtures/faults/support.mjs';
import { eventually, scratch } from '../fixtures/lives/support.mjs';
import { isGone } from '../fixtures/processes.mjs';
import { fixture } from '../fixtures/support.mjs';

const run = promisify(execFile);
const LONG = 60_000;

describe('The worker handles the posts of a host that ends', () => {
  const ends = {
    exit: 'by process.exit()',
    drained: 'by process.exit() after drained()',
    throw: 'by an error that nobody catches',
    end: 'because it has nothing more to do',
    listener: 'and posts in a listener of its exit',
  };
  for (const driver of ['ChildProcessDriver', 'WorkerThreadsDriver', 'InProcessDriver', 'fork']) {
    for (const [how, what] of Object.entries(ends)) {
      // A thread is no longer waited for when other listeners run.
      if (how === 'listener' && driver !== 'ChildProcessDriver' && driver !== 'fork') continue;
      for (const type of ['log', 'logSlowly', 'logLater', 'size']) {
        // The end of this process is the end of its loop; a driver's own queue is the driver's.
        if (driver === 'InProcessDriver' && type === 'logLater' && how !== 'end') continue;
        if (driver === 'fork' && type !== 'log') continue;
        if (type === 'size' && (how === 'listener' || how === 'drained')) continue;
        test(`${driver}: ${what} (${type})`, async (t) => {
          const folder = scratch(t);
          const args = [fixture('ends/log-host.mjs').pathname, driver, how, type, folder.log];
          const { stdout } = await run(process.execPath, args, { timeout: LONG }).catch((error) => error);
          const pid = Number(stdout);
          if (pid > 0) await eventually('its worker is gone', () => isGone(pid));
          const lines =
            type === 'size'
              ? ['4000000']
              : Array.from({ length: how === 'listener' ? 1 : 20 }, (_, n) => String(n + 1));
          assert.deepEqual(folder.lines().toSorted(), lines.toSorted());
        });
      }
    }
  }

  for (const how of ['early', 'kill']) {
    test(`a process, ${how === 'kill' ? 'where SIGKILL ends the host' : 'while its worker is still starting'}`, async (t) => {
      const folder = scratch(t);
      const host = spawn(process.execPath, [
        fixture('ends/log-host.mjs').pathname,
        'ChildProcessDriver',
        how,
        'log',
        folder.log,
      ]);
      const [pid] = await once(host.stdout, 'data');
      await once(host, 'exit');
      await eventually('its worker is gone', () => isGone(Number(pid)));
      assert.equal(folder.lines().length, 20);
    });
  }
});

describe('The host receives the output of a worker that ends at once', () => {
  const much = { lines: 20_000, length: 90 };
  const large = { lines: 1, length: 4_000_000 };
  for (const [name, driver] of [
    ['a process', undefined],
    ['a thread', WorkerThreadsDriver],
  ] as const) {
    for (const stream of ['stdout', 'stderr'] as const) {
      for (const [what, size] of [
        ['many lines', much],
        ['one large line', large],
      ] as const) {
        for (const type of ['print', 'printAndClose']) {
          test(`${name}: ${what} on ${stream}, ${type}`, async (t) => {
            let length = 0;
            const worker = (await createWorker<Loose>({
              script: fixture('ends/printing-worker.mjs'),
              driver,
              onOutput: (line: string) => void (length += line.length),
              logLevel: 'silent',
            } as never)) as WorkerClient<Loose>;
            t.after(() => worker.kill());
            const exited = new Promise((resolve) => worker.ref().once('exit', resolve));
            if (type === 'print') {
              await worker.send('print', { stream, ...size });
              await worker.close({ timeout: LONG });
            } else {
              worker.post('printAndClose', { stream, ...size });
              await exited;
            }
            assert.equal(length, size.lines * size.length);
          });
        }
      }
    }
  }

  test('when the host is busy meanwhile', async (t) => {
    let length = 0;
    const worker = await createWorker<Loose>({
      script: fixture('ends/printing-worker.mjs'),
      onOutput: (line) => void (length += line.length),
    });
    t.after(() => worker.kill());
    await worker.send('print', { stream: 'stdout', ...much });
    const closed = worker.close();
    // By then the worker was told to end.
    setImmediate(() => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1000));
    assert.deepEqual(await closed, { type: 'exit', code: 0, signal: null });
    assert.equal(length, much.lines * much.length);
  });

  test('when nothing reads the output, close() still ends the worker', async (t) => {
    const worker = await createWorker<Loose>({ script: fixture('ends/printing-worker.mjs'), stdio: 'pipe' });
    t.after(() => worker.kill());
    await worker.send('print', { stream: 'stdout', ...much });
    assert.deepEqual(await worker.close(), { type: 'exit', code: 0, signal: null });
  });
});
