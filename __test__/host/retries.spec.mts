// A host retries the requests of a lost worker.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { describe, test, type TestContext } from 'node:test';

import { WorkerThreadsDriver, type UnexpectedShutdown, type WorkerOptions } from 'isolated-workers';

import { failure, runHost, type Loose } from '../fixtures/faults/support.mjs';
import { eventually, live, record, scratch } from '../fixtures/lives/support.mjs';
import { isGone } from '../fixtures/processes.mjs';

const retry = { strategy: 'retry' } as const;

/** A worker that writes down what it does. */
async function begin(
  t: TestContext,
  unexpectedShutdown: UnexpectedShutdown<Loose> = retry,
  options: Partial<WorkerOptions<Loose>> = {},
) {
  const { log, file, lines } = scratch(t);
  const startupData = { log, value: 'from the host', ...(options.startupData as object) };
  const worker = await live(t, { unexpectedShutdown, ...options, startupData });
  return { worker, file, lines, ...record(worker) };
}

for (const [name, driver] of Object.entries({ process: undefined, thread: WorkerThreadsDriver })) {
  const options = { driver } as never;

  describe(`A request whose ${name} ends`, () => {
    test('gets its answer from another worker, and the host emits the restart', async (t) => {
      const { worker, file, names, events, lines } = await begin(t, retry, options);
      const { pid } = worker;
      assert.equal(await worker.send('once', { path: file('met'), result: 'answered' }), 'answered');
      assert.deepEqual(lines(), ['start', 'once "answered"', 'start', 'once "answered"']);
      await eventually('the restart was told', () => names().includes('restart'));
      assert.deepEqual(names(), ['crash', 'exit', 'restart']);
      assert.equal(events[1]?.detail.pid, pid);
      assert.deepEqual(events[2]?.detail, { pid: worker.pid, count: 1 });
      if (driver === undefined) assert.notEqual(worker.pid, pid);
      assert.deepEqual([worker.isActive, worker.isConnected], [true, true]);
    });

    test('finds a worker with the same start-up data', async (t) => {
      const { worker } = await begin(t, retry, options);
      await failure(worker.send('exit', 1));
      assert.equal(await worker.send('value'), 'from the host');
    });

    test('fails after its attempts, alone', async (t) => {
      const { worker, file, lines } = await begin(t, { strategy: 'retry', attempts: 3 }, options);
      const path = file('go on');
      const before = ['a', 'b'].map((result) => worker.send('whereFile', { path, result }));
      await eventually('they are there', () => lines().length === 3);
      writeFileSync(path, '');
      const poison = failure(worker.send('poison', 'p'));
      const after = ['c', 'd'].map((result) => worker.send('work', result));
      const error = await poison;
      assert.equal(error.code, 'ERR_WORKER_CRASHED');
      assert.equal(error.messageType, 'poison');
      assert.deepEqual([error.attempt, error.maxAttempts], [3, 3]);
      assert.equal(error.reason.code, 7);
      assert.deepEqual(await Promise.all(before), ['a', 'b']);
      assert.deepEqual(await Promise.all(after), ['c', 'd']);
      assert.equal(lines().filter((line) => line === 'poison p').length, 3);
      assert.equal(await worker.send('echo', 'fine'), 'fine');
    });

    test('is sent again one by one, in the first order', async (t) => {
      const { worker, file, lines } = await begin(t, retry, options);
      const path = file('go on');
      const results = Array.from({ length: 10 }, (_, index) => index);
      const answers = results.map((result) => worker.send('whereFile', { path, result }));
      await eventually('they are there', () => lines().length === 11);
      writeFileSync(path, '');
      const ended = worker.send('once', { path: file('met'), result: 'last' });
      assert.deepEqual(await Promise.all(answers), results);
      assert.equal(await ended, 'last');
      const again = lines().slice(lines().lastIndexOf('start') + 1);
      assert.deepEqual(again, [...results.map((result) => `whereFile ${result}`), 'once "last"']);
    });
  });
}

describe('A message that the host sends while a worker is lost', () => {
  test('waits in the order of requests and notifications', async (t) => {
    const { worker, file } = await begin(t);
    const first = worker.send('once', { path: file('met'), result: 1 });
    await eventually('it is lost', () => !worker.isConnected);
    worker.post('note', 'a');
    const one = worker.send('noted');
    worker.post('note', 'b');
    const two = worker.send('noted');
    worker.post('note', 'c');
    assert.equal(await first, 1);
    assert.deepEqual(await one, ['a']);
    assert.deepEqual(await two, ['a', 'b']);
    assert.deepEqual(await worker.send('noted'), ['a', 'b', 'c']);
  });

  test('waits no longer than necessary: requests run side by side afterwards', async (t) => {
    const { worker, file } = await begin(t);
    const first = worker.send('once', { path: file('met'), result: 1 });
    await eventually('it is lost', () => !worker.isConnected);
    const path = file('go on');
    const waiting = [1, 2, 3].map((result) => worker.send('whereFile', { path, result }));
    // Only reached while those wait for a file, where one does not wait for the other.
    const last = worker.send('echo', 'reached');
    assert.equal(await first, 1);
    assert.equal(await last, 'reached');
    await worker.kill();
    for (const each of waiting) assert.equal((await failure(each)).code, 'ERR_WORKER_CLOSED');
  });

  test('starts another worker, whether request or notification', async (t) => {
    const { worker, names } = await begin(t, { strategy: 'retry', types: { work: { strategy: 'reject' } } });
    process.kill(worker.pid, 'SIGKILL');
    await eventually('it has ended', () => names().includes('exit'));
    assert.equal(worker.isActive, true);
    assert.equal(await worker.send('work', 'w'), 'w');
    process.kill(worker.pid, 'SIGKILL');
    await eventually('it has ended', () => names().filter((name) => name === 'exit').length === 2);
    worker.post('note', 1);
    assert.deepEqual(await worker.send('noted'), [1]);
  });
});

describe('The option unexpectedShutdown', () => {
  test('rejects by default, and starts nothing', async (t) => {
    const { worker, lines } = await begin(t, { strategy: 'reject' });
    const error = await failure(worker.send('poison', 'p'));
    assert.deepEqual([error.attempt, error.maxAttempts], [1, 1]);
    assert.equal(worker.isActive, false);
    assert.equal((await failure(worker.send('echo', 1))).code, 'ERR_WORKER_CRASHED');
    assert.deepEqual(lines(), ['start', 'poison p']);
  });

  test('may retry only some types', async (t) => {
    const { worker, file } = await begin(t, { strategy: 'reject', types: { once: retry } });
    const lost = failure(worker.send('hang'));
    assert.equal(await worker.send('once', { path: file('met'), result: 1 }), 1);
    assert.equal((await lost).messageType, 'hang');
    const error = await failure(worker.send('poison', 'p'));
    assert.deepEqual([error.attempt, error.maxAttempts], [1, 1]);
  });

  test('may retry all types but some, each with its number of attempts', async (t) => {
    const { worker, lines } = await begin(t, {
      strategy: 'retry',
      attempts: 2,
      types: { exit: { strategy: 'reject' }, poison: { strategy: 'retry', attempts: 4 } },
    });
    const count = () => lines().filter((line) => line === 'start').length;
    assert.equal((await failure(worker.send('exit', 1))).maxAttempts, 1);
    assert.equal(count(), 1);
    assert.equal((await failure(worker.send('poison', 'p'))).attempt, 4);
    assert.equal(count(), 1 + 4);
    const error = await failure(worker.send('signal', 'SIGKILL'));
    assert.deepEqual([error.attempt, error.maxAttempts, error.reason.signal], [2, 2, 'SIGKILL']);
  });

  test('accepts types with the names of its own members', async (t) => {
    const types = { strategy: retry, attempts: retry, types: { strategy: 'reject' } } as never;
    const { worker } = await begin(t, { strategy: 'reject', types });
    for (const type of ['strategy', 'attempts', 'types']) {
      assert.equal((await failure(worker.send(type, 1))).code, 'ERR_UNKNOWN_MESSAGE_TYPE');
    }
  });

  for (const wrong of [
    null,
    7,
    'retry',
    {},
    { strategy: 'again' },
    { strategy: 'retry', attempts: 0 },
    { strategy: 'retry', attempts: NaN },
    { strategy: 'retry', attempts: '2' },
    { strategy: 'reject', types: 'all' },
    { strategy: 'reject', types: { work: 'retry' } },
    { strategy: 'reject', types: { work: { strategy: 'retry', attempts: -1 } } },
  ]) {
    test(`is an error as ${JSON.stringify(wrong)} (${typeof wrong})`, async (t) => {
      const error = await failure(live(t, { unexpectedShutdown: wrong as never }));
      assert.equal(error.code, 'ERR_INVALID_OPTION');
      assert.match(error.message, /unexpectedShutdown/);
    });
  }
});

describe('A request that the host retries', () => {
  test('has its original payload, whatever happened to the object since', async (t) => {
    for (const driver of [undefined, WorkerThreadsDriver]) {
      const { worker, file } = await begin(t, retry, { driver } as never);
      const payload = { path: file('met'), result: { list: [1] } };
      const answer = worker.send('once', payload);
      payload.result.list.push(2);
      payload.path = '/nowhere/at/all';
      assert.deepEqual(await answer, { list: [1] });
    }
  });

  test('passes through middleware once', async (t) => {
    for (const driver of [undefined, WorkerThreadsDriver]) {
      const seen: unknown[] = [];
      const middleware = (message: any, direction: string) => {
        if (direction !== 'outgoing' || message.type !== 'once') return;
        message.payload.result.push('changed');
        seen.push([...message.payload.result]);
      };
      let ids = 0;
      const txIdGenerator = () => `id-${ids++}`;
      const options = { driver, middleware, txIdGenerator } as never;
      const { worker, file } = await begin(t, retry, options);
      const answer = await worker.send('once', { path: file('met'), result: [1] });
      assert.deepEqual(answer, [1, 'changed']);
      assert.deepEqual(seen.length, 2);
      assert.equal(ids, 2);
    }
  });

  test('is impossible if memory moved with it', async (t) => {
    const { worker } = await begin(t, retry, { driver: WorkerThreadsDriver } as never);
    const buffer = new ArrayBuffer(8);
    const error = await failure(worker.send('poison', buffer, { transfer: [buffer] } as never));
    assert.deepEqual([error.attempt, error.maxAttempts], [1, 1]);
    // Sent while the worker is lost, it is moved when there is another.
    const { port1, port2 } = new MessageChannel();
    const moved = new ArrayBuffer(16);
    const size = worker.send('transferred', moved, { transfer: [moved] } as never);
    const echo = failure(worker.send('kindOf', port2, { transfer: [port2] } as never));
    assert.equal(await size, 16);
    assert.equal(moved.byteLength, 0);
    assert.equal((await echo).code, 'ERR_UNKNOWN_MESSAGE_TYPE');
    port1.close();
  });

  test('fails at once where it cannot be encoded, and starts no worker', async (t) => {
    const { worker, names } = await begin(t);
    assert.equal((await failure(worker.send('echo', () => 1))).code, 'ERR_NOT_SERIALIZABLE');
    assert.deepEqual(names(), []);
  });
});

describe('The timeout of a request counts from its first sending', () => {
  test('across its attempts', async (t) => {
    const { worker, lines } = await begin(t, { strategy: 'retry', attempts: 100 });
    const begun = performance.now();
    const error = await failure(worker.send('poison', 'p', { timeout: 400 }));
    const elapsed = performance.now() - begun;
    assert.equal(error.code, 'ERR_MESSAGE_TIMEOUT');
    assert.match(error.message, /"poison" within 400 ms/);
    assert.ok(elapsed >= 390 && elapsed < 3_000, String(elapsed));
    assert.ok(lines().length < 200);
  });

  test('while it waits for earlier requests', async (t) => {
    const { worker, file, lines } = await begin(t, retry, { timeout: 20_000 });
    const path = file('go on');
    const slow = worker.send('whereFile', { path, result: 'slow' });
    const quick = failure(worker.send('hang', undefined, { timeout: 500 }));
    await eventually('it is there', () => lines().length === 2);
    process.kill(worker.pid, 'SIGKILL');
    const begun = performance.now();
    assert.equal((await quick).code, 'ERR_MESSAGE_TIMEOUT');
    assert.ok(performance.now() - begun < 3_000);
    // The slow one is not over yet: there is no file.
    await eventually('it is there again', () => lines().length === 4);
    process.kill(worker.pid, 'SIGKILL');
    assert.equal((await failure(slow)).attempt, 2);
  });

  test('while a worker starts, and while none starts', async (t) => {
    const { worker, file, names } = await begin(t, { strategy: 'retry', attempts: 20 }, {});
    const dieIf = file('die');
    await worker.close();
    const other = await begin(t, { strategy: 'retry', attempts: 20 }, { startupData: { dieIf } });
    writeFileSync(dieIf, '');
    process.kill(other.worker.pid, 'SIGKILL');
    await eventually('it has ended', () => other.names().includes('exit'));
    const begun = performance.now();
    const error = await failure(other.worker.send('echo', 1, { timeout: 300 }));
    assert.equal(error.code, 'ERR_MESSAGE_TIMEOUT');
    assert.ok(performance.now() - begun < 3_000);
    assert.deepEqual(names(), ['exit']);
  });
});

describe('A worker that dies at every start', () => {
  test('starts at growing intervals, until the host rejects all requests with the reason for good', async (t) => {
    const scratched = scratch(t);
    const dieIf = scratched.file('die');
    const { worker, lines, names } = await begin(t, { strategy: 'retry', attempts: 4 }, { startupData: { dieIf } });
    const lost = [1, 2, 3].map(() => failure(worker.send('hang')));
    await worker.send('echo', 'all are there');
    writeFileSync(dieIf, '');
    const begun = performance.now();
    process.kill(worker.pid, 'SIGKILL');
    await eventually('it is lost', () => !worker.isConnected);
    const waiting = failure(worker.send('echo', 1));
    for (const error of await Promise.all([...lost, waiting])) {
      assert.equal(error.code, 'ERR_WORKER_CRASHED');
      assert.deepEqual([error.phase, error.reason.code], ['startup', 9]);
    }
    const elapsed = performance.now() - begun;
    assert.ok(elapsed >= 100 + 200 + 400, `it was tried too fast: ${elapsed}`);
    assert.equal(lines().filter((line) => line === 'start').length, 1 + 4);
    assert.equal((await failure(worker.send('echo', 1))).code, 'ERR_WORKER_CRASHED');
    assert.equal(worker.isActive, false);
    await eventually('all was told', () => names().length === 10);
    assert.deepEqual(
      names(),
      [1, 2, 3, 4, 5].flatMap(() => ['crash', 'exit']),
    );
    await worker.close();
  });
});

describe('While a worker is started in place of another,', () => {
  for (const how of ['close', 'terminate', 'kill'] as const) {
    test(`${how}() ends the start, and rejects waiting requests`, async (t) => {
      const { worker, file, lines, names } = await begin(t);
      const lost = failure(worker.send('once', { path: file('met'), result: 1 }));
      await eventually('it is lost', () => !worker.isConnected);
      const waiting = failure(worker.send('echo', 1));
      const first = worker.pid;
      await worker[how]();
      assert.equal((await lost).code, 'ERR_WORKER_CLOSED');
      assert.equal((await waiting).code, 'ERR_WORKER_CLOSED');
      assert.ok(isGone(first) && isGone(worker.pid));
      const started = lines().filter((line) => line === 'start').length;
      assert.ok(started <= 2);
      assert.equal(names().includes('restart'), false);
      assert.equal(worker.isActive, false);
    });
  }

  test('close() does not wait for the next attempt to start', async (t) => {
    const scratched = scratch(t);
    const dieIf = scratched.file('die');
    const { worker, names } = await begin(t, { strategy: 'retry', attempts: 50 }, { startupData: { dieIf } });
    writeFileSync(dieIf, '');
    const lost = failure(worker.send('exit', 1));
    // By then it waits for more than a second.
    await eventually('it was tried', () => names().filter((name) => name === 'exit').length === 5, 20_000);
    const begun = performance.now();
    await worker.close();
    assert.ok(performance.now() - begun < 1_500, 'it waited for the next attempt');
    assert.equal((await lost).code, 'ERR_WORKER_CLOSED');
  });
});

test('A host stays while a request without a timeout waits for a new worker', async () => {
  const { code, stdout, stderr } = await runHost('../lives/waiting-host.mjs');
  assert.deepEqual([code, stdout, stderr], [0, 'answered\n', '']);
});

test('No lost request causes an unhandled rejection', async () => {
  const { code, stdout, stderr } = await runHost('../lives/retries-host.mjs');
  assert.deepEqual([code, stdout, stderr], [0, 'unhandled: 0\n', '']);
});
