// The messages that custom drivers move.
import assert from 'node:assert/strict';
import { describe, test, type TestContext } from 'node:test';
import { MessageChannel } from 'node:worker_threads';

import { createWorker, type DriverMessage } from 'isolated-workers';

import { ForkDriver } from '../../fixtures/drivers/custom/fork-driver.mjs';
import { capabilities, MemoryChannel, memoryDriver } from '../../fixtures/drivers/custom/memory-driver.mjs';
import { failure, fixture, type Loose, RecordingLogger, startBy } from '../../fixtures/drivers/support.mjs';
import { isAlive } from '../../fixtures/support.mjs';

const script = fixture('worker');

async function startIn(t: TestContext, channel: MemoryChannel, options: object = {}) {
  const worker = await createWorker<Loose, any>({ script, driver: memoryDriver(channel), ...options } as never);
  t.after(() => worker.close({ timeout: 50 }));
  return worker;
}

describe('A driver over the IPC of fork', () => {
  const forkWorker = fixture('custom/fork-worker');
  const start = (t: TestContext, options: object = {}) =>
    startBy(t, new ForkDriver() as never, { script: forkWorker, ...options });

  test('runs a worker, whose client has its process id', async (t) => {
    const worker = await start(t, { startupData: { given: 'yes' } });
    assert.deepEqual(await worker.send('echo', new Map([[1, [2n]]])), new Map([[1, [2n]]]));
    assert.deepEqual(await worker.send('startupData', 0), { given: 'yes' });
    const { pid } = worker;
    assert.ok(pid !== undefined && pid !== process.pid && isAlive(pid));
    await worker.close();
    assert.equal(isAlive(pid), false);
  });

  test('receives its options', async (t) => {
    const worker = await start(t, { driverOptions: { serialization: 'json' } });
    assert.deepEqual(await worker.send('echo', { date: new Date(0) }), { date: '1970-01-01T00:00:00.000Z' });
  });

  test('answers each of many requests at once, and close() waits for them', async (t) => {
    const worker = await start(t);
    const answers = Array.from({ length: 500 }, (_, index) => worker.send('echo', { index }));
    const late = worker.send('later', { ms: 30, value: 'late' });
    await worker.close();
    assert.deepEqual(
      await Promise.all(answers),
      [...answers.keys()].map((index) => ({ index })),
    );
    assert.equal(await late, 'late');
  });

  test('reports errors of handlers, and of messages that the channel cannot carry', async (t) => {
    const worker = await start(t);
    const [refused, fallen, after] = await Promise.all([
      failure(worker.send('echo', () => {})),
      failure(worker.send('fall', 'over')),
      worker.send('echo', 'after'),
    ]);
    assert.equal(refused.code, 'ERR_DRIVER_FAILED');
    assert.match(refused.message, /"fork".*"echo"/);
    assert.ok(fallen instanceof RangeError);
    assert.equal(after, 'after');
  });

  test('reports how its process ended', async (t) => {
    const worker = await start(t);
    const error = await failure(worker.send('exit', 3));
    assert.equal(error.code, 'ERR_WORKER_CRASHED');
    assert.deepEqual([error.reason, error.pid], [{ type: 'exit', code: 3, signal: null }, worker.pid]);
  });

  test('refuses to move memory, and sends what a handler wants to move', async (t) => {
    const worker = await start(t);
    const moving = (worker as any).send('echo', new ArrayBuffer(8), { transfer: [new ArrayBuffer(8)] });
    await assert.rejects(moving, { code: 'ERR_UNSUPPORTED_BY_DRIVER' });
    assert.deepEqual(await worker.send('moved', 0), new Uint8Array([1, 2, 3]));
  });
});

describe('Each message that a driver moves', () => {
  test('is a plain object with the documented members', async (t) => {
    const channel = new MemoryChannel();
    const worker = await startIn(t, channel, { startupData: [1] });
    assert.equal(await worker.send('echo', 'text'), 'text');
    assert.equal(await worker.send('echo', undefined), undefined);
    worker.post('note', { a: 1 });
    await worker.close();
    const [hello, request, empty, notification, close, ...more] = channel.sent;
    assert.deepEqual(more, []);
    assert.deepEqual([hello!.type, hello!.kind, hello!.tx], ['', 'hello', undefined]);
    assert.match(String(request!.tx), /^[0-9a-f-]{36}$/);
    assert.deepEqual(request, { type: 'echo', tx: request!.tx, payload: 'text' });
    assert.deepEqual(empty, { type: 'echo', tx: empty!.tx });
    assert.notEqual(request!.tx, empty!.tx);
    assert.deepEqual(notification, { type: 'note', payload: { a: 1 }, kind: 'notification' });
    assert.deepEqual(close, { type: '', kind: 'close' });
    for (const message of channel.sent) assert.equal(Object.getPrototypeOf(message), Object.prototype);
    assert.deepEqual(structuredClone(channel.sent), channel.sent);
    assert.deepEqual(channel.transfers, []);
  });

  test('accepts an answer without a kind, also an error', async (t) => {
    const channel = new MemoryChannel();
    channel.answerTo = ({ type, tx, payload }) =>
      payload === 'fall'
        ? channel.deliver({
            type: `${type}Error`,
            tx,
            payload: { name: 'RangeError', class: 'RangeError', message: 'over' },
          })
        : channel.deliver({ type: `${type}Result`, tx, payload });
    const worker = await startIn(t, channel);
    assert.equal(await worker.send('echo', 1), 1);
    assert.ok((await failure(worker.send('echo', 'fall'))) instanceof RangeError);
  });

  test('has the transaction id of the generator or of middleware', async (t) => {
    const channel = new MemoryChannel();
    let next = 0;
    const seen: unknown[] = [];
    const worker = await startIn(t, channel, { txIdGenerator: () => `id ${next++}`, middleware: (message: any) => void seen.push(message.tx) }); // prettier-ignore
    assert.deepEqual(await Promise.all([worker.send('echo', 1), worker.send('echo', 2)]), [1, 2]);
    assert.deepEqual(channel.sent.slice(1, 3).map(({ tx }) => tx), ['id 0', 'id 1']); // prettier-ignore
    assert.deepEqual(seen, ['id 0', 'id 1', 'id 0', 'id 1']);
  });

  test('has one listener', async (t) => {
    const channel = new MemoryChannel();
    const worker = await startIn(t, channel);
    for (let index = 0; index < 20; index++) await worker.send('echo', index);
    assert.deepEqual(['onMessage', 'onError', 'onClose'].map((name) => channel.calls.filter((call) => call === name).length), [1, 1, 1]); // prettier-ignore
    assert.deepEqual(
      ['message', 'trouble', 'close'].map((name) => channel.listenerCount(name)),
      [1, 1, 1],
    );
  });

  test('keeps the host alive while it is a request in flight, and not otherwise', async (t) => {
    const channel = new MemoryChannel();
    const held: DriverMessage[] = [];
    channel.answerTo = (message) => void held.push(message);
    const worker = await startIn(t, channel);
    const state = () => channel.calls.findLast((call) => call.endsWith('ref'));
    assert.equal(state(), 'unref');
    const answer = worker.send('echo', 1);
    assert.equal(state(), 'ref');
    MemoryChannel.prototype.answerTo.call(channel, held[0]!, 1);
    await answer;
    assert.equal(state(), 'unref');
    worker.ref();
    assert.equal(state(), 'ref');
    worker.unref();
    assert.equal(state(), 'unref');
  });

  test('changes whether the channel keeps the host alive only when that changes', async (t) => {
    const channel = new MemoryChannel();
    const worker = await startIn(t, channel);
    worker.ref();
    const calls = channel.calls.length;
    await Promise.all([1, 2, 3].map((value) => worker.send('echo', value)));
    for (let value = 0; value < 5; value++) await worker.send('echo', value);
    assert.deepEqual(channel.calls.slice(calls), []);
  });
});

describe('Garbage that a driver delivers', () => {
  const garbage: unknown[] = [
    null, undefined, 0, 7, 'text', true, [], {}, () => {}, Symbol('s'), 1n,
    { type: 7 }, { type: null, tx: 'x' }, { type: 'echoResult', tx: 7 }, { type: 'echoResult', tx: {} },
    { type: 'echoResult', kind: 'result' }, { type: 'echoResult', kind: 'unknown', tx: 'x' }, { type: 'x', kind: 7 },
    { type: 'echoResult' }, { type: 'echoResult', kind: 'result', tx: 'nobody' }, { type: 'echoError', tx: 'nobody' },
    { type: 'echoError', kind: 'error', tx: 'nobody', payload: null },
    { type: '', kind: 'hello', payload: { protocol: 1 } }, { type: '', kind: 'hello' },
    { type: '', kind: 'hello', payload: { protocol: 99 } }, { type: '', kind: 'close' },
    { type: 'echo', kind: 'request', tx: 'theirs' }, { type: 'echo', kind: 'notification' },
  ]; // prettier-ignore

  test('affects no request', async (t) => {
    const channel = new MemoryChannel();
    const logger = new RecordingLogger();
    channel.answerTo = (message, payload) => {
      for (const each of garbage) channel.deliver(each);
      MemoryChannel.prototype.answerTo.call(channel, message, payload);
      // Twice.
      MemoryChannel.prototype.answerTo.call(channel, message, 'again');
    };
    const worker = await startIn(t, channel, { logger });
    const answers = Array.from({ length: 20 }, (_, index) => worker.send('echo', { index }));
    assert.deepEqual(
      await Promise.all(answers),
      [...answers.keys()].map((index) => ({ index })),
    );
    assert.equal(worker.isActive, true);
    assert.ok(logger.lines.length > 0);
    await worker.close();
  });

  for (const payload of [null, 7, 'text', [], {}, { name: 7, message: {} }, { cause: 1, errors: 2 }]) {
    test(`as the error of a request fails only that request (${JSON.stringify(payload)})`, async (t) => {
      const channel = new MemoryChannel();
      const worker = await startIn(t, channel);
      channel.answerTo = ({ tx }) => channel.deliver({ type: 'echoError', kind: 'error', tx, payload });
      assert.ok((await failure(worker.send('echo', 1))) instanceof Error);
      channel.answerTo = MemoryChannel.prototype.answerTo;
      assert.equal(await worker.send('echo', 2), 2);
    });
  }

  test('does not count as an answer where it repeats the requests', async (t) => {
    const channel = new MemoryChannel();
    channel.answerTo = (message) => {
      channel.deliver(message);
      MemoryChannel.prototype.answerTo.call(channel, message, 'the answer');
    };
    const worker = await startIn(t, channel, { logger: new RecordingLogger() });
    assert.equal(await worker.send('echo', 'the payload'), 'the answer');
  });

  for (const payload of [undefined, null, 7, { protocol: 99 }]) {
    test(`as the handshake ends the worker (${JSON.stringify(payload)})`, async () => {
      const channel = new MemoryChannel();
      channel.answer = () => channel.deliver({ type: '', kind: 'hello', payload });
      const error = await failure(createWorker({ script, driver: memoryDriver(channel) }));
      assert.equal(error.code, 'ERR_PROTOCOL_MISMATCH');
      assert.ok(channel.calls.includes('terminate SIGKILL'));
    });
  }

  for (const reason of [undefined, null, 7, {}, { type: 'unknown' }]) {
    test(`as the reason of its end ends the worker like any other (${JSON.stringify(reason)})`, async (t) => {
      const channel = new MemoryChannel();
      channel.answerTo = () => channel.end(reason as never);
      const worker = await startIn(t, channel);
      assert.equal((await failure(worker.send('echo', 1))).code, 'ERR_WORKER_CRASHED');
      await worker.close();
    });
  }
});

describe('send() of a driver', () => {
  for (const how of ['throws', 'rejects', 'rejects late']) {
    test(`that ${how} fails that message alone`, async (t) => {
      const channel = new MemoryChannel();
      const logger = new RecordingLogger();
      const worker = await startIn(t, channel, { logger });
      const cause = new Error('the cable is cut');
      channel.send = (message) => {
        if (message.payload !== 'bad') return MemoryChannel.prototype.send.call(channel, message);
        if (how === 'throws') throw cause;
        return new Promise((_, reject) => (how === 'rejects' ? reject(cause) : setImmediate(reject, cause)));
      };
      const [before, error, after] = await Promise.all([
        worker.send('echo', 1),
        failure(worker.send('echo', 'bad')),
        worker.send('echo', 2),
      ]);
      assert.deepEqual([before, after], [1, 2]);
      assert.equal(error.code, 'ERR_DRIVER_FAILED');
      assert.equal(error.cause, cause);
      assert.match(error.message, /"memory".*"echo".*the cable is cut/);
      if (how === 'throws') assert.throws(() => worker.post('note', 'bad'), { code: 'ERR_DRIVER_FAILED' });
      else worker.post('note', 'bad');
      assert.equal(await worker.send('echo', 3), 3);
    });
  }

  for (const how of ['throws', 'rejects']) {
    test(`that ${how} during close() does not prevent the end`, async (t) => {
      const channel = new MemoryChannel();
      const worker = await startIn(t, channel, { logger: new RecordingLogger() });
      channel.send = () => {
        if (how === 'throws') throw new Error('closed already');
        return Promise.reject(new Error('closed already'));
      };
      await worker.close({ timeout: 20 });
      assert.equal(worker.isActive, false);
    });

    test(`that ${how} from the start fails createWorker`, async () => {
      const channel = new MemoryChannel();
      channel.send = () => {
        if (how === 'throws') throw new Error('never open');
        return Promise.reject(new Error('never open'));
      };
      const options = {
        script,
        driver: memoryDriver(channel),
        timeout: { startup: 50 },
        logger: new RecordingLogger(),
      };
      const error = await failure(createWorker(options));
      assert.match(error.code, /^ERR_(DRIVER_FAILED|START_TIMEOUT)$/);
      assert.ok(channel.calls.includes('terminate SIGKILL'));
    });
  }
});

test('A driver that shares memory receives the transfer list', async (t) => {
  const channel = new MemoryChannel();
  const driver = { ...memoryDriver(channel), capabilities: { ...capabilities, sharedMemory: true as const } };
  const worker = await startBy(t, driver, {});
  const { port1 } = new MessageChannel();
  t.after(() => port1.close());
  await worker.send('echo', 1, { transfer: [port1] });
  await worker.send('echo', 2, { transfer: [] });
  assert.deepEqual(channel.transfers, [[port1]]);
});
