// Threads start and end, and keep their host alive for some of that time.
import assert from 'node:assert/strict';
import { describe, test, type TestContext } from 'node:test';

import { createWorker, type WorkerClient, WorkerCrashedError, WorkerThreadsDriver } from 'isolated-workers';

import {
  failure,
  fixture,
  type Loose,
  RecordingLogger,
  runProgram,
  startThread,
} from '../../fixtures/drivers/support.mjs';
import { rounds } from '../../fixtures/rounds.mjs';
import { start as startProcess } from '../../fixtures/support.mjs';

const flags = (count: number) => new Int32Array(new SharedArrayBuffer(count * 4));
const driver = WorkerThreadsDriver;

describe('A thread that ends', () => {
  test('by process.exit() has delivered its answers before', async (t) => {
    const worker = await startThread(t);
    const order: string[] = [];
    const lost = failure(worker.send('hang', 1)).finally(() => order.push('lost'));
    const answers = Array.from({ length: 200 }, (_, index) =>
      worker.send('echo', { index }).finally(() => order.push('answer')),
    );
    const exit = failure(worker.send('exit', 3)).finally(() => order.push('exit'));
    assert.deepEqual(
      await Promise.all(answers),
      [...answers.keys()].map((index) => ({ index })),
    );
    const error = await exit;
    assert.ok(error instanceof WorkerCrashedError);
    assert.deepEqual(error.reason, { type: 'exit', code: 3, signal: null });
    assert.deepEqual([error.code, error.pid, error.phase, error.messageType], ['ERR_WORKER_CRASHED', undefined, 'running', 'exit']); // prettier-ignore
    assert.equal((await lost).messageType, 'hang');
    assert.deepEqual(order, [...Array(200).fill('answer'), 'lost', 'exit']);
    assert.deepEqual([worker.isActive, worker.isConnected], [false, false]);
  });

  test('in the tick of its answer has delivered it', async (t) => {
    const worker = await startThread(t);
    const lost = failure(worker.send('hang', 1));
    assert.equal((await worker.send('answerThenExit', { value: 'x'.repeat(1e6), code: 4 })).length, 1e6);
    assert.equal((await lost).reason.code, 4);
  });

  for (const type of ['failLater', 'reject']) {
    test(`by an uncaught error has delivered it as the cause (${type})`, async (t) => {
      const worker = await startThread(t);
      const bystander = await startThread(t);
      const error = await failure(worker.send(type, 'out of the blue'));
      assert.equal(error.code, 'ERR_WORKER_CRASHED');
      assert.ok(error.cause instanceof RangeError);
      assert.equal(error.cause.message, 'out of the blue');
      assert.match(error.message, /exited with code 1 because of RangeError: out of the blue/);
      assert.deepEqual(error.reason, { type: 'exit', code: 1, signal: null });
      const later = await failure(worker.send('echo', 1));
      assert.equal(later.code, 'ERR_WORKER_CRASHED');
      assert.throws(() => worker.post('keep', 1), { code: 'ERR_WORKER_CRASHED' });
      assert.equal(await bystander.send('echo', 1), 1);
      await worker.close();
    });
  }

  for (const thrown of ['text', 7, null, undefined, { toString: 1, valueOf: 2 }, { code: 'E' }]) {
    test(`by throwing ${JSON.stringify(thrown)} leaves its host unharmed`, async (t) => {
      const worker = await startThread(t);
      const error = await failure(worker.send('throwLater', thrown));
      assert.equal(error.code, 'ERR_WORKER_CRASHED');
      assert.deepEqual(error.reason, { type: 'exit', code: 1, signal: null });
      if (thrown !== null && thrown !== undefined) assert.deepEqual(error.cause, thrown);
      await worker.close();
    });
  }

  test('before it serves, by an error at the top of its script, rejects the start with that error', async () => {
    const error = await failure(createWorker({ script: fixture('throws'), driver }));
    assert.equal(error.code, 'ERR_WORKER_CRASHED');
    assert.equal(error.phase, 'startup');
    assert.equal(error.cause.message, 'thrown at the top of the script');
    assert.match(error.message, /"throws\.mjs" ended before it was ready.*thrown at the top/);
  });

  test('before it serves, with code 0, counts as crashed', async () => {
    const error = await failure(createWorker({ script: fixture('ends'), driver }));
    assert.equal(error.code, 'ERR_WORKER_CRASHED');
    assert.deepEqual([error.phase, error.reason], ['startup', { type: 'exit', code: 0, signal: null }]);
  });

  test('before it serves rejects messages that wait for it', async (t) => {
    const worker = await createWorker<Loose, WorkerThreadsDriver>({
      script: fixture('throws'),
      driver,
      waitForReady: false,
    });
    t.after(() => worker.close());
    const error = await failure(worker.send('echo', 1));
    assert.deepEqual([error.code, error.phase, error.messageType], ['ERR_WORKER_CRASHED', 'startup', 'echo']);
  });
});

describe('A thread that never serves', () => {
  test('fails at the start timeout, with the messages that wait for it', async (t) => {
    const worker = await createWorker<Loose, WorkerThreadsDriver>({
      script: fixture('never-serves'),
      driver,
      timeout: { startup: 500 },
      waitForReady: false,
    });
    t.after(() => worker.close());
    const error = await failure(worker.send('echo', 1));
    assert.equal(error.code, 'ERR_START_TIMEOUT');
    assert.match(error.message, /"never-serves\.mjs".*500 ms/);
    await worker.close();
  });

  test('rejects createWorker with the start timeout', async () => {
    const starting = createWorker({ script: fixture('never-serves'), driver, timeout: { startup: 50 } });
    await assert.rejects(starting, { code: 'ERR_START_TIMEOUT' });
  });

  test('can be closed within the timeout of close', async () => {
    const worker = await createWorker({ script: fixture('never-serves'), driver, waitForReady: false, logger: new RecordingLogger() }); // prettier-ignore
    await worker.close({ timeout: 20 });
    await assert.rejects(worker.send('echo', 1), { code: 'ERR_WORKER_CLOSED' });
  });
});

describe('close', () => {
  test('waits for the requests in flight', async (t) => {
    const worker = await startThread(t);
    const answers = [worker.send('later', { ms: 50, value: 1 }), worker.send('later', { ms: 10, value: 2 })];
    const closed = worker.close();
    assert.equal(worker.isActive, false);
    assert.deepEqual(await Promise.all(answers), [1, 2]);
    await closed;
    await assert.rejects(worker.send('echo', 1), { code: 'ERR_WORKER_CLOSED' });
    assert.throws(() => worker.post('keep', 1), { code: 'ERR_WORKER_CLOSED' });
  });

  test('ends a thread that has an open interval', async (t) => {
    const logger = new RecordingLogger();
    const worker = await startThread(t, { logger });
    await worker.send('interval', 1);
    await worker.close();
    assert.deepEqual(logger.lines, []);
  });

  test('ends a thread that spins', async (t) => {
    const logger = new RecordingLogger();
    const worker = await startThread(t, { logger });
    const lost = failure(worker.send('spin', 1));
    await worker.close({ timeout: 20 });
    const error = await lost;
    assert.equal(error.code, 'ERR_WORKER_CLOSED');
    assert.match(error.message, /"spin"/);
    assert.match(logger.lines.join(), /did not stop within 20 ms/);
  });

  test('of a thread that is starting waits for messages that the host has sent', async (t) => {
    const worker = await startThread(t, { waitForReady: false });
    const answer = worker.send('echo', 1);
    await worker.close();
    assert.equal(await answer, 1);
  });

  test('resolves when called twice, and for a thread that has ended', async (t) => {
    const worker = await startThread(t);
    await failure(worker.send('exit', 1));
    await Promise.all([worker.close(), worker.close(), worker[Symbol.asyncDispose]()]);
  });
});

describe('Deadlines', () => {
  test('fail a late request, and its late answer has no effect', async (t) => {
    const worker = await startThread(t);
    const late = failure(worker.send('later', { ms: 60, value: 'late' }, { timeout: 10 }));
    assert.equal((await late).code, 'ERR_MESSAGE_TIMEOUT');
    assert.equal(await worker.send('later', { ms: 60, value: 'next' }), 'next');
  });

  test('accept an answer that arrived before the host could read it, however late that is', async (t) => {
    const memory = flags(1);
    const worker = await startThread(t, {
      script: fixture('says-when-it-serves'),
      driverOptions: { workerData: memory.buffer },
    });
    const answer = worker.send('answer', 'in time', { timeout: 200 });
    const begun = performance.now();
    // The request leaves at the end of the tick.
    await Promise.resolve();
    while (performance.now() - begun < 500) Atomics.wait(memory, 0, 2, 1);
    assert.equal(await answer, 'in time');
    assert.equal(Atomics.load(memory, 0), 2);
  });

  test('accept a worker that served before the host could see it, however late that is', async (t) => {
    const memory = flags(1);
    const worker = await startThread(t, {
      script: fixture('says-when-it-serves'),
      driverOptions: { workerData: memory.buffer },
      timeout: { startup: 1_000 },
      waitForReady: false,
    });
    const begun = performance.now();
    while (Atomics.load(memory, 0) === 0 || performance.now() - begun < 1_500) Atomics.wait(memory, 0, 1, 1);
    assert.equal(await worker.send('answer', 1), 1);
  });

  test('of the worker hold beside longer ones of single messages', async (t) => {
    const worker = await startThread(t, { timeout: 30, logger: new RecordingLogger() });
    const hanging = failure(worker.send('hang', 1, { timeout: 5_000 }));
    const error = await failure(worker.send('hang', 2));
    assert.match(error.message, /within 30 ms/);
    const [first] = await Promise.race([hanging.then(() => ['the longer one']), worker.send('echo', ['the shorter one'])]); // prettier-ignore
    assert.equal(first, 'the shorter one');
    await worker.close({ timeout: 1 });
    await hanging;
  });

  test('hold for many requests at once', async (t) => {
    const worker = await startThread(t, { timeout: { types: { later: 40 } } });
    const millis = [70, 10, 50, undefined, 30, undefined, 60, 20];
    const order: (number | undefined)[] = [];
    await Promise.all(
      millis.map((timeout) =>
        failure(worker.send('later', { ms: 150, value: 1 }, { timeout })).then(() => order.push(timeout)),
      ),
    );
    assert.deepEqual(order, [10, 20, 30, undefined, undefined, 50, 60, 70]);
  });
});

describe('A host program', () => {
  for (const mode of ['idle', 'after-request', 'after-timeout', 'interval', 'ref-unref', 'never-serves', 'ref-close']) {
    test(`ends by itself with an idle thread (${mode})`, async () => {
      const { code, stdout, stderr } = await runProgram('host.mjs', ['worker_threads', mode]);
      assert.equal(code, 0, stderr);
      assert.match(stdout, /^started\n(ERR_MESSAGE_TIMEOUT\n)?ended\n$/);
    });
  }

  test('waits for a request in flight', async () => {
    const { code, stdout, stderr } = await runProgram('host.mjs', ['worker_threads', 'in-flight']);
    assert.equal(code, 0, stderr);
    assert.equal(stdout, 'started\nanswered\nended\n');
  });

  test('does not wait for it after unref()', async () => {
    const { code, stdout, stderr } = await runProgram('host.mjs', ['worker_threads', 'unref']);
    assert.equal(code, 0, stderr);
    assert.equal(stdout, 'started\nended\n');
  });

  const THREADS = rounds(30, 200);
  test(`keeps nothing of ${THREADS} threads that it has started and closed`, async () => {
    const { code, stdout, stderr } = await runProgram('many.mjs', ['worker_threads', String(THREADS)], {
      execArgv: ['--expose-gc'],
    });
    assert.equal(code, 0, stderr);
    const { right, warnings, active, listeners, heap, rss } = JSON.parse(stdout);
    assert.deepEqual({ right, warnings, active, listeners }, { right: true, warnings: [], active: [], listeners: 0 });
    assert.ok(heap < 2 * 2 ** 20, `the heap grew by ${heap} bytes`);
    assert.ok(rss < 100 * 2 ** 20, `the process grew by ${rss} bytes`);
  });
});

describe('Workers of workers', () => {
  const nested = fixture('nested');

  for (const path of [['worker_threads'], ['child_process'], ['worker_threads', 'child_process', 'worker_threads']]) {
    test(`can start in a thread: ${path.join(', ')}`, async (t) => {
      const worker = await startThread(t, { script: nested });
      assert.equal(await worker.send('ask', path), path.length);
    });
  }

  test('can be threads of a process', async (t) => {
    const worker = await startProcess<Loose>(t, { script: nested });
    assert.equal(await worker.send('ask', ['worker_threads', 'worker_threads']), 2);
    assert.deepEqual(await Promise.all(Array.from({ length: 3 }, () => worker.send('ask', ['worker_threads']))), [1, 1, 1]); // prettier-ignore
  });

  const starts: Record<string, (t: TestContext, options: object) => Promise<WorkerClient<Loose, any>>> = {
    'a thread': startThread,
    'a process': startProcess<Loose>,
  };
  for (const [kind, start] of Object.entries(starts)) {
    test(`do not include a raw thread of ${kind}, before and after it loads the package`, async (t) => {
      const worker = await start(t, { script: nested, startupData: 'for the worker alone' });
      const { early } = await worker.send('where', 0);
      for (const { code, startupData } of [early, await worker.send('raw', 0)]) {
        assert.deepEqual([code, startupData], ['ERR_NOT_A_WORKER', undefined]);
      }
    });
  }
});
