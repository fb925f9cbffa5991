// A broker that grants exactly what docs/distributed.md lists, and less.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';

import { createPool, WorkerCrashedError } from 'isolated-workers';
import { NatsDriver } from 'isolated-workers/drivers/nats';

import { Broker, noBroker } from '../fixtures/nats/broker.mjs';
import { connectEcho, heartbeat, serveEcho } from '../fixtures/nats/support.mjs';
import { eventually, failure, type Loose, RecordingLogger } from '../fixtures/support.mjs';

const page = readFileSync(new URL('../../docs/distributed.md', import.meta.url), 'utf8');
const [, documented = ''] = /```text\n(authorization \{\n.*?)```/s.exec(page) ?? [];
const permissions = documented.replaceAll('.resize', '.echo');

const host = { connection: { user: 'host', pass: 'secret of hosts' } };
const serving = { connection: { user: 'serving', pass: 'secret of serving processes' } };

test('docs/distributed.md has the permissions', () => {
  for (const part of ['user: host', 'user: serving', '.offer.echo']) assert.ok(permissions.includes(part), part);
});

describe('With exactly the permissions of docs/distributed.md', { skip: noBroker }, () => {
  test('requests, streams, calls of the host, large messages and the end of a worker work', async (t) => {
    const broker = await Broker.of(t, [permissions]);
    const served = await serveEcho(t, broker.url, { ...serving, workers: 2 });
    const worker = await connectEcho(t, broker.url, { handlers: { greet: (name: string) => `Hello, ${name}` } }, host);
    assert.equal(await worker.send('askHost', 'Ada'), 'Hello, Ada');
    assert.equal(await worker.send('sum', undefined, { input: [1, 2, 3] }), 6);
    const stream = worker.stream('numbers', 100);
    let count = 0;
    for await (const number of stream) assert.equal(number, count++);
    assert.equal(count, 100);
    assert.equal((await worker.send('repeat', 3 << 20)).length, 3 << 20);
    assert.ok((await failure(worker.send('exit', 3))) instanceof WorkerCrashedError);
    await eventually('its place is free', () => served.taken === 0);
  });

  test('a pool works, and workers that its hosts leave are offered again', async (t) => {
    const broker = await Broker.of(t, [permissions]);
    const served = await serveEcho(t, broker.url, { ...serving, workers: 2 });
    for (let round = 0; round < 2; round++) {
      const driver = new NatsDriver({ servers: broker.url, heartbeat, ...host });
      const pool = await createPool<Loose>({ script: 'echo', driver, minWorkers: 2, maxWorkers: 2 } as never);
      assert.deepEqual(
        new Set(await Promise.all(Array.from({ length: 16 }, () => pool.send('pid')))),
        new Set(served.pids),
      );
      await pool.close();
    }
  });

  test('they work again after the broker has restarted', async (t) => {
    const broker = await Broker.of(t, [permissions]);
    await serveEcho(t, broker.url, serving);
    await broker.restart();
    assert.equal(await (await connectEcho(t, broker.url, {}, host)).send('echo', 1), 1);
  });
});

describe('Without the permission', { skip: noBroker }, () => {
  const ofHosts: Record<string, [string, RegExp]> = {
    'to ask': ['"isolated-workers.offer.echo", ', /publish to "isolated-workers\.offer\.echo"/],
    'to send': [', "isolated-workers.session.*.worker"]\n        subscribe', /publish to ".*\.[\w-]{24}\.worker"/],
    'to hear the worker': ['"isolated-workers.session.*.host", ', /subscribe to ".*\.[\w-]{24}\.host"/],
    'to hear an answer': [', "_INBOX.>"', /subscribe to "_INBOX\./],
  };
  for (const [what, [granted, expected]] of Object.entries(ofHosts)) {
    test(`${what}, the start fails with ERR_NOT_AUTHORIZED, and the worker stays free`, async (t) => {
      assert.ok(permissions.includes(granted), granted);
      const less = /\]\n.*$/.exec(granted)?.[0] ?? '';
      const broker = await Broker.of(t, [permissions.replace(granted, less)]);
      const served = await serveEcho(t, broker.url, serving);
      const error = await failure(connectEcho(t, broker.url, {}, host));
      assert.equal(error.code, 'ERR_NOT_AUTHORIZED', String(error));
      assert.match(error.message, expected);
      await eventually('the worker is free', () => served.taken === 0);
    });
  }

  test('to offer, serve() rejects with ERR_NOT_AUTHORIZED', async (t) => {
    const broker = await Broker.of(t, [permissions.replace('"isolated-workers.offer.echo workers"', '"nothing"')]);
    const logger = new RecordingLogger();
    const error = await failure(serveEcho(t, broker.url, { ...serving, workers: 2, logger }));
    assert.equal(error.code, 'ERR_NOT_AUTHORIZED');
    assert.match(error.message, /subscribe to "isolated-workers\.offer\.echo"/);
  });

  const ofServing: Record<string, [string, RegExp]> = {
    'to answer': ['allow_responses: true', /publish to "_INBOX\./],
    'to send to a host': ['"isolated-workers.session.*.host"]\n        subscribe', /publish to ".*\.host"/],
    'to hear a host': ['"isolated-workers.session.*.worker"]\n        allow', /subscribe to ".*\.worker"/],
  };
  for (const [what, [granted, expected]] of Object.entries(ofServing)) {
    test(`${what}, the serving process logs the subject, and the start fails`, async (t) => {
      assert.ok(permissions.includes(granted), granted);
      const less = granted.startsWith('allow') ? '' : granted.replace(/^"[^"]*"/, '"nothing"');
      const broker = await Broker.of(t, [permissions.replace(granted, less)]);
      const logger = new RecordingLogger();
      await serveEcho(t, broker.url, { ...serving, logger });
      await failure(connectEcho(t, broker.url, {}, { ...host, waitForWorker: 300 }));
      await eventually('it is in the log', () => logger.errors.some((line) => expected.test(line)));
    });
  }
});
