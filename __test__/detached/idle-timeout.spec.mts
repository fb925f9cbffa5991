// A detached worker with `idleTimeout` ends by itself.
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { after, describe, test } from 'node:test';

import { attachOrCreate, attachWorker } from 'isolated-workers';

import {
  attach,
  endsWith,
  files,
  fixtureUrl,
  gone,
  isAlive,
  newFile,
  newName,
  nothingLeft,
  runHost,
  start,
} from '../fixtures/detached/support.mjs';
import { failure } from '../fixtures/faults/support.mjs';
import { eventually, type Loose } from '../fixtures/support.mjs';

after(() => assert.deepEqual(files(), [], 'sockets are left'));

const script = fixtureUrl('several');

describe('A worker with `idleTimeout`', () => {
  for (const maxHosts of [1, 2]) {
    test(`ends after so long without a host, and runs onClose (maxHosts: ${maxHosts})`, async (t) => {
      const file = newFile();
      const worker = await start(t, { script, idleTimeout: 100, maxHosts, argv: [file] });
      const started = Date.now();
      await worker.disconnect();
      await nothingLeft({ pid: worker.pid!, socketPath: worker.socketPath });
      assert.ok(Date.now() - started >= 90, `after ${Date.now() - started} ms`);
      assert.equal(readFileSync(file, 'utf8'), 'closed\n');
      assert.equal((await failure(attachWorker({ name: worker.name }))).code, 'ERR_NO_SUCH_WORKER');
    });
  }

  test('ends after the death of the host that started it', async (t) => {
    const host = runHost(t, ['start', { name: newName(), idleTimeout: 50 }], ['stay']);
    const worker = await host.worker();
    host.kill('SIGKILL');
    await nothingLeft(worker);
  });

  test('stays while a host is connected, however idle', async (t) => {
    const worker = await start(t, { script, idleTimeout: 20 });
    await new Promise((resolve) => setTimeout(resolve, 200));
    assert.equal(await worker.send('pid'), worker.pid);
    assert.deepEqual(await worker.close(), { type: 'exit', code: 0, signal: null });
  });

  test('stays while a handler runs, and counts from its end', async (t) => {
    const file = newFile();
    const worker = await start(t, { script, idleTimeout: 20, argv: [file], keepResults: 0 });
    const lost = failure(worker.send('work', 1_000_000_000));
    await worker.send('pid');
    await worker.disconnect();
    await lost;
    await new Promise((resolve) => setTimeout(resolve, 200));
    assert.ok(isAlive(worker.pid!));
    assert.ok(!existsSync(file));
    await worker.kill();

    const short = await start(t, { script, idleTimeout: 20 });
    void short.send('work', 50).catch(() => {});
    await short.send('pid');
    await short.disconnect();
    await gone(short.pid!);
  });

  test('counts anew after each host', async (t) => {
    const worker = await start(t, { script, idleTimeout: 500 });
    for (let round = 0; round < 4; round++) {
      await worker.disconnect();
      await new Promise((resolve) => setTimeout(resolve, 200));
      await worker.reconnect();
      assert.equal(await worker.send('pid'), worker.pid);
    }
    await worker.close();
  });

  test('is never lost by a host that comes as it ends: it gets this worker, or another', async (t) => {
    const options = { name: newName(), script, idleTimeout: 30 };
    const pids = new Set<number>();
    for (let round = 0; round < 12; round++) {
      const worker = await attachOrCreate<Loose>(options);
      if (!pids.has(worker.pid)) endsWith(t, worker.pid, worker.socketPath);
      pids.add(worker.pid);
      assert.equal(await worker.send('pid'), worker.pid);
      await worker.disconnect();
      await new Promise((resolve) => setTimeout(resolve, 24 + round));
    }
    await eventually('the last one ends', () => [...pids].every((pid) => !isAlive(pid)));
  });

  test('is an option of the start: a host that attaches cannot set it', async (t) => {
    const worker = await start(t, { script });
    await worker.disconnect();
    await assert.rejects(attach(t, { name: worker.name, idleTimeout: 5 } as never), {
      code: 'ERR_INVALID_OPTION',
      message: /idleTimeout/,
    });
    await worker.close();
  });

  test('refuses what is no time, and a time without `detached`', async () => {
    const code = 'ERR_INVALID_OPTION';
    for (const idleTimeout of [-1, NaN, '10', null]) {
      const options = { script, detached: true, idleTimeout } as never;
      await assert.rejects(start({ after() {} } as never, options), { code, message: /idleTimeout/ });
    }
    await assert.rejects(start({ after() {} } as never, { script, detached: false, idleTimeout: 10 }), {
      code,
      message: /idleTimeout must be omitted, unless `detached` is true/,
    });
  });
});
