// Workers that are modules in the host's own thread.
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { createWorker, getStartupData, InProcessDriver, startWorkerServer } from 'isolated-workers';

import { failure, fixture, type Loose, RecordingLogger, runProgram, startBy } from '../../fixtures/drivers/support.mjs';
import { fixture as plain } from '../../fixtures/support.mjs';

const driver = new InProcessDriver();

describe('A worker in the process of its host', () => {
  for (const given of [InProcessDriver, driver]) {
    test(`runs in that process (driver given as ${typeof given === 'function' ? 'class' : 'instance'})`, async (t) => {
      const worker = await createWorker<Loose, InProcessDriver>({ script: fixture('worker'), driver: given });
      t.after(() => worker.close());
      assert.deepEqual(await worker.send('where', 1), { isMainThread: true, threadId: 0, pid: process.pid });
      assert.equal(worker.pid, undefined);
      assert.deepEqual([worker.stdout, worker.stderr], [null, null]);
      assert.deepEqual(worker.capabilities, { reconnect: false, detach: false, sharedMemory: true, sync: false });
      await assert.rejects((worker as any).disconnect(), { code: 'ERR_UNSUPPORTED_BY_DRIVER' });
    });
  }

  for (const script of ['echo.mjs', 'echo.cjs']) {
    test(`runs the file that other drivers run (${script})`, async (t) => {
      const worker = await startBy(t, driver, { script: plain(script), startupData: { given: 'yes' } });
      assert.deepEqual(await worker.send('echo', new Map([[1, [2]]])), new Map([[1, [2]]]));
      assert.equal((await failure(worker.send('unheard', 1))).code, 'ERR_UNKNOWN_MESSAGE_TYPE');
      if (script === 'echo.cjs') return;
      assert.equal(await worker.send('later', { ms: 5, value: 1 }), 1);
      assert.deepEqual(await worker.send('startupData', 0), { given: 'yes' });
      const error = await failure(worker.send('fall', 'over'));
      assert.ok(error instanceof Error);
      assert.equal(error.message, 'over');
      worker.post('note', 'noted');
      assert.deepEqual(await worker.send('noted', 0), ['noted']);
    });
  }

  for (const script of ['worker', 'stateful.cjs']) {
    test(`has state of its own, started with others at once or later (${script})`, async (t) => {
      const start = () => startBy(t, driver, { script: fixture(script) });
      const workers = [...(await Promise.all([start(), start(), start()])), await start()];
      for (const worker of workers) assert.equal(await worker.send('count', 0), 1);
      await workers[0]!.close();
      for (const worker of workers.slice(1)) assert.equal(await worker.send('count', 0), 2);
      const next = await start();
      assert.equal(await next.send('count', 0), 1);
    });

    test(`has start-up data of its own beside others (${script})`, async (t) => {
      const all = ['one', 'two', 'three'];
      const workers = await Promise.all(
        all.map((startupData) => startBy(t, driver, { script: fixture(script), startupData })),
      );
      const answers = await Promise.all([...workers, ...workers].map((worker) => worker.send('startupData', 0)));
      assert.deepEqual(answers, [...all, ...all]);
      assert.equal(getStartupData(), undefined);
    });
  }

  test('reads its start-up data anywhere in its code', async (t) => {
    const workers = await Promise.all(
      ['one', 'two'].map((startupData) => startBy(t, driver, { script: fixture('deep-startup-data'), startupData })),
    );
    const [one, two] = await Promise.all(workers.map((worker) => worker.send('all', 0)));
    assert.deepEqual(one, Array(6).fill('one'));
    assert.deepEqual(two, Array(6).fill('two'));
  });

  test('shares no object with its host', async (t) => {
    const worker = await startBy(t, driver);
    const payload = { of: 'the host' };
    const result = await worker.send('mutate', payload);
    assert.deepEqual([payload, result], [{ of: 'the host' }, { of: 'the host', mutated: true }]);
    const state = await worker.send('state', 0);
    state.count = 100;
    assert.equal(await worker.send('count', 0), 1);
    const sent = { list: [1] };
    const answer = worker.send('echo', sent);
    sent.list.push(2);
    assert.deepEqual(await answer, { list: [1] });
  });

  test('shares memory on request, and moves transferred memory', async (t) => {
    const worker = await startBy(t, driver);
    const memory = new Int32Array(new SharedArrayBuffer(8));
    await worker.send('share', memory.buffer);
    Atomics.store(memory, 0, 7);
    assert.equal(await worker.send('load', 0), 7);
    const bytes = new Uint8Array([1]);
    assert.deepEqual(await worker.send('echo', bytes, { transfer: [bytes.buffer] }), new Uint8Array([1]));
    assert.equal(bytes.byteLength, 0);
    assert.equal((await worker.send('produce', 10)).bytes.byteLength, 10);
    assert.equal(await worker.send('left', 0), 0);
  });

  for (const type of ['function', 'symbol', 'getter']) {
    test(`fails a request alone whose result cannot be cloned (${type})`, async (t) => {
      const worker = await startBy(t, driver);
      const [refused, after] = await Promise.all([failure(worker.send(type, 1)), worker.send('echo', 1)]);
      assert.equal(refused.code, 'ERR_NOT_SERIALIZABLE');
      assert.equal(after, 1);
    });
  }

  test('answers many requests at once, each with its own result', async (t) => {
    const workers = await Promise.all([startBy(t, driver), startBy(t, driver)]);
    const answers = Array.from({ length: 1_000 }, (_, index) => workers[index % 2]!.send('echo', { index }));
    assert.deepEqual(
      await Promise.all(answers),
      [...answers.keys()].map((index) => ({ index })),
    );
  });

  test('has timeouts', async (t) => {
    const worker = await startBy(t, driver, { timeout: { types: { later: 10 } } });
    const error = await failure(worker.send('later', { ms: 60, value: 1 }));
    assert.equal(error.code, 'ERR_MESSAGE_TIMEOUT');
    assert.equal(await worker.send('later', { ms: 1, value: 1 }, { timeout: 0 }), 1);
  });

  test('that fails while Node imports it rejects createWorker with its error', async () => {
    const error = await failure(createWorker({ script: fixture('throws'), driver }));
    assert.equal(error.code, 'ERR_WORKER_CRASHED');
    assert.equal(error.phase, 'startup');
    assert.equal(error.cause.message, 'thrown at the top of the script');
    assert.match(error.message, /thrown at the top of the script/);
  });

  test('that never serves fails at the start timeout', async () => {
    const starting = createWorker({ script: fixture('ends'), driver, timeout: { startup: 50 } });
    await assert.rejects(starting, { code: 'ERR_START_TIMEOUT' });
  });

  test('may name its driver, and no other driver', async () => {
    const starting = createWorker({ script: plain('wrong-driver.mjs'), driver });
    const error = await failure(starting);
    assert.equal(error.cause.code, 'ERR_DRIVER_MISMATCH');
    assert.match(error.message, /"in_process".*"worker_threads"/);
  });

  for (const [option, value] of Object.entries({
    cwd: '/',
    execPath: process.execPath,
    execArgv: [],
    argv: [],
    env: {},
    stdio: 'pipe',
    workerData: 1,
    resourceLimits: {},
    eval: true,
  })) {
    test(`refuses the option ${option}`, async () => {
      const isOfProcesses = !['workerData', 'eval'].includes(option);
      for (const given of [{ [option]: value }, { driverOptions: { [option]: value } }].slice(isOfProcesses ? 0 : 1)) {
        const error = await failure(createWorker({ script: fixture('worker'), driver, ...given } as never));
        assert.equal(error.code, 'ERR_UNSUPPORTED_BY_DRIVER');
        const able = isOfProcesses ? 'child_process' : 'worker_threads';
        assert.match(error.message, new RegExp(`"in_process".*${option}.*"${able}"`));
      }
    });
  }

  test('does not make its host a worker', async (t) => {
    await startBy(t, driver, { startupData: 'of the worker' });
    assert.equal(getStartupData(), undefined);
    await assert.rejects(startWorkerServer({}), { code: 'ERR_NOT_A_WORKER' });
  });
});

describe('close of a worker in the process of its host', () => {
  test('waits for the requests in flight, and refuses what comes later', async (t) => {
    const worker = await startBy(t, driver);
    const answer = worker.send('later', { ms: 20, value: 1 });
    await worker.close();
    assert.equal(await answer, 1);
    await assert.rejects(worker.send('echo', 1), { code: 'ERR_WORKER_CLOSED' });
    assert.deepEqual([worker.isActive, worker.isConnected], [false, false]);
  });

  test('gives up on a handler that never comes to its end', async (t) => {
    const worker = await startBy(t, driver, { logger: new RecordingLogger() });
    const lost = failure(worker.send('hang', 1));
    await worker.close({ timeout: 20 });
    assert.equal((await lost).code, 'ERR_WORKER_CLOSED');
  });

  test('leaves no CommonJS module behind under its path', async (t) => {
    const script = fixture('stateful.cjs');
    const worker = await startBy(t, driver, { script });
    await worker.close();
    assert.equal(createRequire(script).cache[fileURLToPath(script)], undefined);
  });

  test('leaves no listener of the process behind, however it came to its end', async (t) => {
    const before = process.eventNames().map((name) => [name, process.listenerCount(name)]);
    const logger = new RecordingLogger();
    const workers = await Promise.all(Array.from({ length: 12 }, () => startBy(t, driver, { logger })));
    const lost = workers.slice(0, 6).map((worker) => failure(worker.send('hang', 1)));
    await Promise.all(workers.map((worker) => worker.close({ timeout: 50 })));
    await Promise.all(lost);
    assert.deepEqual(
      process.eventNames().map((name) => [name, process.listenerCount(name)]),
      before,
    );
  });
});

describe('A host program with a worker in its own process', () => {
  for (const mode of ['idle', 'after-request', 'ref-unref', 'ref-close']) {
    test(`ends by itself when that is idle (${mode})`, async () => {
      const { code, stdout, stderr } = await runProgram('host.mjs', ['in_process', mode]);
      assert.equal(code, 0, stderr);
      assert.equal(stdout, 'started\nended\n');
    });
  }

  test('waits for a request in flight', async () => {
    const { code, stdout, stderr } = await runProgram('host.mjs', ['in_process', 'in-flight']);
    assert.equal(code, 0, stderr);
    assert.equal(stdout, 'started\nanswered\nended\n');
  });

  test('has nothing left of 200 workers that it has started and closed, 20 at a time, and is not warned', async () => {
    const { code, stdout, stderr } = await runProgram('many.mjs', ['in_process', '200'], { execArgv: ['--expose-gc'] });
    assert.equal(code, 0, stderr);
    const { right, warnings, active, listeners } = JSON.parse(stdout);
    assert.deepEqual({ right, warnings, active, listeners }, { right: true, warnings: [], active: [], listeners: 0 });
  });
});
