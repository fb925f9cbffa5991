// Notifications.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';

import { fixture, start } from './fixtures/support.mjs';

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

test('posts and requests arrive in the order in which they were sent', async (t) => {
  const worker = await start(t);
  for (let index = 0; index < 200; index++) {
    if (index % 3 === 0) void worker.send('note', index);
    else worker.post('note', index);
  }
  assert.deepEqual(await worker.send('noted'), [...Array(200).keys()]);
});

test('a handler that fails for a post is only logged, in the worker', async (t) => {
  const worker = await start(t, { stdio: ['ignore', 'inherit', 'pipe'] });
  assert.ok(worker.stderr);
  const lines = createInterface(worker.stderr);
  worker.post('fall', 'nobody waits for this');
  const [line] = (await once(lines, 'line')) as [string];
  assert.match(line, /the handler of the notification "fall" failed.*nobody waits for this/);
  assert.equal(await worker.send('fallen'), 1);
});

test('a post of an unknown type is only logged, in the worker', async (t) => {
  const worker = await start<any>(t, { stdio: ['ignore', 'inherit', 'pipe'] });
  assert.ok(worker.stderr);
  const lines = createInterface(worker.stderr);
  worker.post('missing', 1);
  const [line] = (await once(lines, 'line')) as [string];
  assert.match(line, /no handler for the notification "missing"/);
  assert.equal(await worker.send('echo', 1), 1);
});

test('post throws at once when the payload cannot be serialised', async (t) => {
  const worker = await start(t);
  assert.throws(() => worker.post('note', 1n), { name: 'WorkerError', code: 'ERR_NOT_SERIALIZABLE' });
  assert.deepEqual(await worker.send('noted'), []);
});

test('post throws when the worker is closed', async (t) => {
  const worker = await start(t);
  await worker.close();
  assert.throws(() => worker.post('note', 1), { code: 'ERR_WORKER_CLOSED' });
});

test('posts sent just before close arrive', async (t) => {
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

test('posts that wait in asynchronous middleware of the host when it closes the worker arrive', async (t) => {
  const worker = await start(t, { stdio: ['ignore', 'pipe', 'inherit'], middleware: () => delay<void>(20) });
  const output = text(worker.stdout!);
  worker.post('print', 'one');
  worker.post('print', 'two');
  await worker.close();
  assert.equal(await output, 'one\ntwo\n');
});

test('posts that wait in asynchronous middleware of the worker when it is closed are handled', async (t) => {
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

test('a handler that still works on a post when the worker is closed may finish', async (t) => {
  const worker = await start<any>(t, { stdio: ['ignore', 'pipe', 'inherit'] });
  const output = text(worker.stdout!);
  worker.post('printLater', { ms: 100, line: 'finished' });
  await worker.close();
  assert.equal(await output, 'finished\n');
});
