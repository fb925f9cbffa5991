// A debugger attaches after the start and suspends timeouts. The tests use real inspectors and a real client.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import inspector from 'node:inspector';
import { createInterface } from 'node:readline';
import { after, describe, test, type TestContext } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';

import { ChildProcessDriver, createWorker, WorkerThreadsDriver } from 'isolated-workers';

import { DebugClient } from '../fixtures/debugging/client.mjs';
import { attach, files, nothingLeft } from '../fixtures/detached/support.mjs';
import { failure, type Loose } from '../fixtures/support.mjs';

const script = new URL('../fixtures/debugging/inspected.mjs', import.meta.url);
const drivers = { child_process: new ChildProcessDriver(), worker_threads: new WorkerThreadsDriver() };
const names = Object.keys(drivers) as (keyof typeof drivers)[];
/** How often it is looked whether a debugger is still there. */
const LOOK = 500;

after(() => assert.deepEqual(files(), [], 'sockets are left'));

async function start(t: TestContext, name: keyof typeof drivers, options: object = {}): Promise<any> {
  // SIGUSR1 opens a free port then.
  const process = name === 'child_process' ? { execArgv: ['--inspect-port=0'], stdio: 'ignore' } : {};
  const worker = await createWorker<Loose, any>({ script, driver: drivers[name], ...process, ...options } as never);
  t.after(() => worker.kill());
  return worker;
}

function openHere(t: TestContext): void {
  inspector.open(0);
  t.after(() => inspector.close());
}

async function debug(t: TestContext, url: string): Promise<DebugClient> {
  const client = await DebugClient.connect(url);
  t.after(() => client.close());
  return client;
}

/** Fails where one of them is settled before the time is over. */
async function assertPending(millis: number, requests: Promise<unknown>[]): Promise<void> {
  const settled = requests.map((request) => request.then(() => 'resolved', (error) => error.code)); // prettier-ignore
  assert.equal(await Promise.race([...settled, delay(millis, 'pending')]), 'pending');
}

async function lateAfter(since: number, request: Promise<unknown>): Promise<number> {
  const error = await failure(request);
  assert.equal(error.code, 'ERR_MESSAGE_TIMEOUT');
  return performance.now() - since;
}

for (const name of names) {
  describe(`A debugger of the host (${name})`, () => {
    test('suspends all timeouts, and a due request has its whole timeout after the debugger leaves', async (t) => {
      const worker = await start(t, name, { timeout: { message: 400, types: { later: 100 } } });
      openHere(t);
      const [general, perCall] = [worker.send('hang'), worker.send('hang', undefined, { timeout: 100 })];
      assert.equal(await worker.send('later', 300), 'late');
      await assertPending(600, [general, perCall]);
      // What is sent meanwhile is held, too.
      const meanwhile = worker.send('hang', undefined, { timeout: 200 });
      await assertPending(600, [general, perCall, meanwhile]);
      inspector.close();
      const closed = performance.now();
      const [first, second, third] = await Promise.all([general, perCall, meanwhile].map((each) => lateAfter(closed, each))); // prettier-ignore
      assert.ok(second! >= 95 && third! >= 195 && first! >= 195, `${first} ${second} ${third}`);
      assert.ok(Math.max(first!, second!, third!) < 400 + LOOK + 1500, `${first} ${second} ${third}`);
      // From then on timeouts count as ever.
      assert.ok((await lateAfter(performance.now(), worker.send('later', 60_000))) < 1500);
    });

    test('leaves a request that was not due the rest of its timeout', async (t) => {
      const worker = await start(t, name);
      const sent = performance.now();
      const long = worker.send('hang', undefined, { timeout: 1500 });
      const short = worker.send('hang', undefined, { timeout: 100 });
      openHere(t);
      await assertPending(2000, [long, short]);
      inspector.close();
      const closed = performance.now();
      await lateAfter(closed, short);
      assert.ok((await lateAfter(closed, long)) >= 1200, 'most of its time was left');
      assert.ok(performance.now() - sent >= 3200);
    });

    test('suspends no timeout where the environment forbids it', async (t) => {
      process.env['ISOLATED_WORKERS_TIMEOUTS'] = 'keep';
      const worker = await start(t, name).finally(() => delete process.env['ISOLATED_WORKERS_TIMEOUTS']);
      openHere(t);
      if (name === 'child_process') await worker.send('open');
      assert.ok((await lateAfter(performance.now(), worker.send('hang', undefined, { timeout: 50 }))) < 1500);
    });

    test('suspends the timeout of a start', async (t) => {
      const starting = start(t, name, { timeout: { startup: 700 }, script: new URL('../fixtures/faults/never.mjs', import.meta.url) }); // prettier-ignore
      await delay(1);
      openHere(t);
      await assertPending(1500, [starting]);
      inspector.close();
      const closed = performance.now();
      assert.equal((await failure(starting)).code, 'ERR_START_TIMEOUT');
      assert.ok(performance.now() - closed >= 650);
    });
  });
}

describe('A debugger of a worker process', () => {
  for (const how of ['SIGUSR1', 'inspector.open()']) {
    test(`that ${how} has let in stops the worker at a breakpoint, and no request times out`, async (t) => {
      const worker = await start(t, 'child_process');
      const hanging = worker.send('hang', undefined, { timeout: 700 });
      let url: string | undefined;
      if (how === 'SIGUSR1') process.kill(worker.pid, 'SIGUSR1');
      else url = await worker.send('open');
      while (url === undefined) url = await worker.send('url');
      const client = await debug(t, url);
      await client.ask('Debugger.enable');
      const paused = client.event('Debugger.paused');
      await client.ask('Debugger.pause');
      const echo = worker.send('echo', 1, { timeout: 100 });
      await paused;
      await assertPending(1500, [echo, hanging]);
      assert.equal((await worker.health({ blockedAfter: 500 })).state, 'blocked');
      await client.ask('Debugger.resume');
      assert.equal(await echo, 1);
      client.close();
      await worker.send('closeInspector');
      await lateAfter(performance.now(), hanging);
    });
  }

  test('suspends the timeouts of a busy worker', async (t) => {
    const worker = await start(t, 'child_process');
    const spun = worker.send('spin', 1500, { timeout: 400 });
    // It is on its way.
    await new Promise((resolve) => setImmediate(resolve));
    process.kill(worker.pid, 'SIGUSR1');
    assert.equal(await spun, 'spun');
  });

  test('that has left suspends nothing: a due request has its whole timeout', async (t) => {
    const worker = await start(t, 'child_process');
    await worker.send('open');
    const hanging = worker.send('hang', undefined, { timeout: 300 });
    await assertPending(900, [hanging]);
    await worker.send('closeInspector');
    assert.ok((await lateAfter(performance.now(), hanging)) >= 290);
  });

  test('that the script waits for suspends the timeout of the start', async (t) => {
    const options = {
      timeout: { startup: 1000 },
      argv: ['wait'],
      waitForReady: false,
      stdio: ['ignore', 'ignore', 'pipe'],
    };
    const worker = await start(t, 'child_process', options);
    const lines = createInterface(worker.stderr);
    let url: string | undefined;
    while (url === undefined) url = /ws:\S+/.exec((await once(lines, 'line'))[0])?.[0];
    const echo = worker.send('echo', 'started');
    await assertPending(1800, [echo]);
    const client = await debug(t, url);
    await client.ask('Runtime.runIfWaitingForDebugger');
    assert.equal(await echo, 'started');
  });

  test('of the detached worker of another host suspends the timeouts of a host that attaches later', async (t) => {
    const name = `debugged-${process.pid}`;
    const first = await start(t, 'child_process', { detached: true, name });
    await first.send('open');
    await first.disconnect();
    const second = await attach(t, { name, timeout: 100 } as never);
    const hanging = second.send('hang');
    await assertPending(900, [hanging]);
    await second.send('closeInspector');
    await lateAfter(performance.now(), hanging);
    await second.disconnect();
    await first.reconnect();
    await first.kill();
    await nothingLeft(first);
  });
});

test('A thread that stops at a breakpoint misses no timeout', async (t) => {
  const worker = await start(t, 'worker_threads');
  openHere(t);
  const client = await debug(t, inspector.url()!);
  const attached = client.event('NodeWorker.attachedToWorker');
  await client.ask('NodeWorker.enable', { waitForDebuggerOnStart: false });
  const { sessionId } = await attached;
  let count = 0;
  const tell = (method: string) =>
    client.ask('NodeWorker.sendMessageToWorker', { sessionId, message: JSON.stringify({ id: ++count, method }) });
  const paused = new Promise<void>((resolve) => {
    client.on('NodeWorker.receivedMessageFromWorker', ({ message }) => {
      if (JSON.parse(message).method === 'Debugger.paused') resolve();
    });
  });
  await tell('Debugger.enable');
  await tell('Debugger.pause');
  const echo = worker.send('echo', 1, { timeout: 100 });
  await paused;
  await assertPending(1500, [echo]);
  await tell('Debugger.resume');
  assert.equal(await echo, 1);
  client.close();
});
