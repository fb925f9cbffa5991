// A worker ends while it has work to do.
import assert from 'node:assert/strict';
import os from 'node:os';
import { describe, test, type TestContext } from 'node:test';
import { setImmediate } from 'node:timers/promises';

import { createWorker, WorkerCrashedError, WorkerThreadsDriver, type WorkerOptions } from 'isolated-workers';

import { failure, fixture, type Loose } from '../fixtures/faults/support.mjs';
import { eventually, live, lives, record } from '../fixtures/lives/support.mjs';
import { serializer } from '../fixtures/serializers.mjs';
import { gone, isGone } from '../fixtures/processes.mjs';

const MIB = 1024 * 1024;

function block(millis: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, millis);
}

async function start(t: TestContext, options: Partial<WorkerOptions<Loose>> = {}) {
  const worker = await createWorker<Loose>({
    script: fixture('worker'),
    stdio: 'ignore',
    cwd: os.tmpdir(),
    ...options,
  });
  t.after(() => worker.close());
  return worker;
}

describe('A worker that is killed', () => {
  test('rejects each of 100 requests in flight once, with its own type', async (t) => {
    const worker = await start(t);
    const other = await start(t);
    let settled = 0;
    const requests = Array.from({ length: 100 }, (_, index) =>
      failure(worker.send(index % 2 === 0 ? 'hang' : 'wait', index)).finally(() => settled++),
    );
    const elsewhere = Array.from({ length: 100 }, (_, index) => other.send('echo', index));
    assert.equal(await worker.send('echo', 'all are there'), 'all are there');
    process.kill(worker.pid, 'SIGKILL');
    const errors = await Promise.all(requests);
    assert.equal(settled, 100);
    assert.equal(new Set(errors).size, 100);
    for (const [index, error] of errors.entries()) {
      assert.ok(error instanceof WorkerCrashedError);
      assert.equal(error.code, 'ERR_WORKER_CRASHED');
      assert.equal(error.phase, 'running');
      assert.equal(error.messageType, index % 2 === 0 ? 'hang' : 'wait');
      assert.deepEqual(error.reason, { type: 'exit', code: null, signal: 'SIGKILL' });
      assert.deepEqual([error.attempt, error.maxAttempts], [1, 1]);
    }
    assert.deepEqual(await Promise.all(elsewhere), [...elsewhere.keys()]);
    assert.deepEqual([worker.isActive, worker.isConnected], [false, false]);
    await gone(worker.pid);
  });

  test('rejects later requests with the same error, and closes without an error', async (t) => {
    const worker = await start(t);
    await failure(worker.send('kill', 'SIGKILL'));
    const error = await failure(worker.send('echo', 1));
    assert.equal(error.code, 'ERR_WORKER_CRASHED');
    assert.equal(error.reason.signal, 'SIGKILL');
    assert.throws(() => worker.post('echo', 1), { code: 'ERR_WORKER_CRASHED' });
    await worker.close();
    await worker.close();
  });

  test('rejects requests that the host sends before it hears of the end, with the reason of the end', async (t) => {
    const worker = await start(t);
    const late = failure(worker.send('hang', undefined, { timeout: 50 }));
    const answered = worker.send('answerThenDie', 1);
    await setImmediate();
    // The host's event loop does not turn meanwhile. When a request is late then, the host reads all that has arrived.
    const deadline = performance.now() + 100;
    while (!isGone(worker.pid) || performance.now() < deadline) block(1);
    assert.equal(await answered, 1);
    // One engine runs this before the host hears of the end, the other after it.
    if (!worker.isActive) return void (await late);
    worker.post('echo', 2);
    const lost = [
      worker.send('echo', 3),
      worker.stream('count' as never).next(),
      worker.send('echo', 4, { timeout: 1 }),
    ];
    for (const error of await Promise.all(lost.map((each) => failure(each))))
      assert.deepEqual([error.code, error.reason?.signal], ['ERR_WORKER_CRASHED', 'SIGKILL'], error.message);
  });

  test('has crashed also for a host that was disconnected from it', async (t) => {
    const worker = await start(t);
    await worker.disconnect();
    // Nothing is in flight.
    worker.ref();
    const exited = new Promise((resolve) => worker.once('exit', resolve));
    process.kill(worker.pid, 'SIGKILL');
    await exited;
    for (const lost of [worker.reconnect(), worker.send('echo', 1)]) {
      const error = await failure(lost);
      assert.deepEqual([error.code, error.reason?.signal], ['ERR_WORKER_CRASHED', 'SIGKILL']);
    }
    await worker.close();
  });

  test('rejects requests that it never read', async (t) => {
    const worker = await start(t);
    process.kill(worker.pid, 'SIGSTOP');
    const requests = Array.from({ length: 20 }, () => failure(worker.send('echo', 'x'.repeat(MIB))));
    process.kill(worker.pid, 'SIGKILL');
    for (const error of await Promise.all(requests)) assert.equal(error.reason.signal, 'SIGKILL');
  });
});

describe('A worker that ends by itself', () => {
  test('with abort() has crashed by SIGABRT', async (t) => {
    const worker = await start(t);
    const error = await failure(worker.send('abort', undefined));
    assert.equal(error.code, 'ERR_WORKER_CRASHED');
    assert.deepEqual(error.reason, { type: 'exit', code: null, signal: 'SIGABRT' });
    assert.equal(error.messageType, 'abort');
  });

  test('with process.exit() has crashed with its exit code', async (t) => {
    const worker = await start(t);
    const error = await failure(worker.send('exit', 3));
    assert.deepEqual(error.reason, { type: 'exit', code: 3, signal: null });
    assert.equal(error.phase, 'running');
  });

  test('with an uncaught error has crashed with its last lines of output', async (t) => {
    const worker = await start(t, { stdio: 'pipe' });
    const error = await failure(worker.send('uncaught', undefined));
    assert.deepEqual(error.reason, { type: 'exit', code: 1, signal: null });
    assert.match(error.stderr.join('\n'), /thrown outside of any handler/);
  });
});

describe('Results that were given before process.exit()', () => {
  test('arrive whole before the host reports the crash', async (t) => {
    const worker = await start(t);
    const order: string[] = [];
    const requests = Array.from({ length: 8 }, async () => {
      const { length } = await worker.send('text', MIB);
      order.push('result');
      return length;
    });
    const exit = failure(worker.send('exit', 5)).finally(() => order.push('crash'));
    assert.deepEqual(await Promise.all(requests), Array(8).fill(MIB));
    assert.equal((await exit).reason.code, 5);
    assert.deepEqual(order, [...Array(8).fill('result'), 'crash']);
  });

  test('arrive even when the worker exits before it could write them', async (t) => {
    const worker = await start(t);
    const lost = failure(worker.send('hang', undefined));
    assert.equal((await worker.send('textThenExit', { size: MIB, code: 4 })).length, MIB);
    const error = await lost;
    assert.deepEqual(error.reason, { type: 'exit', code: 4, signal: null });
    assert.equal(error.messageType, 'hang');
  });
});

describe('The error that ends a worker', () => {
  const begin = (t: TestContext, options: Partial<WorkerOptions<Loose>> = {}) =>
    live(t, { script: lives('fatal.mjs'), stdio: ['inherit', 'inherit', 'ignore'], ...options });

  for (const [name, driver] of Object.entries({ process: undefined, thread: WorkerThreadsDriver })) {
    for (const way of ['timer', 'immediate', 'microtask', 'promise', 'rejection']) {
      test(`is the cause of the crash, with all its members: ${name}, ${way}`, async (t) => {
        const worker = await begin(t, { driver, ...(driver && { stdio: undefined }) } as never);
        const { events } = record(worker);
        const others = [1, 2, 3].map(() => failure(worker.send('hang')));
        const error = await failure(worker.send('end', { way, what: 'error' }));
        const crashes = [error, ...(await Promise.all(others))];
        await eventually('it was told', () => events.length === 2);
        for (const each of [...crashes, events[0]?.detail]) {
          assert.ok(each instanceof WorkerCrashedError);
          assert.equal(each.reason.type === 'exit' && each.reason.code, 1);
          assert.match(each.message, /declined/);
          const cause = each.cause as any;
          assert.equal(cause instanceof TypeError, true);
          assert.equal(cause.name, 'PaymentError');
          assert.match(cause.stack!, /fatal\.mjs/);
          assert.deepEqual([cause.message, cause.code, cause.card], ['declined', 'E_PAYMENT', { last: '4242' }]);
          assert.equal(cause.cause instanceof RangeError, true);
          assert.equal(cause.cause.amount, 12.5);
        }
      });
    }
  }

  test('is the cause with a binary serializer as well', async (t) => {
    const worker = await begin(t, { argv: ['msgpack'], serializer: serializer('msgpack') });
    const error = await failure(worker.send('end', { way: 'timer', what: 'error' }));
    assert.equal(error.cause.code, 'E_PAYMENT');
  });

  test('may be a value that is no error', async (t) => {
    const worker = await begin(t);
    const error = await failure(worker.send('end', { way: 'timer', what: 'string' }));
    assert.equal(error.cause, 'just a string');
    assert.equal(error.reason.code, 1);
  });

  for (const what of ['unreadable', 'proxy', 'null', 'large']) {
    test(`may be unreadable, and the host still reports the crash (${what})`, async (t) => {
      const worker = await begin(t, what === 'large' ? { maxMessageSize: 4096 } : {});
      const error = await failure(worker.send('end', { way: 'timer', what }));
      assert.ok(error instanceof WorkerCrashedError);
      assert.equal(error.reason.type === 'exit' && error.reason.signal, null);
    });
  }

  test('arrives after an earlier answer, however large', async (t) => {
    const worker = await begin(t);
    const lost = failure(worker.send('hang'));
    const answer = await worker.send('answerThenEnd', { length: 8 * MIB, way: 'microtask' });
    assert.equal(answer.length, 8 * MIB);
    assert.equal((await lost).cause.code, 'E_PAYMENT');
  });

  for (const kind of ['ignore', 'capture']) {
    test(`is not the cause where the worker catches it and something else ends the worker (${kind})`, async (t) => {
      const worker = await begin(t);
      await worker.send('catch', kind);
      await worker.send('throw', { way: 'timer', what: 'error' });
      await worker.send('throw', { way: 'rejection', what: 'error' });
      while ((await worker.send('caught')) < 2);
      const error = await failure(worker.send('exit', 3));
      assert.equal(error.reason.code, 3);
      assert.equal(error.cause, undefined);
      assert.doesNotMatch(error.message, /declined/);
    });
  }

  for (const [name, kind] of Object.entries({ 'at once': 'exit', 'after promises': 'exitAfterPromises' })) {
    for (const way of ['timer', 'immediate', 'microtask', 'rejection']) {
      test(`is the cause where the worker catches it and exits ${name} because of it (${way})`, async (t) => {
        const worker = await begin(t);
        await worker.send('catch', kind);
        const error = await failure(worker.send('end', { way, what: 'error' }));
        assert.equal(error.reason.code, 5);
        assert.equal(error.cause.code, 'E_PAYMENT');
      });
    }
  }

  test('is not the cause where the worker catches it and exits in its next message, in the same turn of the loop', async (t) => {
    const worker = await begin(t);
    await worker.send('catch', 'ignore');
    // Both messages arrive, one by one, while the worker computes: it handles them in one turn.
    let computed: Promise<unknown> | undefined;
    await new Promise<void>((resolve) => {
      computed = worker.send('compute', 300, { onProgress: () => resolve() });
    });
    const thrown = worker.send('throw', { way: 'rejection', what: 'error' });
    await setImmediate();
    const error = await failure(worker.send('exit', 3));
    await Promise.allSettled([computed, thrown]);
    assert.equal(error.reason.code, 3);
    assert.equal(error.cause, undefined);
  });

  test('is not the cause of a requested close()', async (t) => {
    const worker = await begin(t);
    await worker.send('catch', 'ignore');
    await worker.send('throw', { way: 'timer', what: 'error' });
    const { names } = record(worker);
    assert.deepEqual(await worker.close(), { type: 'exit', code: 0, signal: null });
    await eventually('it was told', () => names().length > 0);
    assert.deepEqual(names(), ['exit']);
  });
});

describe('A worker that is ended by a signal', () => {
  for (const signal of ['SIGKILL', 'SIGTERM', 'SIGSEGV', 'SIGABRT', 'SIGINT', 'SIGHUP']) {
    test(`has crashed with the name of the signal: ${signal}`, async (t) => {
      const worker = await live(t, { script: lives('fatal.mjs'), terminalSignals: 'default' });
      const lost = [failure(worker.send('hang')), failure(worker.send('signal', signal))];
      for (const error of await Promise.all(lost)) {
        assert.deepEqual(error.reason, { type: 'exit', code: null, signal });
        assert.match(error.message, new RegExp(`ended by ${signal}`));
        assert.equal(error.cause, undefined);
        assert.equal(error.isOutOfMemory, false);
      }
    });
  }
});

describe('A worker that runs out of memory', () => {
  test('crashes with an error that says so, where its standard error is piped', async (t) => {
    const worker = await live(t, {
      script: lives('fatal.mjs'),
      stdio: 'pipe',
      execArgv: ['--max-old-space-size=20'],
    });
    const error = await failure(worker.send('exhaust'));
    assert.equal(error.isOutOfMemory, true);
    assert.match(error.message, /out of memory/);
    assert.equal(error.reason.signal, 'SIGABRT');
  });

  test('crashes with an error that says so, where it is a thread', async (t) => {
    const worker = await live(t, {
      script: lives('fatal.mjs'),
      driver: WorkerThreadsDriver as never,
      driverOptions: { resourceLimits: { maxOldGenerationSizeMb: 20 } } as never,
    });
    const error = await failure(worker.send('exhaust'));
    assert.equal(error.isOutOfMemory, true);
    assert.equal(error.cause.code, 'ERR_WORKER_OUT_OF_MEMORY');
  });
});

describe('Results of any size that were given before process.exit()', () => {
  for (const length of [0, 1, 4096, MIB - 1, MIB, 8 * MIB, 32 * MIB]) {
    test(`arrive: ${length} bytes`, async (t) => {
      const worker = await live(t, { script: lives('fatal.mjs') });
      const lost = failure(worker.send('hang'));
      assert.equal((await worker.send('answerThenExit', { length, code: 4 })).length, length);
      assert.equal((await lost).reason.code, 4);
    });
  }

  test('arrive, a thousand of them', async (t) => {
    const worker = await live(t, { script: lives('fatal.mjs') });
    const answers = Array.from({ length: 1_000 }, (_, index) => worker.send('echo', `${index}`.repeat(500)));
    const lost = failure(worker.send('exit', 4));
    for (const [index, answer] of (await Promise.all(answers)).entries()) {
      assert.equal(answer, `${index}`.repeat(500));
    }
    assert.equal((await lost).reason.code, 4);
  });
});
