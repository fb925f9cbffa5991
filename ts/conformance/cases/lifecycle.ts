import assert from 'node:assert/strict';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

import type { Definition } from '../definition.js';
import { rejectsWith, stillAnswers, throwsWith } from '../expect.js';
import { quiet } from '../harness.js';

/** For `close`: no timeout terminates a slow worker, so a busy machine changes no outcome. */
const NO_LIMIT = { timeout: 0 };

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

/** The state of a worker handle, and the closing of a worker. */
export const lifecycle: readonly Definition[] = [
  {
    name: 'a worker is active and connected until it is closed',
    async test(stage) {
      const worker = await stage.start();
      assert.deepEqual([worker.isActive, worker.isConnected], [true, true]);
      await stillAnswers(worker);
      assert.deepEqual([worker.isActive, worker.isConnected], [true, true]);
      const closed = worker.close();
      assert.equal(worker.isActive, false);
      await closed;
      assert.deepEqual([worker.isActive, worker.isConnected], [false, false]);
    },
  },
  {
    name: 'a worker has the name of the options, or that of its script',
    async test(stage) {
      assert.equal((await stage.start({ name: 'an ä name' })).name, 'an ä name');
      const { script } = stage;
      const isUrl = script instanceof URL || script.startsWith('file:');
      const file = path.basename(isUrl ? fileURLToPath(script) : script);
      assert.ok((await stage.start()).name.startsWith(file));
    },
  },
  {
    name: 'a worker has the capabilities of its driver',
    async test(stage) {
      assert.deepEqual((await stage.start()).capabilities, stage.driver.capabilities);
    },
  },
  {
    name: 'the process id is that of a process that lives until the worker is closed',
    async test(stage) {
      const worker = await stage.start();
      const { pid } = worker;
      if (pid === undefined) return;
      assert.equal(typeof pid, 'number');
      assert.equal(isAlive(pid), true);
      await worker.close();
      assert.equal(worker.pid, pid);
      assert.equal(isAlive(pid), false);
    },
  },
  {
    name: 'close() waits for the requests in flight',
    async test(stage) {
      const worker = await stage.start();
      const settled: unknown[] = [];
      const requests = [
        quiet(worker.send('later', { ms: 50, value: 'slow' }).then((value) => settled.push(value))),
        quiet(worker.send('echo', 'fast').then((value) => settled.push(value))),
      ];
      await worker.close(NO_LIMIT);
      settled.push('closed');
      await Promise.all(requests);
      assert.deepEqual(settled, ['fast', 'slow', 'closed']);
    },
  },
  {
    name: 'a worker ends by close(), without terminate()',
    async test(stage) {
      const worker = await stage.start();
      await stillAnswers(worker);
      worker.post('later', { ms: 20, value: 'nobody waits for it' });
      await worker.close(NO_LIMIT);
      assert.equal(worker.isActive, false);
    },
  },
  {
    name: 'close() may be called again, while it closes and afterwards',
    async test(stage) {
      const worker = await stage.start();
      await Promise.all([worker.close(), worker.close()]);
      await worker.close();
      assert.equal(worker.isActive, false);
    },
  },
  {
    name: 'a closed worker takes no messages',
    async test(stage) {
      const worker = await stage.start();
      const closed = worker.close();
      for (const moment of ['closing', 'closed']) {
        await rejectsWith(worker.send('echo', moment), 'ERR_WORKER_CLOSED', '"echo"');
        throwsWith(() => worker.post('echo', moment), 'ERR_WORKER_CLOSED', '"echo"');
        await closed;
      }
    },
  },
  {
    name: 'a worker is closed at the end of an `await using` block',
    async test(stage) {
      const worker = await stage.start();
      const answer = worker.send('later', { ms: 20, value: 'answered' });
      await worker[Symbol.asyncDispose]();
      assert.equal(await answer, 'answered');
      assert.deepEqual([worker.isActive, worker.isConnected], [false, false]);
      await worker[Symbol.asyncDispose]();
    },
  },
  {
    name: 'a worker that is not ready yet can be closed',
    async test(stage) {
      const worker = await stage.start({ waitForReady: false });
      const answer = worker.send('echo', 'sent before');
      await worker.close(NO_LIMIT);
      assert.equal(await answer, 'sent before');
      const unused = await stage.start({ waitForReady: false });
      await unused.close(NO_LIMIT);
      assert.deepEqual([unused.isActive, unused.isConnected], [false, false]);
    },
  },
  {
    name: 'ref() and unref() give the worker and change no answer',
    async test(stage) {
      const worker = await stage.start();
      assert.equal(worker.ref(), worker);
      await stillAnswers(worker);
      assert.equal(worker.unref(), worker);
      // Now only the watchdog of the case keeps the host alive.
      await stillAnswers(worker);
    },
  },
];
