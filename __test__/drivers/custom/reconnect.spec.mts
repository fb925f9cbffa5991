// A host disconnects from the worker of a custom driver, and reconnects to it.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { describe, test, type TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';

import { createWorker, defineWorkerDriver, type Driver, type DriverChannel } from 'isolated-workers';

import { MemoryChannel } from '../../fixtures/drivers/custom/memory-driver.mjs';
import { failure, type Loose, RecordingLogger } from '../../fixtures/drivers/support.mjs';
import { record } from '../../fixtures/lives/support.mjs';
import { gone } from '../../fixtures/processes.mjs';
import { reconnectingDriver } from '../../fixtures/reconnecting-driver/driver.mjs';
import { fixture } from '../../fixtures/support.mjs';

const script = fixture('reconnecting-driver/worker.mjs');

async function start(t: TestContext, options: object = {}) {
  const worker = await createWorker<Loose, typeof reconnectingDriver>({ script, driver: reconnectingDriver, ...options }); // prettier-ignore
  t.after(() => worker.close());
  return worker;
}

describe('A custom driver that can reconnect', () => {
  test('finds the same worker with its state, any number of times', async (t) => {
    const worker = await start(t, { startupData: 'kept' });
    const { pid } = worker;
    for (let round = 1; round <= 20; round++) {
      assert.equal(await worker.send('count', 0), round);
      await worker.disconnect();
      assert.deepEqual([worker.isActive, worker.isConnected], [false, false]);
      await worker.reconnect();
      assert.deepEqual([worker.isActive, worker.isConnected, worker.pid], [true, true, pid]);
    }
    assert.equal(await worker.send('pid', 0), pid);
    assert.equal(await worker.send('isConnected', 0), true);
    assert.equal(await worker.send('startupData', 0), 'kept');
  });

  test('rejects requests in flight, and requests that the host sends while disconnected', async (t) => {
    const worker = await start(t);
    const held = failure(worker.send('hold', 'before'));
    await worker.send('count', 0);
    await worker.disconnect();
    for (const error of [await held, await failure(worker.send('count', 0))]) {
      assert.equal(error.code, 'ERR_WORKER_DISCONNECTED');
    }
    await worker.reconnect();
    const again = worker.send('hold', 'after');
    assert.equal(await worker.send('release', 0), 2);
    assert.equal(await again, 'after');
  });

  test('emits each event once', async (t) => {
    const worker = await start(t);
    const { names } = record(worker as never);
    await worker.disconnect();
    await worker.disconnect();
    await Promise.all([worker.reconnect(), worker.reconnect()]);
    await worker.reconnect();
    await worker.send('count', 0);
    assert.deepEqual(names(), ['disconnect', 'reconnect']);
  });

  test('lets the worker see that its host has left', async (t) => {
    const worker = await start(t);
    void failure(worker.send('watch', 0));
    await worker.send('count', 0);
    await worker.disconnect();
    await worker.reconnect();
    assert.deepEqual(await worker.send('seen', 0), ['disconnected']);
  });

  test('counts a worker as alive while it is disconnected', async (t) => {
    const worker = await start(t);
    await worker.disconnect();
    assert.deepEqual(await worker.health(), { state: 'alive' });
    await worker.kill();
    assert.deepEqual(await worker.health(), { state: 'gone' });
  });

  test('closes a disconnected worker in good order', async (t) => {
    const worker = await start(t);
    await worker.disconnect();
    assert.deepEqual(await worker.close(), { type: 'exit', code: 0, signal: null });
    assert.equal((await failure(worker.reconnect())).code, 'ERR_WORKER_CLOSED');
  });

  test('reports the crash of a worker that ends while disconnected', async (t) => {
    const worker = await start(t);
    const crashed = new Promise<any>((resolve) => worker.ref().once('crash', resolve));
    worker.post('exitLater', 20);
    await worker.disconnect();
    assert.deepEqual((await crashed).reason, { type: 'exit', code: 7, signal: null });
    assert.equal((await failure(worker.reconnect())).code, 'ERR_WORKER_CRASHED');
  });

  test('reports the crash of a worker that ends after the reconnect', async (t) => {
    const worker = await start(t);
    await worker.disconnect();
    await worker.reconnect();
    const held = failure(worker.send('hold', 0));
    worker.post('exitLater', 0);
    const error = await held;
    assert.deepEqual([error.code, error.reason.code], ['ERR_WORKER_CRASHED', 7]);
  });

  test('with retries starts another worker in place of one that has ended meanwhile', async (t) => {
    const worker = await start(t, { unexpectedShutdown: { strategy: 'retry', attempts: 2 } });
    assert.equal(await worker.send('count', 0), 1);
    const exited = new Promise((resolve) => worker.ref().once('exit', resolve));
    worker.post('exitLater', 0);
    await worker.disconnect();
    await exited;
    await worker.reconnect();
    assert.equal(await worker.send('count', 0), 1);
    await worker.disconnect();
    await worker.reconnect();
    assert.equal(await worker.send('count', 0), 2);
  });

  for (const mode of ['ends', 'stays']) {
    test(`leaves no worker behind: the host ${mode} while it is disconnected`, async (t) => {
      const args = [fileURLToPath(fixture('reconnecting-driver/host.mjs')), mode];
      const host = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
      t.after(() => host.kill('SIGKILL'));
      const exited = once(host, 'exit');
      const [line] = await once(createInterface(host.stdout), 'line');
      if (mode === 'stays') host.kill('SIGKILL');
      assert.deepEqual(await exited, mode === 'stays' ? [null, 'SIGKILL'] : [0, null]);
      await gone(Number(line));
    });
  }
});

/** A driver in memory whose workers the test plays; `steps` may replace what it does. */
function played(steps: Partial<Pick<Driver, 'disconnect' | 'reconnect'>> = {}) {
  const channels = [new MemoryChannel()];
  const calls: string[] = [];
  const index = (channel: DriverChannel) => channels.indexOf(channel as MemoryChannel);
  const driver = defineWorkerDriver({
    name: 'played',
    spawn: async (): Promise<DriverChannel> => channels[0]!,
    disconnect(channel) {
      calls.push(`${this.name} disconnect ${index(channel)}`);
      return steps.disconnect?.(channel);
    },
    reconnect(channel) {
      calls.push(`${this.name} reconnect ${index(channel)}`);
      if (steps.reconnect !== undefined) return steps.reconnect(channel);
      return channels[channels.push(new MemoryChannel()) - 1]!;
    },
  });
  return { driver, channels, calls };
}

async function startPlayed(t: TestContext, driver: unknown, options: object = {}) {
  const worker = await createWorker<Loose, any>({ script, driver, ...options } as never);
  t.after(() => worker.close({ timeout: 50 }));
  return worker as typeof worker & { disconnect(): Promise<void>; reconnect(): Promise<void> };
}

describe('disconnect() and reconnect() of a driver', () => {
  test('run with the channel of the moment', async (t) => {
    const { driver, calls } = played();
    const worker = await startPlayed(t, driver);
    for (let round = 0; round < 2; round++) {
      await worker.disconnect();
      await worker.reconnect();
    }
    assert.equal(await worker.send('echo', 1), 1);
    const expected = [0, 1].flatMap((at) => [`played disconnect ${at}`, `played reconnect ${at}`]);
    assert.deepEqual(calls, expected);
  });

  test('run one after the other, however long they take', async (t) => {
    let release!: () => void;
    const { driver, calls } = played({ disconnect: () => new Promise<void>((resolve) => (release = resolve)) });
    const worker = await startPlayed(t, driver);
    const left = worker.disconnect();
    const back = worker.reconnect();
    await new Promise((resolve) => setImmediate(resolve));
    assert.deepEqual(calls, ['played disconnect 0']);
    release();
    await Promise.all([left, back]);
    assert.deepEqual(calls, ['played disconnect 0', 'played reconnect 0']);
    assert.equal(await worker.send('echo', 1), 1);
  });

  test('ignore the messages of the old channel', async (t) => {
    const { driver, channels } = played();
    const worker = await startPlayed(t, driver);
    await worker.disconnect();
    await worker.reconnect();
    channels[0]!.end({ type: 'close' });
    channels[0]!.deliver({ type: 'echoResult', kind: 'result', tx: 'x' });
    assert.equal(await worker.send('echo', 1), 1);
    channels[1]!.end({ type: 'exit', code: 3, signal: null });
    assert.equal((await failure(worker.send('echo', 2))).code, 'ERR_WORKER_CRASHED');
  });

  for (const method of ['disconnect', 'reconnect'] as const) {
    for (const how of ['throws', 'rejects']) {
      test(`reject with the cause when ${method} ${how}, and the next reconnect() may succeed`, async (t) => {
        const cause = new Error('no such cable');
        let fails = true;
        const fail = (): any => {
          if (how === 'throws') throw cause;
          return Promise.reject(cause);
        };
        const next = new MemoryChannel();
        const { driver } = played(
          method === 'disconnect'
            ? { disconnect: fail }
            : { reconnect: () => (fails ? fail() : Promise.resolve(next)) },
        );
        const worker = await startPlayed(t, driver);
        const [left, back] = [await Promise.allSettled([worker.disconnect()]), await Promise.allSettled([method === 'reconnect' && worker.reconnect()])]; // prettier-ignore
        const [outcome] = method === 'disconnect' ? left : back;
        const error = outcome.status === 'rejected' ? outcome.reason : assert.fail('it resolved');
        assert.deepEqual([error.code, error.cause], ['ERR_DRIVER_FAILED', cause]);
        assert.match(error.message, new RegExp(`"played" could not ${method}: no such cable`));
        assert.equal((await failure(worker.send('echo', 1))).code, 'ERR_WORKER_DISCONNECTED');
        fails = false;
        await worker.reconnect();
        assert.equal(await worker.send('echo', 2), 2);
      });
    }
  }

  test('reject when reconnect does not settle, and disconnect a late channel', async (t) => {
    const late = new MemoryChannel();
    const disconnected: DriverChannel[] = [];
    let settle!: (channel: DriverChannel) => void;
    let times = 0;
    const { driver } = played({
      disconnect: (channel) => void disconnected.push(channel),
      reconnect: () => (times++ === 0 ? new Promise((resolve) => (settle = resolve)) : new MemoryChannel()),
    });
    const worker = await startPlayed(t, driver, { timeout: { startup: 50 } });
    await worker.disconnect();
    const error = await failure(worker.reconnect());
    assert.equal(error.code, 'ERR_CONNECT_TIMEOUT');
    assert.match(error.message, /50 ms/);
    settle(late);
    await worker.reconnect();
    assert.equal(await worker.send('echo', 1), 1);
    assert.deepEqual([disconnected.length, disconnected[1] === late], [2, true]);
  });

  test('disconnect again a worker that does not answer after reconnect()', async (t) => {
    const mute = new MemoryChannel();
    mute.answer = () => {};
    const { driver, calls } = played({ reconnect: () => mute });
    const worker = await startPlayed(t, driver, { timeout: { startup: 50 } });
    await worker.disconnect();
    assert.equal((await failure(worker.reconnect())).code, 'ERR_CONNECT_TIMEOUT');
    assert.equal(worker.isActive, false);
    assert.deepEqual(calls, ['played disconnect 0', 'played reconnect 0', 'played disconnect -1']);
  });

  for (const [what, value] of Object.entries({ nothing: undefined, 'no channel': {}, 'the old one': 'old' })) {
    test(`reject when reconnect gives ${what}`, async (t) => {
      const { driver } = played({ reconnect: (channel) => (value === 'old' ? channel : (value as never)) });
      const worker = await startPlayed(t, driver, { logger: new RecordingLogger() });
      await worker.disconnect();
      const error = await failure(worker.reconnect());
      assert.equal(error.code, 'ERR_DRIVER_FAILED');
      assert.match(error.message, /reconnect\(\) must return a/);
    });
  }

  test('wait until the worker has served; disconnect() runs as soon as it does', async (t) => {
    const channel = new MemoryChannel();
    let serve!: () => void;
    channel.answer = (message) => {
      serve = () => MemoryChannel.prototype.answer.call(channel, message);
    };
    let tell!: () => void;
    const disconnected = new Promise<void>((resolve) => (tell = resolve));
    const { driver, channels, calls } = played({ disconnect: () => tell() });
    channels[0] = channel;
    const worker = await startPlayed(t, driver, { waitForReady: false });
    await worker.disconnect();
    assert.deepEqual(calls, []);
    serve();
    await disconnected;
    assert.deepEqual(calls, ['played disconnect 0']);
    await worker.reconnect();
    assert.equal(await worker.send('echo', 1), 1);
  });

  for (const missing of ['disconnect', 'reconnect'] as const) {
    test(`are both required: a driver whose capabilities promise them without ${missing}() starts no worker`, async () => {
      const channel = new MemoryChannel();
      const capabilities = { reconnect: true, detach: false, sharedMemory: false };
      const methods = { disconnect() {}, reconnect: () => channel, [missing]: undefined };
      const driver = { name: 'half', capabilities, spawn: async () => channel, ...methods };
      const error = await failure(createWorker({ script, driver } as never));
      assert.equal(error.code, 'ERR_DRIVER_FAILED');
      assert.match(error.message, new RegExp(`"half".*no ${missing}\\(\\)`));
      assert.deepEqual(channel.calls, ['terminate SIGKILL']);
    });
  }
});
