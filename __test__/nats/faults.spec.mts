// Ends of workers, serving processes, hosts and brokers that nobody has announced.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { describe, test } from 'node:test';

import { WorkerCrashedError } from 'isolated-workers';
import { NatsDriver } from 'isolated-workers/drivers/nats';

import { Broker, noBroker, suiteBroker } from '../fixtures/nats/broker.mjs';
import { begun, connectEcho, program, serveEcho } from '../fixtures/nats/support.mjs';
import { gone, isGone } from '../fixtures/processes.mjs';
import { eventually, failure, isAlive } from '../fixtures/support.mjs';

describe('Over NATS', { skip: noBroker }, () => {
  const broker = suiteBroker();

  test('a worker that exits rejects its requests with its exit code, and another one takes its place', async (t) => {
    const serving = await serveEcho(t, broker.url);
    const worker = await connectEcho(t, broker.url);
    const error = await failure(worker.send('exit', 7));
    assert.ok(error instanceof WorkerCrashedError);
    assert.deepEqual(error.reason, { type: 'exit', code: 7, signal: null });
    const next = await connectEcho(t, broker.url);
    assert.deepEqual([await next.send('pid')], serving.pids);
    assert.notEqual(next.pid, worker.pid);
  });

  test('a worker process that is killed rejects its requests with the signal', async (t) => {
    const serving = await serveEcho(t, broker.url);
    const worker = await connectEcho(t, broker.url);
    const lost = failure(worker.send('never'));
    await begun(worker);
    process.kill(serving.pids[0] ?? 0, 'SIGKILL');
    assert.deepEqual((await lost).reason, { type: 'exit', code: null, signal: 'SIGKILL' });
  });

  test('close() resolves when the process is gone, and the place is free again', async (t) => {
    const serving = await serveEcho(t, broker.url);
    for (let round = 0; round < 3; round++) {
      const worker = await connectEcho(t, broker.url);
      assert.equal(serving.taken, 1);
      await worker.close();
      assert.ok(isGone(worker.pid ?? 0));
    }
  });

  test('a serving process that is killed rejects the requests within the time of the heartbeat', async (t) => {
    const [serving, line] = await program(t, 'serving.mjs', [broker.url, 'echo', '1']);
    const worker = await connectEcho(t, broker.url);
    const lost = failure(worker.send('never'));
    await begun(worker);
    serving.kill('SIGKILL');
    const error = await lost;
    assert.ok(error instanceof WorkerCrashedError);
    assert.match(String(error.cause), /was silent for 500 ms/);
    for (const pid of JSON.parse(line) as number[]) await gone(pid);
  });

  test('a handler that computes for longer than the heartbeat allows ends nothing', async (t) => {
    await serveEcho(t, broker.url);
    const worker = await connectEcho(t, broker.url);
    assert.equal(await worker.send('block', 1500), 1500);
  });

  test('a host that is killed frees its worker, whose process ends', async (t) => {
    const serving = await serveEcho(t, broker.url);
    const [host, pid] = await program(t, 'host.mjs', [broker.url, 'stays']);
    assert.equal(serving.taken, 1);
    host.kill('SIGKILL');
    await gone(Number(pid));
    const worker = await connectEcho(t, broker.url);
    assert.equal(await worker.send('echo', 'free'), 'free');
  });

  test('a host that is suspended loses its worker, and learns it when it goes on', async (t) => {
    const serving = await serveEcho(t, broker.url);
    const [host, pid] = await program(t, 'host.mjs', [broker.url, 'asks']);
    host.kill('SIGSTOP');
    await gone(Number(pid));
    await eventually('another worker is free', () => serving.taken === 0 && isAlive(serving.pids[0] ?? 0));
    const ended = once(host, 'exit');
    host.kill('SIGCONT');
    await ended;
    assert.equal(host.exitCode, 42);
  });

  test('a serving process that is suspended frees the worker when it goes on', async (t) => {
    const [serving, line] = await program(t, 'serving.mjs', [broker.url, 'echo', '1']);
    const worker = await connectEcho(t, broker.url);
    const lost = failure(worker.send('never'));
    await begun(worker);
    serving.kill('SIGSTOP');
    assert.ok((await lost) instanceof WorkerCrashedError);
    serving.kill('SIGCONT');
    for (const pid of JSON.parse(line) as number[]) await gone(pid);
    assert.equal(await (await connectEcho(t, broker.url)).send('echo', 'next'), 'next');
  });

  test('a host with an idle worker ends by itself, and its worker with it', async (t) => {
    await serveEcho(t, broker.url);
    const [host, pid] = await program(t, 'host.mjs', [broker.url, 'idle']);
    if (host.exitCode === null) await once(host, 'exit');
    assert.equal(host.exitCode, 0);
    await gone(Number(pid));
  });

  test('close() of the serving process rejects the requests of its hosts with its reason', async (t) => {
    const serving = await serveEcho(t, broker.url);
    const worker = await connectEcho(t, broker.url);
    const [pid = 0] = serving.pids;
    const lost = failure(worker.send('never'));
    await begun(worker);
    await serving.close();
    assert.match(String((await lost).cause), /its serving process was closed/);
    assert.equal(isAlive(pid), false);
    assert.equal(await serving.closed, undefined);
  });
});

describe('When the NATS server', { skip: noBroker }, () => {
  test('vanishes, requests reject, and workers end', async (t) => {
    const broker = await Broker.of(t);
    const serving = await serveEcho(t, broker.url);
    const worker = await connectEcho(t, broker.url);
    const lost = failure(worker.send('never'));
    await begun(worker);
    const [pid = 0] = serving.pids;
    await broker.stop();
    const error = await lost;
    assert.ok(error instanceof WorkerCrashedError);
    assert.match(String(error.cause), /was silent for 500 ms/);
    await gone(pid);
  });

  test('restarts, the serving process offers its workers again', async (t) => {
    const broker = await Broker.of(t);
    await serveEcho(t, broker.url, { connection: { reconnectTimeWait: 50 } });
    await broker.restart();
    const worker = await connectEcho(t, broker.url);
    assert.equal(await worker.send('echo', 'again'), 'again');
  });

  test('restarts, each request in flight settles once, and the next start gets a worker', async (t) => {
    const broker = await Broker.of(t);
    const patient = { heartbeat: { interval: 100, timeout: 2000 }, connection: { reconnectTimeWait: 50 } };
    await serveEcho(t, broker.url, { ...patient, workers: 2 });
    const workers = await Promise.all([1, 2].map(() => connectEcho(t, broker.url, {}, patient)));
    const outcomes: unknown[] = [];
    const settled = workers.map((worker) =>
      worker.send('block', 500).then(
        (value) => outcomes.push(value),
        (error: unknown) => outcomes.push(error),
      ),
    );
    await broker.restart();
    await Promise.all(settled);
    assert.equal(outcomes.length, 2);
    for (const outcome of outcomes) {
      assert.ok(outcome === 500 || outcome instanceof WorkerCrashedError, String(outcome));
    }
    await Promise.all(workers.map((worker) => worker.close()));
    assert.equal(await (await connectEcho(t, broker.url, {}, patient)).send('echo', 'again'), 'again');
  });

  test('restarts between two signs of life, an idle session goes on', async (t) => {
    const broker = await Broker.of(t);
    const rare = { heartbeat: { interval: 30_000, timeout: 60_000 }, connection: { reconnectTimeWait: 50 } };
    const serving = await serveEcho(t, broker.url, { ...rare, workers: 2 });
    const driver = new NatsDriver({ servers: broker.url, ...rare });
    const worker = await connectEcho(t, broker.url, { driver });
    const pid = await worker.send('pid');
    await broker.restart();
    // A second session over the connection of the first one, and with the serving process: both are connected again.
    const second = await connectEcho(t, broker.url, { driver });
    assert.deepEqual(new Set([await worker.send('pid'), await second.send('pid')]), new Set(serving.pids));
    assert.equal(await worker.send('pid'), pid);
  });

  test('is away for longer than a start waits, the start rejects with its address, and a later one succeeds', async (t) => {
    const broker = await Broker.of(t);
    const rare = { heartbeat: { interval: 30_000, timeout: 60_000 }, connection: { reconnectTimeWait: 50 } };
    await serveEcho(t, broker.url, { ...rare, workers: 2 });
    const driver = new NatsDriver({ servers: broker.url, ...rare, waitForWorker: 300 });
    await connectEcho(t, broker.url, { driver });
    await broker.stop();
    const error = await failure(connectEcho(t, broker.url, { driver }));
    assert.equal(error.code, 'ERR_DRIVER_FAILED');
    assert.ok(error.message.includes(broker.address), error.message);
    await broker.restart();
    await eventually('a start succeeds', async () => {
      try {
        return (await (await connectEcho(t, broker.url, { driver })).send('echo', 1)) === 1;
      } catch (failed) {
        return (failed as { code?: string }).code === undefined;
      }
    });
  });

  test('is away, both sides connect again after pauses that grow', async (t) => {
    const broker = await Broker.of(t);
    // Nothing ends the session meanwhile: an idle driver has no connection.
    const rare = { heartbeat: { interval: 30_000, timeout: 60_000 } };
    await serveEcho(t, broker.url, rare);
    await connectEcho(t, broker.url, {}, rare);
    await broker.stop();
    const attempts: number[] = [];
    let isEnough!: () => void;
    const enough = new Promise<void>((resolve) => (isEnough = resolve));
    // It ends each connection before it has said what it is.
    const refusing = createServer((socket) => {
      socket.destroy();
      if (attempts.push(performance.now()) === 16) isEnough();
    });
    refusing.listen(broker.port, '127.0.0.1');
    await enough;
    await once(refusing.close(), 'close');
    await broker.restart();
    // The host and the serving process connect in turn, so each compares with the attempt before the last.
    const pauses = attempts.slice(2).map((time, index) => time - (attempts[index] ?? 0));
    const [early, late] = [pauses.slice(0, 4), pauses.slice(-4)].map((some) => some.reduce((sum, each) => sum + each));
    assert.ok((late ?? 0) > 2 * (early ?? 0), `the pauses were ${pauses.map(Math.round).join(', ')} ms`);
    assert.ok(Math.max(...pauses) < 5100, `a pause of ${Math.max(...pauses)} ms`);
  });

  test('is not there, the start names its address', async (t) => {
    const broker = await Broker.of(t);
    await broker.stop();
    const error = await failure(connectEcho(t, broker.url));
    assert.equal(error.code, 'ERR_DRIVER_FAILED');
    assert.ok(error.message.includes(`127.0.0.1:${broker.port}`), error.message);
  });
});
