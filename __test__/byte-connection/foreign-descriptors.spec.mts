// A worker can pass descriptors beside its messages. A descriptor that is no memory must not delay its host.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { describe, test } from 'node:test';

import { createWorker } from 'isolated-workers';

import { eventually, type Loose } from '../fixtures/faults/support.mjs';

const script = new URL('../fixtures/foreign/worker.py', import.meta.url);
const hasPython = spawnSync('python3', ['-c', 'import socket; socket.send_fds']).status === 0;
const skip = process.platform !== 'linux' ? 'only Linux passes memory' : !hasPython && 'no python3 with send_fds';

/** The close of each of them takes 20 seconds. */
const BOUND = 5_000;

describe('Descriptors whose close blocks', { skip }, () => {
  for (const [what, count, requests] of [
    ['one with each answer', 1, 5],
    ['as many as one message can have', 200, 2],
  ] as const) {
    test(`do not delay the host (${what})`, async (t) => {
      const worker = await createWorker<Loose>({
        script,
        execPath: 'python3',
        execArgv: [],
        stdio: 'ignore',
        serializer: 'json',
      });
      t.after(() => worker.kill());
      const before = readdirSync('/proc/self/fd').length;
      const delays = monitorEventLoopDelay({ resolution: 10 });
      delays.enable();
      for (let request = 0; request < requests; request++) assert.equal(await worker.send('take', count), count);
      assert.equal((await worker.health()).state, 'alive');
      delays.disable();
      assert.ok(delays.max / 1e6 < BOUND, `the loop stood for ${delays.max / 1e6} ms`);
      await eventually('they are closed', () => readdirSync('/proc/self/fd').length <= before + 1);
      assert.deepEqual(await worker.close(), { type: 'exit', code: 0, signal: null });
    });
  }
});
