// Custom drivers: the shapes that createWorker accepts, and how their workers start and end.
import assert from 'node:assert/strict';
import path from 'node:path';
import { describe, test, type TestContext } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Worker as Thread } from 'node:worker_threads';

import {
  ChildProcessDriver,
  createWorker,
  defineWorkerDriver,
  type DriverChannel,
  type DriverMessage,
  startWorkerServer,
  WorkerError,
  WorkerThreadsDriver,
} from 'isolated-workers';

import { capabilities, MemoryChannel, memoryDriver } from '../../fixtures/drivers/custom/memory-driver.mjs';
import { failure, fixture, type Loose, RecordingLogger, startBy } from '../../fixtures/drivers/support.mjs';
import { fixture as plain } from '../../fixtures/support.mjs';
import { gone } from '../../fixtures/processes.mjs';

type ProcessChannel = Awaited<ReturnType<ChildProcessDriver['spawn']>>;

const script = fixture('worker');

async function startIn(t: TestContext, channel: MemoryChannel, options: object = {}) {
  const worker = await createWorker<Loose, any>({ script, driver: memoryDriver(channel), ...options } as never);
  t.after(() => worker.close({ timeout: 50 }));
  return worker;
}

describe('spawn() of a driver', () => {
  for (const how of ['throws', 'rejects']) {
    test(`that ${how} fails createWorker with the cause`, async () => {
      const cause = new Error('no more machines');
      const spawn = () => {
        if (how === 'throws') throw cause;
        return Promise.reject(cause);
      };
      const error = await failure(createWorker({ script, driver: { name: 'mine', capabilities, spawn } }));
      assert.equal(error.code, 'ERR_WORKER_SPAWN_FAILED');
      assert.equal(error.cause, cause);
      assert.match(error.message, /"mine".*no more machines/);
    });
  }

  for (const [what, given, taken, name] of [
    ['a name on another machine', 'build-7/indexer', 'build-7/indexer', 'indexer'],
    ['an image', 'registry.example/app:1.2', 'registry.example/app:1.2', 'app:1.2'],
    ['a relative path', './worker.js', './worker.js', 'worker.js'],
    ['source text', 'let a = 1;\nserve(a);', 'let a = 1;\nserve(a);', 'mine'],
    ['an address', new URL('ssh://build-7/srv/worker.js'), 'ssh://build-7/srv/worker.js', 'worker.js'],
    ['the URL of a file', new URL('file:///srv/no%20such/worker.js'), '/srv/no such/worker.js', 'worker.js'],
    ['the URL of a file as text', 'file:///srv/worker.js', 'file:///srv/worker.js', 'worker.js'],
  ] as [string, string | URL, string, string][]) {
    test(`receives a script that is ${what}, and the library looks for no file`, async (t) => {
      const channel = new MemoryChannel();
      let seen: string | undefined;
      const spawn = async (asked: string) => ((seen = asked), channel);
      const driver = { name: 'mine', capabilities, spawn };
      const worker = await createWorker<Loose, any>({ script: given, driver } as never);
      t.after(() => worker.close({ timeout: 50 }));
      assert.deepEqual([seen, worker.name], [taken, name]);
    });
  }

  test('may pass a relative path to a driver of the library, which finds the file', async (t) => {
    const inner = new WorkerThreadsDriver();
    const driver = defineWorkerDriver({ name: 'mine', spawn: (file: string) => inner.spawn(file, {}) });
    const relative = path.relative(process.cwd(), fileURLToPath(script));
    const worker = await createWorker<Loose, any>({ script: relative, driver } as never);
    t.after(() => worker.close());
    assert.equal(await worker.send('echo', 1), 1);
    const error = await failure(createWorker<Loose, any>({ script: './missing.js', driver } as never));
    assert.equal(error.code, 'ERR_SCRIPT_NOT_FOUND');
  });

  test('that never settles fails at the start timeout, and the library ends a late channel', async () => {
    const channel = new MemoryChannel();
    const ended = new Promise((resolve) => channel.once('close', resolve));
    let settle!: (channel: MemoryChannel) => void;
    const spawn = () => new Promise<MemoryChannel>((resolve) => (settle = resolve));
    const driver = { name: 'mine', capabilities, spawn };
    const error = await failure(createWorker({ script, driver, timeout: { startup: 50 } }));
    assert.ok(error instanceof WorkerError);
    assert.deepEqual([error.code, error.phase], ['ERR_START_TIMEOUT', 'startup']);
    settle(channel);
    await ended;
    assert.deepEqual(channel.calls, ['terminate SIGKILL']);
  });

  test('that resolves too late leaves no process of the library behind', async () => {
    let late!: Promise<ProcessChannel>;
    const driver = {
      name: 'mine',
      capabilities,
      async spawn(file: string): Promise<ProcessChannel> {
        late = delay(100).then(() => new ChildProcessDriver().spawn(file, { stdio: 'ignore' }));
        return late;
      },
    };
    const error = await failure(createWorker({ script, driver, timeout: { startup: 10 } }));
    assert.equal(error.code, 'ERR_START_TIMEOUT');
    await gone((await late).pid);
  });

  const partial = new MemoryChannel();
  for (const [what, value] of Object.entries({
    undefined,
    null: null,
    'a number': 7,
    'an object': {},
    'something that says it is of the library': { isCore: true },
    'send alone': { send() {} },
    'a channel without onClose': { send: partial.send, onMessage: partial.onMessage, onError: partial.onError, close: partial.close }, // prettier-ignore
  })) {
    test(`that resolves with a wrong value fails createWorker: ${what}`, async () => {
      const error = await failure(createWorker({ script, driver: memoryDriver(value) }));
      assert.equal(error.code, 'ERR_DRIVER_FAILED');
      assert.match(error.message, /"memory"/);
    });
  }

  test('may return the channel of a driver of the library', async (t) => {
    const started: string[] = [];
    for (const [inner, kind] of [
      [new ChildProcessDriver(), false],
      [new WorkerThreadsDriver(), true],
    ] as const) {
      // prettier-ignore
      const driver = {
        name: 'recording',
        capabilities: inner.capabilities,
        async spawn(file: string, options: object) {
          started.push(file);
          return inner.spawn(file, options as never);
        },
      };
      const worker = await startBy(t, driver as never, { script });
      const { pid, isMainThread } = await worker.send('where', 0);
      assert.equal(isMainThread, !kind);
      assert.equal(pid === process.pid, kind);
    }
    assert.equal(started.length, 2);
  });

  test('receives the path and the options', async (t) => {
    const channel = new MemoryChannel();
    const seen: unknown[] = [];
    const driver = defineWorkerDriver({
      name: 'mine',
      async spawn(file: string, options: { port?: number }): Promise<DriverChannel> {
        seen.push(this.name, this.capabilities, file.endsWith('worker.mjs'), options);
        return channel;
      },
    });
    await startBy(t, driver, { driverOptions: { port: 7 } });
    assert.deepEqual(seen, ['mine', capabilities, true, { port: 7 }]);
  });
});

describe('The end of a worker of a driver', () => {
  test('follows a close message and close()', async (t) => {
    const channel = new MemoryChannel();
    const worker = await startIn(t, channel);
    await worker.close();
    assert.equal(channel.sent.at(-1)!.kind, 'close');
    assert.equal(channel.calls.filter((call) => call === 'close').length, 1);
    assert.ok(!channel.calls.some((call) => call.startsWith('terminate')));
  });

  test('resolves with close(), even if onClose never reports it', async (t) => {
    const channel = new MemoryChannel();
    channel.end = () => {};
    const worker = await startIn(t, channel);
    await worker.close();
    assert.equal(worker.isActive, false);
  });

  for (const close of ['hangs', 'rejects', 'throws']) {
    test(`follows SIGTERM and then SIGKILL where close() ${close} and the worker goes on`, async (t) => {
      const channel = new MemoryChannel();
      channel.end = () => {};
      channel.close = () => {
        if (close === 'throws') throw new Error('no');
        return close === 'hangs' ? new Promise(() => {}) : Promise.reject(new Error('no'));
      };
      channel.terminate = (signal) => {
        channel.calls.push(`terminate ${signal}`);
        return Promise.reject(new Error('no'));
      };
      const worker = await startIn(t, channel, { logger: new RecordingLogger() });
      await worker.close({ timeout: 20 });
      assert.deepEqual(channel.calls.filter((call) => call.startsWith('terminate')), ['terminate SIGTERM', 'terminate SIGKILL']); // prettier-ignore
    });
  }

  test('leaves no timer behind when the channel reports it after SIGKILL', async (t) => {
    const timers = () => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
    const before = timers();
    const channel = new MemoryChannel();
    const worker = await startIn(t, channel);
    await worker.kill();
    await new Promise((resolve) => setImmediate(resolve));
    assert.deepEqual(channel.calls.filter((call) => call.startsWith('terminate')), ['terminate SIGKILL']); // prettier-ignore
    assert.equal(timers(), before);
  });

  test('needs no terminate()', async (t) => {
    const channel = new MemoryChannel();
    channel.end = () => {};
    channel.close = () => new Promise(() => {});
    (channel as any).terminate = undefined;
    const worker = await startIn(t, channel, { logger: new RecordingLogger() });
    await worker.close({ timeout: 20 });
    assert.equal(worker.isActive, false);
  });

  test('has the error that the channel reported before as its cause', async (t) => {
    const channel = new MemoryChannel();
    const logger = new RecordingLogger();
    const cause = new Error('the machine is on fire');
    channel.answerTo = () => {
      channel.emit('trouble', cause);
      channel.end({ type: 'error', error: cause });
      channel.end({ type: 'close' });
    };
    const worker = await startIn(t, channel, { logger });
    const error = await failure(worker.send('echo', 1));
    assert.equal(error.code, 'ERR_WORKER_CRASHED');
    assert.equal(error.cause, cause);
    assert.match(logger.lines.join(), /"memory".*on fire/);
  });

  test('rejects the requests in flight, and later messages have no effect', async (t) => {
    const channel = new MemoryChannel();
    channel.answerTo = (message) => {
      channel.end({ type: 'close' });
      MemoryChannel.prototype.answerTo.call(channel, message, 'too late');
    };
    const worker = await startIn(t, channel);
    const errors = await Promise.all([failure(worker.send('echo', 1)), failure(worker.send('echo', 2))]);
    for (const error of errors) assert.equal(error.code, 'ERR_WORKER_CRASHED');
    await worker.close();
  });
});

describe('The worker of a driver', () => {
  test('sends its answers before it ends, however slow the channel is', async (t) => {
    const closed = new SharedArrayBuffer(4);
    const driver = defineWorkerDriver({ name: 'slow', spawn: async (file: string) => channelOf(file, closed) });
    const worker = await startBy(t, driver, { script: fixture('custom/slow-worker') });
    assert.equal(await worker.send('answerThenClose', 'answered'), 'answered');
    await worker.close();
    assert.equal(Atomics.load(new Int32Array(closed), 0), 1);
  });

  test('ignores garbage', async (t) => {
    const hello = { type: '', kind: 'hello' };
    const garbage: unknown[] = [
      null, undefined, 0, 'text', true, [], {}, 1n, { type: 7 }, { type: 'echo' }, { type: 'echo', tx: 7 },
      { type: 'echo', kind: 'unknown', tx: 'x' }, { type: 'echo', kind: 'result', tx: 'x' }, { type: 'echo', kind: 'error' },
      { type: 'unheard', kind: 'notification' }, { type: 'unheard', tx: 'nobody' }, { type: '__proto__', tx: 'nobody' },
      hello, { ...hello, payload: null }, { ...hello, payload: { protocol: 99 } }, { ...hello, payload: { protocol: 1, serializer: 'x' } },
    ]; // prettier-ignore
    const driver = defineWorkerDriver({
      name: 'port',
      async spawn(file: string): Promise<DriverChannel> {
        const channel = channelOf(file);
        const send = (message: unknown) => void channel.send(message as DriverMessage);
        return {
          ...channel,
          send(message) {
            send(message);
            for (const each of garbage) send(each);
          },
        };
      },
    });
    const worker = await startBy(t, driver, { script: fixture('custom/port-worker') });
    const answers = Array.from({ length: 20 }, (_, index) => worker.send('echo', { index }));
    assert.deepEqual(
      await Promise.all(answers),
      [...answers.keys()].map((index) => ({ index })),
    );
    await worker.close();
  });

  test('cannot start by a driver without createServer()', async () => {
    const error = await failure(startWorkerServer({}, { driver: memoryDriver(undefined) }));
    assert.equal(error.code, 'ERR_NOT_A_WORKER');
    assert.match(error.message, /"memory".*createServer\(\)/);
  });

  for (const createServer of [() => Promise.reject(new Error('no host')), () => undefined, () => ({})]) {
    test(`cannot start by a createServer() that fails: ${createServer}`, async () => {
      const driver = { ...memoryDriver(undefined), createServer };
      const error = await failure(startWorkerServer({}, { driver } as never));
      assert.equal(error.code, 'ERR_DRIVER_FAILED');
      assert.match(error.message, /"memory"/);
    });
  }

  for (const driver of [new WorkerThreadsDriver(), new ChildProcessDriver()]) {
    test(`cannot name another driver than ${driver.name}`, async (t) => {
      const wrong = driver.name === 'worker_threads' ? fixture('custom/fork-worker') : plain('wrong-driver.mjs');
      const piped = driver.name === 'worker_threads' ? { driverOptions: { stderr: true } } : { stdio: 'pipe' };
      const error = await failure(startBy(t, driver as never, { script: wrong, ...piped } as never));
      assert.equal(error.code, 'ERR_WORKER_CRASHED');
      assert.match(error.message + String(error.stderr), /ERR_DRIVER_MISMATCH|was started by the driver/);
    });
  }
});

describe('createWorker refuses as a driver', () => {
  const spawn = async () => new MemoryChannel();
  for (const [what, driver] of Object.entries({
    'one without a name': { capabilities, spawn },
    'one with an empty name': { name: '', capabilities, spawn },
    'one without capabilities': { name: 'mine', spawn },
    'one without spawn': { name: 'mine', capabilities },
    'a name alone': 'worker_threads',
    null: null,
    'an arrow function': () => ({ name: 'mine', capabilities, spawn }),
    'a class that throws': class extends MemoryChannel {
      override pid = JSON.parse('no JSON');
    },
  })) {
    test(what, async () => {
      await assert.rejects(createWorker({ script, driver } as never), {
        code: 'ERR_INVALID_OPTION',
        message: /driver/,
      });
    });
  }

  for (const [what, definition] of Object.entries({
    'no name': { spawn },
    'no spawn': { name: 'mine' },
    'a createServer that is no function': { name: 'mine', spawn, createServer: 7 },
    'a reconnect that is no function': { name: 'mine', spawn, disconnect() {}, reconnect: true },
    'a reconnect and no disconnect': { name: 'mine', spawn, reconnect: spawn },
    'a disconnect and no reconnect': { name: 'mine', spawn, disconnect() {} },
  })) {
    test(`a definition with ${what}`, () => {
      assert.throws(() => defineWorkerDriver(definition as never), { code: 'ERR_INVALID_OPTION' });
    });
  }
});

test('The capabilities of a driver follow from its definition', () => {
  const spawn = async () => new MemoryChannel();
  const capable = defineWorkerDriver({ name: 'a', spawn, disconnect() {}, reconnect: spawn, sharedMemory: true });
  assert.deepEqual(capable.capabilities, { reconnect: true, detach: false, sharedMemory: true });
  assert.deepEqual(defineWorkerDriver({ name: 'b', spawn }).capabilities, capabilities);
});

/** The host's end of a raw thread. */
function channelOf(file: string, workerData?: SharedArrayBuffer): DriverChannel {
  const thread = new Thread(file, { workerData });
  return {
    isConnected: true,
    send: (message) => thread.postMessage(message),
    onMessage: (listener) => void thread.on('message', listener),
    onError: (listener) => void thread.on('error', listener),
    onClose: (listener) => void thread.once('exit', (code) => listener({ type: 'exit', code, signal: null })),
    close: () => new Promise((resolve) => thread.once('exit', () => resolve())),
    terminate: () => void thread.terminate(),
    ref: () => thread.ref(),
    unref: () => thread.unref(),
  };
}
