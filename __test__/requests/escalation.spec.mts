// The handler of a cancelled request goes on in a worker process.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test, type TestContext } from 'node:test';

import { createWorker, type WorkerClient, WorkerCrashedError, type WorkerExit } from 'isolated-workers';

import { failure, fixture, isAlive } from '../fixtures/support.mjs';

async function start(t: TestContext, startupData?: unknown): Promise<WorkerClient<any>> {
  const worker = await createWorker<any>({ script: fixture('heedless.mjs'), startupData, logLevel: 'error' });
  t.after(() => worker.kill());
  return worker;
}

/** Sends a request and aborts it when the worker is at it. */
async function abort(worker: WorkerClient<any>, type: string, escalate: object): Promise<void> {
  const controller = new AbortController();
  const aborted = failure(worker.send(type, undefined, { signal: controller.signal, escalate }));
  if (type !== 'spin') await worker.send('echo', 1);
  controller.abort(new Error('no longer needed'));
  assert.equal((await aborted).message, 'no longer needed');
}

async function endOf(worker: WorkerClient<any>): Promise<WorkerExit> {
  const [exit] = (await once(worker as never, 'exit')) as [WorkerExit];
  return exit;
}

for (const [how, send] of [
  ['late', (worker: any) => failure(worker.send('tells', undefined, { timeout: 50 }))],
  ['late, with the thread blocked,', async (worker: any) => failure(new Promise(() => worker.sendSync('tells', undefined, { timeout: 50 })))], // prettier-ignore
] as const) {
  test(`The handler of a request that is ${how} learns of it at once, with no other message`, async (t) => {
    let onOutput: (line: string) => void = () => {};
    const told = new Promise<string>((resolve) => (onOutput = resolve));
    const script = fixture('heedless.mjs');
    const worker = await createWorker<any>({ script, onOutput: (line) => onOutput(line) });
    t.after(() => worker.kill());
    worker.ref();
    assert.equal((await send(worker)).code, 'ERR_MESSAGE_TIMEOUT');
    assert.equal(await told, 'aborted');
  });
}

test('The host terminates it on schedule, and its other requests reject with its exit', async (t) => {
  const worker = await start(t);
  const other = failure(worker.send('wait'));
  const ended = endOf(worker);
  await abort(worker, 'wait', { terminateAfter: 50, killAfter: 60_000 });
  assert.deepEqual((await ended).reason, { type: 'exit', code: null, signal: 'SIGTERM' });
  const error = await other;
  assert.ok(error instanceof WorkerCrashedError, String(error));
  assert.equal(error.messageType, 'wait');
});

for (const [what, type] of [
  ['ignores SIGTERM', 'wait'],
  ['ignores SIGTERM and spins', 'spin'],
] as const) {
  test(`The host kills it in the end where it ${what}`, async (t) => {
    const worker = await start(t, { ignoresTerm: true });
    const { pid } = worker;
    const ended = endOf(worker);
    await abort(worker, type, { terminateAfter: 20, killAfter: 200 });
    assert.deepEqual(await ended, { pid, reason: { type: 'exit', code: null, signal: 'SIGKILL' } });
    assert.equal(isAlive(pid), false);
  });
}

test('The host leaves it alone where the handler ends in time, and so does the next request', async (t) => {
  const worker = await start(t);
  const { pid } = worker;
  for (let round = 0; round < 20; round++) await abort(worker, 'heeds', { terminateAfter: 2000, killAfter: 2000 });
  const late = worker.send('heeds', undefined, { timeout: 20, escalate: { killAfter: 2000 } });
  assert.equal((await failure(late)).code, 'ERR_MESSAGE_TIMEOUT');
  assert.equal(await worker.send('echo', 2), 2);
  assert.equal(worker.pid, pid);
  await worker.close();
});
