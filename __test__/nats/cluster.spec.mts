// Three NATS servers that form a cluster, and what happens when one of them is killed.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import { createPool, WorkerCrashedError } from 'isolated-workers';
import { NatsDriver } from 'isolated-workers/drivers/nats';

import { atEnd } from '../fixtures/nats/at-end.mjs';
import { type Broker, clusterOf, noBroker } from '../fixtures/nats/broker.mjs';
import { begun, connectEcho, serveEcho } from '../fixtures/nats/support.mjs';
import { eventually, failure, type Loose } from '../fixtures/support.mjs';

/** Long enough to connect to another server, and short enough for a test. */
const heartbeat = { interval: 200, timeout: 2000 };

describe('A cluster of three NATS servers', { skip: noBroker }, () => {
  test('connects hosts and serving processes at different servers', async (t) => {
    const [one, two, three] = (await clusterOf(t)) as [Broker, Broker, Broker];
    const servings = await Promise.all([one, two].map(({ url }) => serveEcho(t, url, { heartbeat })));
    const workers = await Promise.all([two, three].map(({ url }) => connectEcho(t, url, {}, { heartbeat })));
    const pids = await Promise.all(workers.map((worker) => worker.send('pid')));
    assert.deepEqual(new Set(pids), new Set(servings.flatMap((serving) => serving.pids)));
    const [worker] = workers as [(typeof workers)[0]];
    assert.equal((await worker.send('repeat', 5 << 20)).length, 5 << 20);
    const stream = worker.stream('numbers', 2000);
    let count = 0;
    for await (const number of stream) assert.equal(number, count++);
    assert.equal(count, 2000);
  });

  test('gives a host a worker of a serving process at another server as soon as that is ready', async (t) => {
    const [one, two] = (await clusterOf(t)) as [Broker, Broker, Broker];
    const worker = connectEcho(t, two.url, {}, { heartbeat });
    await serveEcho(t, one.url, { heartbeat });
    assert.equal(await (await worker).send('echo', 'found'), 'found');
  });

  test('goes on without the server of a host: requests settle once, and the next ones are answered', async (t) => {
    const [one, two] = (await clusterOf(t)) as [Broker, Broker, Broker];
    await serveEcho(t, one.url, { heartbeat, workers: 2 });
    const driver = new NatsDriver({ servers: two.url, heartbeat });
    await goesOn(t, driver, two);
  });

  test('goes on without the server of a serving process: requests settle once, and the next ones are answered', async (t) => {
    const [one, two] = (await clusterOf(t)) as [Broker, Broker, Broker];
    const serving = await serveEcho(t, one.url, { heartbeat, workers: 2 });
    await goesOn(t, new NatsDriver({ servers: two.url, heartbeat }), one);
    assert.equal(serving.pids.length, 2);
  });

  test('goes on without the one server of both: requests settle once, and the next ones are answered', async (t) => {
    const [one] = (await clusterOf(t)) as [Broker, Broker, Broker];
    await serveEcho(t, one.url, { heartbeat, workers: 2 });
    await goesOn(t, new NatsDriver({ servers: one.url, heartbeat }), one);
  });

  test('does not notice a server that neither side uses', async (t) => {
    const [one, two, three] = (await clusterOf(t)) as [Broker, Broker, Broker];
    await serveEcho(t, one.url, { heartbeat });
    const worker = await connectEcho(t, two.url, {}, { heartbeat });
    const answer = worker.send('block', 500);
    await three.stop();
    assert.equal(await answer, 500);
  });

  test('whose other servers are gone, too, rejects what is in flight', async (t) => {
    const all = await clusterOf(t);
    const [one, two] = all as [Broker, Broker, Broker];
    await serveEcho(t, one.url, { heartbeat });
    const worker = await connectEcho(t, two.url, {}, { heartbeat });
    const lost = failure(worker.send('never'));
    await begun(worker);
    await Promise.all(all.map((broker) => broker.stop()));
    assert.ok((await lost) instanceof WorkerCrashedError);
  });
});

/** Requests are in flight while a server is killed: each settles once, and a pool is answered again at once. */
async function goesOn(t: Parameters<typeof connectEcho>[0], driver: NatsDriver, killed: Broker): Promise<void> {
  const pool = await createPool<Loose>({
    script: 'echo',
    driver,
    logLevel: 'silent',
    minWorkers: 2,
    maxWorkers: 2,
    concurrency: 4,
  } as never);
  atEnd(t, () => pool.close());
  const settled = new Map<number, number>();
  const outcomes: unknown[] = [];
  const send = async (id: number) => {
    try {
      outcomes.push((await pool.send('echo', id)) === id ? 'answered' : 'another answer');
    } catch (error) {
      outcomes.push(error);
    }
    settled.set(id, (settled.get(id) ?? 0) + 1);
  };
  const all: Promise<void>[] = [];
  for (let id = 0; id < 300; id++) {
    all.push(send(id));
    if (id === 150) {
      await all[0];
      await killed.stop();
    }
    if (id % 10 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  await Promise.all(all);
  assert.equal(settled.size, 300);
  assert.ok([...settled.values()].every((times) => times === 1));
  for (const outcome of outcomes) {
    if (outcome === 'answered') continue;
    const { code } = outcome as { code?: string };
    assert.ok(code === 'ERR_WORKER_CRASHED' || code === 'ERR_POOL_UNAVAILABLE', String(outcome));
  }
  assert.ok(outcomes.includes('answered'));
  await eventually('the pool is answered again', async () => {
    try {
      return (await pool.send('echo', 'again')) === 'again';
    } catch {
      return false;
    }
  });
}
