// The standard input of a worker process.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';

import { WorkerThreadsDriver } from 'isolated-workers/drivers/worker-threads';

import { fixture, type Loose, start } from '../../fixtures/support.mjs';

const script = fixture('reads-input');

test('What the host writes to a piped standard input arrives, up to its end', async (t) => {
  const worker = await start<Loose>(t, { script, stdio: ['pipe', 'inherit', 'inherit'] });
  const answer = worker.send('input');
  worker.stdin!.write('first ');
  worker.stdin!.end('second');
  assert.equal(await answer, 'first second');
});

test('An input that is not piped is null, and ends at once', async (t) => {
  const worker = await start<Loose>(t, { script });
  assert.equal(worker.stdin, null);
  assert.equal(await worker.send('input'), '');
});

test('What the host writes to the standard input of a thread arrives, if the option `stdin` asks for it', async (t) => {
  const worker = await start<Loose>(t, {
    script,
    driver: WorkerThreadsDriver,
    driverOptions: { stdin: true },
  } as never);
  const answer = worker.send('input');
  worker.stdin!.write('first ');
  worker.stdin!.end('second');
  assert.equal(await answer, 'first second');
});

test('The standard input of a thread is null without the option, and ends at once', async (t) => {
  const worker = await start<Loose>(t, { script, driver: WorkerThreadsDriver } as never);
  assert.equal(worker.stdin, null);
  assert.equal(await worker.send('input'), '');
});

test('To write to a worker that has ended is no error that ends the host', async (t) => {
  const worker = await start<Loose>(t, { script, stdio: ['pipe', 'inherit', 'inherit'] });
  const { stdin } = worker;
  await worker.kill();
  const failed = new Promise((resolve) => stdin!.write('late', resolve));
  assert.ok((await failed) instanceof Error);
  if (!stdin!.destroyed) await once(stdin!, 'close');
});
