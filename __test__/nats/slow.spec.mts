// Hosts, workers and brokers that read more slowly than the others send: what waits is bounded.
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { describe, test } from 'node:test';

import { WorkerCrashedError } from 'isolated-workers';

import { Broker, noBroker } from '../fixtures/nats/broker.mjs';
import { Remote } from '../fixtures/nats/remote-program.mjs';
import { begun, connectEcho, serveEcho } from '../fixtures/nats/support.mjs';
import { eventually, failure } from '../fixtures/support.mjs';

/** Longer than any of these tests: no heartbeat ends a session. */
const patient = { heartbeat: { interval: 1000, timeout: 120_000 } };
const MIB = 2 ** 20;
const onLinux = process.platform === 'linux' ? false : 'only /proc tells how much memory a process uses';

function memoryOf(pid: number): number {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) * 1024;
}

describe('Over NATS', { skip: noBroker }, () => {
  test('a host that does not read loses its session, and no other one', async (t) => {
    const broker = await Broker.of(t, ['max_pending: 4MB', 'write_deadline: "500ms"']);
    const heartbeat = { interval: 200, timeout: 4000 };
    const serving = await serveEcho(t, broker.url, { heartbeat, workers: 2 });
    const slow = await Remote.run(t);
    await slow.call('start', { servers: broker.url, heartbeat });
    const other = await connectEcho(t, broker.url, {}, { heartbeat });
    const lost = failure(slow.call('send', 'flood', { count: 100, size: MIB }));
    await eventually('it floods', async () => (await slow.call<number[]>('flooded')).length > 0);
    slow.process.kill('SIGSTOP');
    assert.equal(await other.send('echo', 'meanwhile'), 'meanwhile');
    await eventually('the slow one has lost its worker', () => serving.taken === 1);
    slow.process.kill('SIGCONT');
    assert.equal((await lost).code, 'ERR_WORKER_CRASHED');
    assert.equal(await other.send('echo', 'afterwards'), 'afterwards');
  });

  test(
    'messages of a worker that the broker does not take wait in the worker, and ERR_BACKPRESSURE refuses more',
    {
      skip: onLinux,
    },
    async (t) => {
      const broker = await Broker.of(t);
      const serving = await Remote.run(t);
      await serving.call('serve', { servers: broker.url, ...patient, workers: 1 });
      const host = await Remote.run(t);
      await host.call('start', { servers: broker.url, ...patient });
      const before = memoryOf(serving.pid);
      const folder = mkdtempSync(path.join(os.tmpdir(), 'flood-'));
      t.after(() => rmSync(folder, { recursive: true }));
      const done = path.join(folder, 'done');
      const refused = host.call<number>('send', 'flood', { count: 200, size: MIB, done });
      // The host has heard the first ones: the worker is at it.
      await eventually('it floods', async () => (await host.call<number[]>('flooded')).length > 2);
      broker.process.kill('SIGSTOP');
      let most = 0;
      await eventually('the worker has posted all', () => {
        most = Math.max(most, memoryOf(serving.pid));
        return existsSync(done);
      });
      assert.ok(most - before < 96 * MIB, `the serving process took ${Math.round((most - before) / MIB)} MiB more`);
      broker.process.kill('SIGCONT');
      const count = 200 - (await refused);
      assert.ok(count < 100, `${count} MiB were taken`);
      await eventually('what was not refused has arrived', async () => {
        return (await host.call<number[]>('flooded')).length === count;
      });
      const numbers = await host.call<number[]>('flooded');
      assert.deepEqual(
        numbers,
        numbers.toSorted((a, b) => a - b),
      );
    },
  );

  test('messages of a host that the broker does not take are bounded: ERR_BACKPRESSURE refuses more', async (t) => {
    const broker = await Broker.of(t);
    await serveEcho(t, broker.url, { ...patient });
    const worker = await connectEcho(t, broker.url, {}, patient);
    broker.process.kill('SIGSTOP');
    let sent = 0;
    const refused = await failure(
      (async () => {
        for (; sent < 200; sent++) worker.post('note', 'a'.repeat(MIB));
      })(),
    );
    assert.equal(refused.code, 'ERR_BACKPRESSURE');
    assert.ok(sent >= 60 && sent <= 66, `${sent} MiB were taken`);
    broker.process.kill('SIGCONT');
    assert.equal(await worker.send('echo', 'goes on'), 'goes on');
    worker.post('note', 'a'.repeat(MIB));
  });

  test('a worker that does not read loses its host when more than maxMessageSize waits for it', async (t) => {
    const broker = await Broker.of(t);
    const serving = await serveEcho(t, broker.url, { ...patient, maxMessageSize: MIB });
    const worker = await connectEcho(t, broker.url, {}, patient);
    const lost = failure(worker.send('never'));
    await begun(worker);
    const [pid = 0] = serving.pids;
    process.kill(pid, 'SIGSTOP');
    for (let count = 0; count < 40; count++) worker.post('note', 'a'.repeat(MIB / 10));
    const error = await lost;
    assert.ok(error instanceof WorkerCrashedError);
    assert.match(String(error.cause), /reads too slowly/);
    assert.equal(await (await connectEcho(t, broker.url, {}, patient)).send('echo', 'next'), 'next');
  });
});
