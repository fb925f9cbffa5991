// Several hosts use one detached worker in turn.
import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';

import * as detached from '../fixtures/detached/support.mjs';
import { attach, event, files, nothingLeft, runHost, start } from '../fixtures/detached/support.mjs';
import { failure } from '../fixtures/faults/support.mjs';

after(() => assert.deepEqual(files(), [], 'sockets are left'));

describe('A second host', () => {
  test('gets an error while the first is connected, which loses nothing', async (t) => {
    const first = await start(t);
    const waiting = first.send('wait', 'a');
    assert.equal((await failure(attach(t, { name: first.name }))).code, 'ERR_WORKER_OCCUPIED');
    await first.send('release', { key: 'a', result: 'released' });
    assert.equal(await waiting, 'released');
    await first.close();
  });

  test('takes over: the first gets an event and an error, and can return', async (t) => {
    const first = await start(t);
    const lost = failure(first.send('wait', 'a'));
    assert.deepEqual(await first.send('waiting'), ['a']);
    const disconnected = event(first, 'disconnect');
    const second = await attach(t, { name: first.name, takeOver: true });
    const { code, message } = await lost;
    assert.equal(code, 'ERR_WORKER_DISCONNECTED');
    assert.match(message, /"wait"/);
    await disconnected;
    assert.deepEqual([first.isActive, first.isConnected], [false, false]);
    assert.equal((await failure(first.send('echo', 1))).code, 'ERR_WORKER_DISCONNECTED');
    assert.throws(() => first.post('echo', 1), { code: 'ERR_WORKER_DISCONNECTED' });
    assert.equal((await failure(first.reconnect())).code, 'ERR_WORKER_OCCUPIED');
    assert.equal((await failure(first.reconnect())).code, 'ERR_WORKER_OCCUPIED');

    // What the first has asked for is told to who is there now.
    const kept = event(second, 'keptResult');
    await second.send('release', { key: 'a', result: 'late' });
    const { type, tx, result } = await kept;
    assert.deepEqual([type, typeof tx, result], ['wait', 'string', 'late']);

    await second.disconnect();
    const reconnected = event(first, 'reconnect');
    await first.reconnect();
    await reconnected;
    assert.equal(await first.send('add', 2), 2);
    await first.close();
    await nothingLeft(first);
  });

  test('takes over from a host in another process, and that host takes the worker back', async (t) => {
    const name = detached.newName();
    const host = runHost(t, ['start', { name }], ['events'], ['ask', ['hang']], ['stay']);
    const { pid, socketPath } = await host.worker();
    const second = await attach(t, { socketPath, takeOver: true });
    assert.equal(second.pid, pid);
    assert.deepEqual([await host.next(), await host.next()].map((line) => line.code ?? line.event).toSorted(), [
      'ERR_WORKER_DISCONNECTED',
      'disconnect',
    ]);
    const lost = event(second, 'disconnect');
    const third = runHost(t, ['attach', { name, takeOver: true }], ['send', ['add', 1]], ['exit', 0]);
    assert.equal((await third.next()).pid, pid);
    await lost;
    assert.equal(await third.next(), 1);
    await third.ended;
    await second.reconnect();
    await second.close();
    await nothingLeft({ pid, socketPath });
  });

  for (const pending of ['finish', 'reject'] as const) {
    test(`stays connected when the first has disconnected and then closes (${pending})`, async (t) => {
      const first = await start(t);
      await first.disconnect();
      const second = await attach(t, { name: first.name });
      const waiting = second.send('wait', 'a');
      assert.deepEqual(await first.close({ pending }), { type: 'close' });
      await second.send('release', { key: 'a', result: 'still here' });
      assert.equal(await waiting, 'still here');
      assert.deepEqual(await second.health(), { state: 'alive' });
      await second.close();
      await nothingLeft(first);
    });
  }

  test('that has disconnected leaves the worker alone in close(), and can still end it at once', async (t) => {
    const first = await start(t);
    await first.disconnect();
    const second = await attach(t, { name: first.name });
    await second.disconnect();
    const third = await attach(t, { name: first.name });
    assert.deepEqual(await second.close(), { type: 'close' });
    assert.equal(await third.send('add', 1), 1);
    const crash = event(third, 'crash');
    await second.terminate();
    await crash;
    await nothingLeft(first);
  });

  test('that takes over during a close() of the first keeps the worker: the first lets go', async (t) => {
    const first = await start(t);
    const [disconnected, lost] = [event(first, 'disconnect'), failure(first.send('wait', 'a'))];
    assert.deepEqual(await first.send('waiting'), ['a']);
    let hasEnded = false;
    first.on('exit', () => (hasEnded = true));
    const closed = first.close({ timeout: 60_000 });
    const second = await attach(t, { name: first.name, takeOver: true });
    assert.deepEqual(await closed, { type: 'close' });
    assert.equal((await lost).code, 'ERR_WORKER_CLOSED');
    await disconnected;
    assert.equal((await failure(first.send('echo', 1))).code, 'ERR_WORKER_CLOSED');
    assert.equal(await second.send('add', 1), 1);
    assert.equal(hasEnded, false);
    await second.close();
    await nothingLeft(first);
  });

  test('takes over from a stopped host, which learns of it when it continues', async (t) => {
    const name = detached.newName();
    const host = runHost(t, ['start', { name }], ['events'], ['stay']);
    const { pid, socketPath } = await host.worker();
    process.kill(host.pid, 'SIGSTOP');
    const second = await attach(t, { socketPath, takeOver: true });
    assert.equal(await second.send('pid'), pid);
    process.kill(host.pid, 'SIGCONT');
    assert.deepEqual(await host.next(), { event: 'disconnect' });
    await second.close();
    await nothingLeft({ pid, socketPath });
  });

  test('takes over ten times from ten hosts at once: one of them has the worker afterwards', async (t) => {
    const first = await start(t);
    const hosts = await Promise.all(
      Array.from({ length: 10 }, () => attach(t, { name: first.name, takeOver: true }).catch((error) => error)),
    );
    const clients = hosts.filter((host) => !(host instanceof Error));
    for (const error of hosts) if (error instanceof Error) assert.equal((error as any).code, 'ERR_WORKER_DISCONNECTED');
    const answers = await Promise.allSettled(clients.map((host) => host.send('pid')));
    assert.equal(answers.filter(({ status }) => status === 'fulfilled').length, 1);
    for (const answer of answers) {
      if (answer.status === 'rejected') assert.equal(answer.reason.code, 'ERR_WORKER_DISCONNECTED');
    }
    assert.deepEqual(await first.close(), { type: 'close' });
    await clients.find((_, index) => answers[index]?.status === 'fulfilled')!.close();
    await nothingLeft(first);
  });
});
