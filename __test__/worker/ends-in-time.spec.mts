// Nothing delays the end of a worker or of its host.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { describe, test, type TestContext } from 'node:test';
import { promisify } from 'node:util';

import { createWorker, InProcessDriver, type WorkerClient, WorkerThreadsDriver } from 'isolated-workers';

import { failure, type Loose } from '../fixtures/faults/support.mjs';
import { forkDriver } from '../fixtures/fork-driver.mjs';
import { eventually } from '../fixtures/lives/support.mjs';
import { fixture } from '../fixtures/support.mjs';

const run = promisify(execFile);
/** Far above what an end takes on a busy machine, and far below what would hold it up. */
const LONG = 60_000;

const drivers = {
  'a process': undefined,
  'a thread': WorkerThreadsDriver,
  'a module of the host': InProcessDriver,
  'a worker of a user’s driver': forkDriver,
};

async function startWith(t: TestContext, driver: unknown) {
  const told: { type: string; payload: any }[] = [];
  const worker = await createWorker<Loose>({
    script: fixture('ends/worker.mjs'),
    driver,
    handlers: {
      began: (payload: unknown) => void told.push({ type: 'began', payload }),
      aborted: (payload: unknown) => void told.push({ type: 'aborted', payload }),
    },
    logLevel: 'silent',
  } as never);
  t.after(() => (worker as WorkerClient<Loose>).kill());
  const begun = (name: string) =>
    eventually(`${name} has begun`, () => told.some(({ type, payload }) => type === 'began' && payload === name));
  return { worker: worker as WorkerClient<Loose>, told, begun };
}

for (const [name, driver] of Object.entries(drivers)) {
  describe(name, () => {
    test('close({ pending: "reject" }) aborts the signals of handlers', async (t) => {
      const { worker, told, begun } = await startWith(t, driver);
      const lost = [failure(worker.send('heed', 'request')), failure(worker.send('heed', 'other'))];
      const stream = (worker as any).stream('heedStream', 'stream')[Symbol.asyncIterator]();
      assert.equal((await stream.next()).value, 0);
      lost.push(failure(stream.next() as Promise<unknown>));
      await begun('request');
      await begun('other');
      // They end because their signals were aborted, and not because of a timeout.
      const reason = await worker.close({ pending: 'reject', timeout: LONG });
      assert.notEqual(reason.type === 'exit' && reason.signal, 'SIGTERM');
      for (const error of await Promise.all(lost)) assert.equal(error.code, 'ERR_WORKER_CLOSED');
      const aborted = told.filter(({ type }) => type === 'aborted').map(({ payload }) => payload);
      assert.deepEqual(aborted.map((each) => each.name).toSorted(), ['other', 'request', 'stream']);
      for (const { code } of aborted) assert.equal(code, 'ERR_CANCELLED');
    });

    test('a handler of a late or cancelled request does not delay close()', async (t) => {
      const { worker, begun } = await startWith(t, driver);
      const late = failure(worker.send('hang', 'late', { timeout: 200 }));
      const controller = new AbortController();
      const left = failure(worker.send('hang', 'left', { signal: controller.signal }));
      await begun('late');
      await begun('left');
      controller.abort();
      assert.equal((await late).code, 'ERR_MESSAGE_TIMEOUT');
      assert.equal((await left).name, 'AbortError');
      const reason = await worker.close({ timeout: LONG });
      assert.notEqual(reason.type === 'exit' && reason.signal, 'SIGTERM');
    });

    test('close({ pending: "reject" }) waits for no handler that ignores its signal', async (t) => {
      const { worker, begun } = await startWith(t, driver);
      const lost = failure(worker.send('hang', 'request'));
      await begun('request');
      await worker.close({ pending: 'reject', timeout: LONG });
      assert.equal((await lost).code, 'ERR_WORKER_CLOSED');
    });
  });
}

test('A request that waits for its escalation does not delay close()', async (t) => {
  const { worker, begun } = await startWith(t, undefined);
  const controller = new AbortController();
  const escalate = { terminateAfter: LONG };
  const left = failure(worker.send('hang', 'left', { signal: controller.signal, escalate }));
  await begun('left');
  controller.abort();
  await left;
  assert.deepEqual(await worker.close({ timeout: LONG }), { type: 'exit', code: 0, signal: null });
});

for (const end of ['close', 'terminate', 'kill', 'crash']) {
  for (const options of [{ stdio: 'pipe' }, { stdio: ['ignore', 'ignore', 'pipe'] }, { name: 'told' }]) {
    const title = `a program that a worker with ${JSON.stringify(options)} leaves behind holds up neither ${end} nor the host`;
    test(title, async (t) => {
      const args = [fixture('ends/left-behind.mjs').pathname, end, JSON.stringify(options)];
      // Its own output is a file: the program that is left behind must not hold up this test either.
      const { stdout } = await run(process.execPath, args, { timeout: LONG });
      t.after(() => process.kill(Number(stdout), 'SIGKILL'));
    });
  }
}

test('close() of a worker that ignores it ends before the hook of a test runner times out', async (t) => {
  const { worker, begun } = await startWith(t, undefined);
  const lost = failure(worker.send('hang', 'request'));
  await begun('request');
  const before = performance.now();
  assert.deepEqual(await worker.close(), { type: 'exit', code: null, signal: 'SIGTERM' });
  // Five seconds are the hook's; the rest of them is for SIGKILL and for the output.
  assert.ok(performance.now() - before < 4000);
  assert.equal((await lost).code, 'ERR_WORKER_CLOSED');
});
