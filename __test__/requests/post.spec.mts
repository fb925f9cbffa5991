// Notifications.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';

import { fixture, start } from '../fixtures/support.mjs';

test('post delivers a message and returns nothing', async (t) => {
  const worker = await start(t);
  assert.equal(worker.post('note', { a: 1 }), undefined);
  assert.deepEqual(await worker.send('noted'), [{ a: 1 }]);
});

test('post may leave out the payload', async (t) => {
  const worker = await start(t);
  worker.post('nothing');
  assert.equal(await worker.send('echo', 1), 1);
});

test('Posts and requests arrive in the order of the calls', async (t) => {
  const worker = await start(t);
  for (let index = 0; index < 200; index++) {
    if (index % 3 === 0) void worker.send('note', index);
    else worker.post('note', index);
  }
  assert.deepEqual(await worker.send('noted'), [...Array(200).keys()]);
});

test('The worker only logs the error of a handler of a post', async (t) => {
  const worker = await start(t, { stdio: ['ignore', 'inherit', 'pipe'] });
  assert.ok(worker.stderr);
  const lines = createInterface(worker.stderr);
  worker.post('fall', 'nobody waits for this');
  const [line] = (await once(lines, 'line')) as [string];
  assert.match(line, /the handler of the notification "fall" failed.*nobody waits for this/);
  assert.equal(await worker.send('fallen'), 1);
});

test('The worker only logs a post of an unknown type', async (t) => {
  const worker = await start<any>(t, { stdio: ['ignore', 'inherit', 'pipe'] });
  assert.ok(worker.stderr);
  const lines = createInterface(worker.stderr);
  worker.post('missing', 1);
  const [line] = (await once(lines, 'line')) as [string];
  assert.match(line, /no handler for the notification "missing"/);
  assert.equal(await worker.send('echo', 1), 1);
});

test('post throws at once for a payload that it cannot serialise', async (t) => {
  const worker = await start(t);
  assert.throws(() => worker.post('note', () => 1), { name: 'WorkerError', code: 'ERR_NOT_SERIALIZABLE' });
  assert.deepEqual(await worker.send('noted'), []);
});

test('post throws when the worker is closed', async (t) => {
  const worker = await start(t);
  await worker.close();
  assert.throws(() => worker.post('note', 1), { code: 'ERR_WORKER_CLOSED' });
});

test('Posts right before close arrive', async (t) => {
  const worker = await start(t, { stdio: ['ignore', 'pipe', 'inherit'] });
  assert.ok(worker.stdout);
  const lines: string[] = [];
  const reader = createInterface(worker.stdout).on('line', (line) => lines.push(line));
  const read = once(reader, 'close');
  for (let index = 0; index < 100; index++) worker.post('print', String(index));
  await worker.close();
  await read;
  assert.deepEqual(
    lines,
    Array.from({ length: 100 }, (_, index) => String(index)),
  );
});

test('Posts that wait in middleware of the host during close arrive', async (t) => {
  const worker = await start(t, { stdio: ['ignore', 'pipe', 'inherit'], middleware: () => delay<void>(20) });
  const output = text(worker.stdout!);
  worker.post('print', 'one');
  worker.post('print', 'two');
  await worker.close();
  assert.equal(await output, 'one\ntwo\n');
});

test('The worker handles posts that wait in its middleware during close', async (t) => {
  const worker = await start<any>(t, {
    script: fixture('middleware.mjs'),
    argv: ['slowFirst'],
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const output = text(worker.stdout!);
  worker.post('print', 'one');
  worker.post('print', 'two');
  await worker.close();
  assert.equal(await output, 'one\ntwo\n');
});

test('close waits for a handler that works on a post', async (t) => {
  const worker = await start<any>(t, { stdio: ['ignore', 'pipe', 'inherit'] });
  const output = text(worker.stdout!);
  worker.post('printLater', { ms: 100, line: 'finished' });
  await worker.close();
  assert.equal(await output, 'finished\n');
});
