// Detached workers outlive their hosts.
import assert from 'node:assert/strict';
import { readFileSync, statSync } from 'node:fs';
import { after, describe, test } from 'node:test';

import { createWorker, WorkerThreadsDriver } from 'isolated-workers';

import * as detached from '../fixtures/detached/support.mjs';
import { attach, event, files, gone, nothingLeft, runHost, script, start } from '../fixtures/detached/support.mjs';
import { failure } from '../fixtures/faults/support.mjs';

after(() => assert.deepEqual(files(), [], 'sockets are left'));

describe('A detached worker outlives a host', () => {
  for (const [how, step, ending] of [
    ['ends by itself', ['send', ['pid']], [0, null]],
    ['calls process.exit()', ['exit', 3], [3, null]],
    ['crashes', ['throw'], [1, null]],
    ['is killed with SIGKILL', ['stay'], [null, 'SIGKILL']],
  ] as const) {
    test(`that ${how}, keeps its state, and is found by name and by path`, async (t) => {
      const name = detached.newName();
      const host = runHost(t, ['start', { name }], ['send', ['add', 3]], step as ['stay']);
      const first = await host.worker();
      assert.equal(await host.next(), 3);
      if (how.includes('SIGKILL')) host.kill('SIGKILL');
      assert.deepEqual(await host.ended, ending);

      const byName = await attach(t, { name });
      assert.deepEqual([byName.pid, byName.name, byName.socketPath], [first.pid, name, first.socketPath]);
      assert.deepEqual([byName.isActive, byName.isConnected], [true, true]);
      assert.equal(await byName.send('add', 4), 7);
      await byName.disconnect();

      const byPath = await attach(t, { socketPath: first.socketPath });
      assert.equal(byPath.pid, first.pid);
      assert.equal(await byPath.send('add', 5), 12);
      assert.deepEqual(await byPath.close(), { type: 'close' });
      await nothingLeft(first);
    });
  }

  test('that did not wait until the worker was ready', async (t) => {
    const name = detached.newName();
    const host = runHost(t, ['start', { name, waitForReady: false, startupData: { a: 1 } }], ['exit', 0]);
    const first = await host.worker();
    assert.deepEqual(await host.ended, [0, null]);
    const worker = await attach(t, { name });
    assert.equal(await worker.send('pid'), first.pid);
    await worker.close();
    await nothingLeft(first);
  });

  test('and has its start-up data, even if it reads them only then', async (t) => {
    const first = await start(t, { startupData: { config: ['a'] } });
    await first.disconnect();
    const second = await attach(t, { name: first.name });
    assert.deepEqual(await second.send('startupData'), { config: ['a'] });
    assert.deepEqual(await second.send('startupData'), { config: ['a'] });
    await second.close();
  });

  test('in a session of its own, without the variables of its start', async (t) => {
    const worker = await start(t);
    const [, , group, session] = readFileSync(`/proc/${worker.pid}/stat`, 'utf8')
      .split(') ')
      .at(-1)!
      .split(' ')
      .map(Number);
    assert.deepEqual([group, session], [worker.pid, worker.pid]);
    assert.deepEqual(await worker.send('environment'), []);
    assert.deepEqual([worker.stdout, worker.stderr], [null, null]);
    await worker.close();
    await nothingLeft(worker);
  });

  test('and its first host receives the exit code when another host closes it', async (t) => {
    const first = await start(t);
    const exit = event(first, 'exit');
    await first.disconnect();
    const second = await attach(t, { name: first.name });
    const told = event(second, 'exit');
    assert.deepEqual(await second.close(), { type: 'close' });
    assert.deepEqual(await told, { pid: first.pid, reason: { type: 'close' } });
    assert.deepEqual(await exit, { pid: first.pid, reason: { type: 'exit', code: 0, signal: null } });
    assert.equal((await failure(second.send('echo', 1))).code, 'ERR_WORKER_CLOSED');
    await nothingLeft(first);
  });

  test('and its first host closes it like any other worker', async (t) => {
    const worker = await start(t);
    assert.ok(statSync(worker.socketPath!).isSocket());
    assert.deepEqual(await worker.close(), { type: 'exit', code: 0, signal: null });
    await nothingLeft(worker);
    assert.equal((await failure(attach(t, { name: worker.name }))).code, 'ERR_NO_SUCH_WORKER');
  });
});

describe('disconnect() and reconnect()', () => {
  test('work 25 times in the first host', async (t) => {
    const worker = await start(t);
    for (let round = 1; round <= 25; round++) {
      await worker.disconnect();
      assert.deepEqual([worker.isActive, worker.isConnected], [false, false]);
      assert.equal((await failure(worker.send('add', 1))).code, 'ERR_WORKER_DISCONNECTED');
      await worker.reconnect();
      assert.equal(await worker.send('add', 1), round);
    }
    await worker.close();
    await nothingLeft(worker);
  });

  test('work 25 times in an attached host, then in both hosts in turn', async (t) => {
    const first = await start(t);
    await first.disconnect();
    const second = await attach(t, { name: first.name });
    for (let round = 1; round <= 25; round++) {
      await second.disconnect();
      await second.reconnect();
      assert.equal(await second.send('add', 1), round);
    }
    for (let round = 0; round < 5; round++) {
      await second.disconnect();
      await first.reconnect();
      assert.equal(await first.send('add', 1), 26 + 2 * round);
      await first.disconnect();
      await second.reconnect();
      assert.equal(await second.send('add', 1), 27 + 2 * round);
    }
    await second.close();
    await nothingLeft(first);
  });

  test('delay messages that the host sends meanwhile, in order and with their values of that time', async (t) => {
    const first = await start(t);
    await first.disconnect();
    const host = await attach(t, { name: first.name });
    await host.disconnect();
    for (const worker of [first, host]) {
      const connected = worker.reconnect();
      const payload = { value: 'as it was' };
      const echo = worker.send('echo', payload);
      payload.value = 'changed';
      const sums = [worker.send('add', 1), worker.send('add', 1)];
      assert.deepEqual(await echo, { value: 'as it was' });
      const [one, two] = await Promise.all(sums);
      assert.equal((two as number) - (one as number), 1);
      await connected;
      await worker.disconnect();
    }
    await first.close();
  });

  test('reject delayed messages with the reason when the reconnect fails', async (t) => {
    const first = await start(t);
    await first.disconnect();
    const second = await attach(t, { name: first.name });
    const connected = failure(first.reconnect());
    const sent = failure(first.send('echo', 1));
    const late = failure(first.send('echo', 1, { timeout: 20 }));
    assert.equal((await connected).code, 'ERR_WORKER_OCCUPIED');
    const { code, cause } = await sent;
    assert.deepEqual([code, cause.code], ['ERR_WORKER_DISCONNECTED', 'ERR_WORKER_OCCUPIED']);
    const error = await late;
    assert.equal(error.code, 'ERR_MESSAGE_TIMEOUT');
    assert.match(error.message, /\b20 ms/);
    assert.equal((await failure(first.send('echo', 1))).code, 'ERR_WORKER_DISCONNECTED');
    await second.close();
  });

  test('connect once when the host calls reconnect() twice at the same time', async (t) => {
    const worker = await start(t);
    await Promise.all([worker.disconnect(), worker.disconnect()]);
    await Promise.all([worker.reconnect(), worker.reconnect()]);
    assert.equal(await worker.send('add', 1), 1);
    await worker.close();
  });

  test('fail for a worker that has ended meanwhile, and close() resolves', async (t) => {
    const first = await start(t);
    await first.disconnect();
    const second = await attach(t, { name: first.name });
    await second.disconnect();
    process.kill(first.pid, 'SIGKILL');
    await nothingLeft(first);
    assert.equal((await failure(second.reconnect())).code, 'ERR_NO_SUCH_WORKER');
    assert.deepEqual(await second.health(), { state: 'gone' });
    assert.deepEqual(await second.close(), { type: 'close' });
  });
});

describe('Options of detached workers', () => {
  for (const options of [{ detached: true }, { socketPath: '/tmp/a.sock' }, { keepResults: 3 }]) {
    test(`${Object.keys(options)[0]} is an error for threads`, async () => {
      const error = await failure(createWorker<any, any>({ script, driver: WorkerThreadsDriver, ...options }));
      assert.equal(error.code, 'ERR_UNSUPPORTED_BY_DRIVER');
      assert.match(error.message, /child_process/);
    });
  }

  for (const options of [
    { detached: 'yes' },
    { detached: true, keepResults: -1 },
    { detached: true, keepResults: NaN },
    { detached: true, keepResults: '3' },
    { detached: true, socketPath: 3 },
    { detached: true, socketPath: '' },
    { socketPath: '/tmp/a.sock' },
    { keepResults: 3 },
  ]) {
    test(`are errors in createWorker: ${JSON.stringify(options)}`, async () => {
      assert.equal((await failure(createWorker<any, any>({ script, ...options } as any))).code, 'ERR_INVALID_OPTION');
      assert.deepEqual(files(), []);
    });
  }

  for (const options of [
    undefined,
    null,
    {},
    { name: '' },
    { name: 3 },
    { socketPath: 3 },
    { name: 'a', takeOver: 1 },
  ]) {
    test(`are errors in attachWorker: ${JSON.stringify(options)}`, async (t) => {
      assert.equal((await failure(attach(t, options as any))).code, 'ERR_INVALID_OPTION');
    });
  }

  test('accept piped stdio', async (t) => {
    const worker = await start(t, { stdio: 'pipe' });
    assert.ok(worker.stdout && worker.stderr);
    const error = await failure(worker.send('throw'));
    assert.match(error.stderr.join('\n'), /thrown outside/);
    await nothingLeft(worker);
  });
});

describe('A detached worker with workers of its own', () => {
  test('keeps its workers while its host changes, and ends those that are not detached with itself', async (t) => {
    const first = await start(t);
    const inner = (await first.send('nest', false)) as { pid: number };
    detached.endsWith(t, inner.pid);
    assert.equal(await first.send('askNested', 5), 5);
    await first.disconnect();
    const second = await attach(t, { name: first.name });
    assert.equal(await second.send('askNested', 6), 11);
    await second.kill();
    await gone(inner.pid);
    await nothingLeft(first);
  });

  test('may start a detached worker that outlives it and does not hold its socket', async (t) => {
    const first = await start(t);
    const inner = (await first.send('nest', true)) as { pid: number; socketPath: string };
    detached.endsWith(t, inner.pid, inner.socketPath);
    await first.kill();
    await nothingLeft(first);
    assert.equal((await failure(attach(t, { socketPath: first.socketPath }))).code, 'ERR_NO_SUCH_WORKER');
    const worker = await attach(t, { socketPath: inner.socketPath });
    assert.equal(await worker.send('add', 1), 1);
    await worker.close();
    await nothingLeft(inner);
  });
});

test('A detached worker that crashes restarts under its name where the host wants retries', async (t) => {
  const worker = await start(t, { unexpectedShutdown: { strategy: 'retry', attempts: 2 } } as any);
  const { pid } = worker;
  const restarted = new Promise<{ pid: number | undefined }>((resolve) => worker.once('restart', resolve));
  process.kill(pid, 'SIGKILL');
  assert.equal(await worker.send('add', 1), 1);
  const { pid: next } = await restarted;
  detached.endsWith(t, next!, worker.socketPath);
  assert.notEqual(next, pid);
  await worker.disconnect();
  const second = await attach(t, { name: worker.name });
  assert.equal(second.pid, next);
  await second.close();
  await nothingLeft({ pid: next!, socketPath: worker.socketPath });
});
