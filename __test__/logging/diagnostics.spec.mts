// The package reports events by `node:diagnostics_channel`.
import assert from 'node:assert/strict';
import diagnostics from 'node:diagnostics_channel';
import { test, type TestContext } from 'node:test';

import { createWorker, WorkerCrashedError } from 'isolated-workers';

import { failure, fixture, type Messages, start } from '../fixtures/support.mjs';

const names = ['start', 'send', 'result', 'error', 'crash', 'close'];

/** Collects what is told from here on. */
function listen(t: TestContext) {
  const told: [event: string, details: any][] = [];
  for (const name of names) {
    const listener = (details: unknown) => void told.push([name, details]);
    diagnostics.subscribe(`isolated-workers:${name}`, listener);
    t.after(() => diagnostics.unsubscribe(`isolated-workers:${name}`, listener));
  }
  return told;
}

test('diagnostics_channel reports the start, messages and end of a worker in order', async (t) => {
  const told = listen(t);
  const worker = await start(t, { name: 'teller' });
  const { pid } = worker;
  await worker.send('echo', 1);
  const error = await failure(worker.send('fall', 'over'));
  worker.post('note', 2);
  await worker.close();
  assert.deepEqual(
    told.map(([event]) => event),
    ['start', 'send', 'result', 'send', 'error', 'send', 'close'],
  );
  const [begun, sent, result, , failed, posted, closed] = told.map(([, details]) => details);
  assert.deepEqual(begun, { worker: 'teller', pid, driver: 'child_process' });
  assert.deepEqual(sent, { worker: 'teller', kind: 'request', type: 'echo', payload: 1 });
  assert.equal(result.message, sent);
  assert.equal(result.result, 1);
  assert.ok(result.millis > 0);
  assert.equal(failed.message.type, 'fall');
  assert.equal(failed.error, error);
  assert.deepEqual(posted, { worker: 'teller', kind: 'notification', type: 'note', payload: 2 });
  assert.equal(closed.worker, 'teller');
  assert.equal(closed.reason.type, 'exit');
});

test('diagnostics_channel reports a crash before the exit, and failed requests', async (t) => {
  const told = listen(t);
  const worker = await createWorker<Messages>({ script: fixture('echo.mjs') });
  const sent = failure(worker.send('later', { ms: 60_000, value: 1 }));
  process.kill(worker.pid!, 'SIGKILL');
  const error = await sent;
  await worker.close();
  const events = told.map(([event]) => event);
  assert.deepEqual(
    events.filter((event) => event !== 'error'),
    ['start', 'send', 'crash', 'close'],
  );
  const crash = told.find(([event]) => event === 'crash')![1];
  assert.ok(crash.error instanceof WorkerCrashedError && error instanceof WorkerCrashedError);
  assert.equal(told.find(([event]) => event === 'error')![1].error, error);
});

test('A subscriber of outcomes alone gets the messages with them', async (t) => {
  const worker = await start(t);
  const told: any[] = [];
  const listener = (details: unknown) => void told.push(details);
  diagnostics.subscribe('isolated-workers:result', listener);
  t.after(() => diagnostics.unsubscribe('isolated-workers:result', listener));
  await worker.send('echo', 'x');
  assert.deepEqual(told[0].message, { worker: 'echo.mjs', kind: 'request', type: 'echo', payload: 'x' });
});

test('An unhandled rejection stays unhandled while a subscriber listens', async (t) => {
  listen(t);
  const worker = await start(t);
  const before = process.listeners('unhandledRejection');
  process.removeAllListeners('unhandledRejection');
  const unhandled = new Promise((resolve) => process.once('unhandledRejection', resolve));
  t.after(() => before.forEach((listener) => process.on('unhandledRejection', listener)));
  void worker.send('fall', 'unheard');
  assert.equal(((await unhandled) as Error).message, 'unheard');
});
