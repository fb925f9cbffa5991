// A detached worker with `maxHosts` serves several hosts at once.
import assert from 'node:assert/strict';
import { after, describe, test, type TestContext } from 'node:test';

import type { AttachOptions, WorkerOptions } from 'isolated-workers';

import {
  attach,
  type Client,
  event,
  files,
  fixtureUrl,
  isAlive,
  keptResults,
  nothingLeft,
  runHost,
  start,
} from '../fixtures/detached/support.mjs';
import { failure } from '../fixtures/faults/support.mjs';
import { eventually, type Loose } from '../fixtures/support.mjs';

after(() => assert.deepEqual(files(), [], 'sockets are left'));

const script = fixtureUrl('several');
const linux = process.platform === 'linux';

/** A host that answers the worker with its own name. */
const named = (name: string, news: unknown[] = []): AttachOptions<Loose> => ({
  handlers: {
    lookup: (key: unknown) => `${name} ${key}`,
    counts: async function* (most: unknown) {
      for (let next = 0; next < Number(most); next++) yield `${name} ${next}`;
    },
    news: (payload: unknown) => void news.push(payload),
  },
});

const begin = (t: TestContext, options: Partial<WorkerOptions<Loose>> = {}) =>
  start(t, { script, maxHosts: 3, ...named('first'), ...options } as Partial<WorkerOptions<Loose>>);

const join = (t: TestContext, worker: Client, name: string, options: AttachOptions<Loose> = {}) =>
  attach(t, { name: worker.name, ...named(name), ...options });

describe('A worker with `maxHosts`', () => {
  test('serves that many hosts at once, each with its own requests and answers, and refuses one more', async (t) => {
    const first = await begin(t);
    const [second, third] = await Promise.all([join(t, first, 'second'), join(t, first, 'third')]);
    const all = [first, second, third];
    const waiting = all.map((host, index) => host.send('wait', index));
    await eventually('all wait', async () => (await first.send('waiting')).length === 3);
    const { code } = await failure(join(t, first, 'fourth'));
    assert.equal(code, 'ERR_WORKER_OCCUPIED');
    for (const [index, host] of all.entries())
      await host.send('release', { key: 2 - index, result: `of ${2 - index}` });
    assert.deepEqual(await Promise.all(waiting), ['of 0', 'of 1', 'of 2']);
    assert.deepEqual(await Promise.all(all.map((host) => host.send('pid'))), [first.pid, first.pid, first.pid]);

    await third.disconnect();
    const fourth = await join(t, first, 'fourth');
    assert.equal(await fourth.send('pid'), first.pid);
    assert.equal((await first.send('hosts')).length, 3);
    await first.terminate();
  });

  test('asks the host that has sent the message, by `host` of the context', async (t) => {
    const first = await begin(t);
    const second = await join(t, first, 'second');
    const asked = await Promise.all([first, second, first].map((host, index) => host.send('ask', index)));
    assert.deepEqual(asked, ['first 0', 'second 1', 'first 2']);
    assert.deepEqual(await second.send('stream', 2), ['second 0', 'second 1']);
    assert.deepEqual(await Promise.all([first.send('isHost'), second.send('isHost')]), [true, true]);
    await first.terminate();
  });

  test('posts to all of them by `host` of its server, which refuses to send and to stream', async (t) => {
    const news: [unknown[], unknown[]] = [[], []];
    const first = await begin(t, named('first', news[0]) as object);
    assert.equal(await first.send('early'), 'ERR_SEVERAL_HOSTS', 'a call before the server has started');
    const second = await join(t, first, 'second', named('second', news[1]));
    await second.send('tellAll', 'to all');
    await second.send('subscribe');
    await first.send('tell', 'to one');
    await eventually('each host has its messages', () => news[0].length === 1 && news[1].length === 2);
    assert.deepEqual(news, [['to all'], ['to all', 'to one']]);
    assert.equal(await first.send('askServer', 1), 'ERR_SEVERAL_HOSTS');
    assert.equal(await first.send('streamServer', 1), 'ERR_SEVERAL_HOSTS');
    await first.terminate();
  });

  test('lets a host go that closes it while others are there; the last one ends it', async (t) => {
    const first = await begin(t);
    const [second, third] = await Promise.all([join(t, first, 'second'), join(t, first, 'third')]);
    const disconnected = event(first, 'disconnect');
    const waiting = third.send('wait', 'a');
    assert.deepEqual(await first.close(), { type: 'close' });
    await disconnected;
    assert.deepEqual(await second.close(), { type: 'close' });
    await third.send('release', { key: 'a', result: 'still here' });
    assert.equal(await waiting, 'still here');
    assert.ok(isAlive(first.pid!));
    assert.equal((await third.send('hosts')).length, 1);
    await third.close();
    await nothingLeft({ pid: first.pid!, socketPath: first.socketPath });
  });

  test('lets the process of a host end that has closed it while others are there', async (t) => {
    const first = await begin(t);
    const other = runHost(t, ['attach', { name: first.name }], ['close']);
    await other.next();
    assert.equal(await other.next(), 'closed');
    assert.deepEqual(await other.ended, [0, null]);
    assert.equal(await first.send('pid'), first.pid);
    await first.close();
  });

  test('ends when two hosts close it at the same time', async (t) => {
    const first = await begin(t);
    const second = await join(t, first, 'second');
    await Promise.all([first.close(), second.close()]);
    await nothingLeft({ pid: first.pid!, socketPath: first.socketPath });
  });

  for (const end of ['terminate', 'kill'] as const) {
    test(`is ended by ${end}() of any host, and the others learn of it`, async (t) => {
      const first = await begin(t);
      const second = await join(t, first, 'second');
      const lost = failure(first.send('wait', 'a'));
      await first.send('waiting');
      await second[end]();
      assert.equal((await lost).code, 'ERR_WORKER_CRASHED');
      await nothingLeft({ pid: first.pid!, socketPath: first.socketPath });
    });
  }

  test('gives the place of its longest connected host to one that takes over, if no place is free', async (t) => {
    const first = await begin(t, { maxHosts: 2 });
    const second = await join(t, first, 'second', { takeOver: true });
    assert.equal(await first.send('pid'), first.pid, 'a place was free');
    const lost = failure(first.send('wait', 'a'));
    const waiting = second.send('wait', 'b');
    await eventually('both wait', async () => (await second.send('waiting')).length === 2);
    const third = await join(t, first, 'third', { takeOver: true });
    assert.equal((await lost).code, 'ERR_WORKER_DISCONNECTED');
    await third.send('release', { key: 'b', result: 'kept its place' });
    assert.equal(await waiting, 'kept its place');
    await third.terminate();
  });

  test('keeps the outcomes for hosts that have left for the next host that connects, not for one that is there', async (t) => {
    const first = await begin(t);
    const second = await join(t, first, 'second');
    const wrong: unknown[] = [];
    second.on('keptResult', (kept) => wrong.push(kept));
    const lost = failure(first.send('wait', 'a'));
    await eventually('it waits', async () => (await second.send('waiting')).length === 1);
    await first.disconnect();
    await lost;
    await eventually('it knows that', async () => (await second.send('hosts')).length === 1);
    await second.send('release', { key: 'a', result: 'late' });
    await second.send('pid');
    const third = await join(t, first, 'third');
    const [{ type, result }] = await keptResults(third, 1);
    assert.deepEqual([type, result, wrong], ['wait', 'late', []]);
    await third.terminate();
  });

  test('runs no more handlers than `maxConcurrency` allows, for all hosts together', async (t) => {
    const first = await begin(t, { argv: ['', '2'] });
    const second = await join(t, first, 'second');
    const work = [first, second].flatMap((host) => Array.from({ length: 20 }, () => host.send('work', 3)));
    assert.ok((await Promise.all(work)).every((most) => most <= 2));
    await first.terminate();
  });

  test('answers one host while another does not read its answers', async (t) => {
    const first = await begin(t);
    const other = runHost(t, ['attach', { name: first.name }], ['ask', ['bytes', 64 * 2 ** 20]], ['stay']);
    await other.next();
    other.kill('SIGSTOP');
    for (let round = 0; round < 20; round++) assert.equal(await first.send('pid'), first.pid);
    await first.terminate();
  });

  test('goes on when one of its hosts is killed, and knows the processes of its hosts', async (t) => {
    const first = await begin(t);
    const other = runHost(t, ['attach', { name: first.name }], ['ask', ['wait', 'a']], ['stay']);
    await other.next();
    await eventually('it waits', async () => (await first.send('waiting')).length === 1);
    const pids = [process.pid, other.pid].map((pid) => ({ pid: linux ? pid : undefined, isConnected: true }));
    assert.deepEqual(await first.send('hosts'), pids);
    other.kill('SIGKILL');
    await eventually('its end is noticed', async () => (await first.send('hosts')).length === 1);
    assert.deepEqual(await first.send('events'), [
      ['connect', linux ? other.pid : undefined, true],
      ['disconnect', linux ? other.pid : undefined, false],
    ]);
    const [left] = await first.send('left');
    assert.deepEqual(left, [false, ...Array(3).fill('ERR_HOST_DISCONNECTED')]);
    assert.equal(await first.send('isConnected'), true);
    await first.close();
    await nothingLeft({ pid: first.pid!, socketPath: first.socketPath });
  });

  test('has hosts that come and go all the time, and loses no answer of those that stay', async (t) => {
    const first = await begin(t, { maxHosts: Infinity });
    const comers = Array.from({ length: 12 }, async (_, index) => {
      const host = await join(t, first, `host ${index}`);
      assert.equal(await host.send('ask', index), `host ${index} ${index}`);
      if (index % 2 === 0) await host.disconnect();
      else await host.close();
    });
    const answers = Array.from({ length: 50 }, async (_, index) => first.send('ask', index));
    await Promise.all(comers);
    assert.deepEqual(
      await Promise.all(answers),
      Array.from({ length: 50 }, (_, index) => `first ${index}`),
    );
    assert.equal((await first.send('hosts')).length, 1);
    await first.close();
    await nothingLeft({ pid: first.pid!, socketPath: first.socketPath });
  });

  test('refuses a number of hosts that is none, and hosts without `detached`', async () => {
    const code = 'ERR_INVALID_OPTION';
    for (const maxHosts of [0, -1, 1.5, NaN, '2', null]) {
      const options = { script, detached: true, maxHosts } as never;
      await assert.rejects(start({ after() {} } as never, options), { code, message: /maxHosts/ });
    }
    await assert.rejects(start({ after() {} } as never, { script, detached: false, maxHosts: 2 }), {
      code,
      message: /maxHosts must be omitted, unless `detached` is true/,
    });
  });
});

describe('A worker with one host at a time', () => {
  test('reports its hosts, with their processes, as they come and go', async (t) => {
    const first = await start(t, { script, ...(named('first') as object) });
    assert.equal(await first.send('early'), 'first early');
    await first.disconnect();
    const other = runHost(t, ['attach', { name: first.name }], ['disconnect'], ['stay']);
    await other.next();
    assert.equal(await other.next(), 'disconnected');
    await first.reconnect();
    const own = linux ? process.pid : undefined;
    const theirs = linux ? other.pid : undefined;
    await eventually('all is reported', async () => (await first.send('events')).length === 4);
    assert.deepEqual(await first.send('events'), [
      ['disconnect', own, false],
      ['connect', theirs, true],
      ['disconnect', theirs, false],
      ['connect', own, true],
    ]);
    const gone = [false, ...Array(3).fill('ERR_HOST_DISCONNECTED')];
    assert.deepEqual(await first.send('left'), [gone, gone]);
    assert.deepEqual(await first.send('hosts'), [{ pid: own, isConnected: true }]);
    await first.close();
  });
});
