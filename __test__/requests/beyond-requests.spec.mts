// Cancellation, streams and host calls beyond the conformance suite: old or faulty peers, retries, waiting calls, and
// workers before they serve. With threads, workers in process and a driver in memory.
import assert from 'node:assert/strict';
import { describe, test, type TestContext } from 'node:test';

import { createWorker, type DriverMessage, JsonSerializer, WorkerThreadsDriver } from 'isolated-workers';

import { MemoryChannel, memoryDriver } from '../fixtures/drivers/custom/memory-driver.mjs';
import { failure } from '../fixtures/support.mjs';

const script = new URL('../fixtures/beyond-requests.mjs', import.meta.url);

async function startThread(t: TestContext, options: object = {}): Promise<any> {
  const worker = await createWorker({ script, driver: WorkerThreadsDriver, ...options } as never);
  t.after(() => (worker as any).close());
  return worker;
}

/** A worker that the test plays; it knows the extensions. */
async function startInMemory(
  t: TestContext,
  extensions: string[] | undefined,
  answer: (message: DriverMessage) => void,
) {
  const channel = new MemoryChannel();
  const usual = channel.answer.bind(channel);
  channel.answer = (message) => {
    if (message.kind === 'hello') channel.deliver({ type: '', kind: 'hello', payload: { protocol: 1, extensions } });
    else if (message.kind === 'close') usual(message);
    else answer(message);
  };
  const worker: any = await createWorker({ script, driver: memoryDriver(channel), logLevel: 'silent' } as never);
  t.after(() => worker.close({ timeout: 50 }));
  return { worker, channel, kinds: () => channel.sent.map(({ kind }) => kind ?? 'request') };
}

describe('A worker of an older version', () => {
  test('receives no cancellation', async (t) => {
    const { worker, kinds } = await startInMemory(t, undefined, () => {});
    assert.equal((await failure(worker.send('never', 1, { timeout: 20 }))).code, 'ERR_MESSAGE_TIMEOUT');
    const reason = await failure(worker.send('never', 1, { signal: AbortSignal.timeout(10) }));
    assert.equal(reason.name, 'TimeoutError');
    assert.deepEqual(kinds(), ['hello', 'request', 'request']);
  });

  test('receives no request for a stream', async (t) => {
    const { worker, kinds } = await startInMemory(t, ['cancel'], () => {});
    const stream = worker.stream('tail', 1);
    assert.equal((await failure(stream.next())).code, 'ERR_UNSUPPORTED_BY_PEER');
    assert.equal((await failure(stream.result)).code, 'ERR_UNSUPPORTED_BY_PEER');
    assert.deepEqual(kinds(), ['hello']);
  });
});

describe('A worker that breaks the rules', () => {
  test('by sending chunks without credit fails the stream, which the host cancels', async (t) => {
    const { worker, channel, kinds } = await startInMemory(t, ['cancel', 'streams'], ({ tx, kind }) => {
      if (kind !== 'stream') return;
      for (let chunk = 0; chunk < 65; chunk++) channel.deliver({ type: '', tx, kind: 'chunk', payload: chunk });
    });
    const stream = worker.stream('flood', 1);
    assert.equal((await failure(stream.result)).code, 'ERR_MALFORMED_MESSAGE');
    assert.deepEqual(kinds(), ['hello', 'stream', 'cancel']);
  });

  test('by sending unexpected messages has no effect', async (t) => {
    const { worker, channel } = await startInMemory(t, ['cancel', 'streams'], (message) => {
      for (const kind of ['chunk', 'progress', 'demand']) {
        channel.deliver({ type: '', tx: message.tx, kind, payload: 1 });
        channel.deliver({ type: '', tx: 'unknown', kind, payload: 1 });
        channel.deliver({ type: '', kind, payload: 1 });
      }
      channel.answerTo(message, message.payload);
    });
    assert.equal(await worker.send('echo', 5), 5);
  });

  test('gets answers to its own requests', async (t) => {
    const { worker, channel } = await startInMemory(t, ['calls'], (message) => {
      if (message.type !== 'begin') return;
      channel.deliver({ type: 'unknown', tx: 'of the worker', kind: 'request', payload: 1 });
      channel.answerTo(message, undefined);
    });
    await worker.send('begin');
    while (channel.sent.length < 3) await new Promise(setImmediate);
    const { type, tx, kind, payload } = channel.sent[2] as any;
    assert.deepEqual(
      [type, tx, kind, payload.code],
      ['unknownError', 'of the worker', 'error', 'ERR_UNKNOWN_MESSAGE_TYPE'],
    );
  });
});

describe('A thread', () => {
  test('calls its host before its server has started', async (t) => {
    const asked: unknown[] = [];
    const worker = await startThread(t, { handlers: { early: (payload: unknown) => asked.push(payload) } });
    assert.deepEqual(await worker.send('early'), { answer: 1 });
    assert.deepEqual(asked, ['before']);
  });

  test('does not run a request that was cancelled before its turn came', async (t) => {
    const worker = await startThread(t, { startupData: { maxConcurrency: 1 } });
    const first = worker.send('hold', 'first');
    const controller = new AbortController();
    const second = failure(worker.send('hold', 'second', { signal: controller.signal }));
    const third = worker.send('hold', 'third');
    await new Promise((resolve) => setTimeout(resolve, 20));
    controller.abort();
    await second;
    assert.equal(await first, 'first');
    assert.equal(await third, 'third');
    assert.deepEqual(await worker.send('held'), ['first', 'third']);
  });

  test('moves the memory of a chunk', async (t) => {
    const worker = await startThread(t);
    const sizes: number[] = [];
    for await (const chunk of worker.stream('memory', 3)) sizes.push(chunk.byteLength);
    assert.deepEqual(sizes, [1_048_576, 1_048_576, 1_048_576]);
  });

  test('streams by a serializer, which fails only what it cannot encode', async (t) => {
    const worker = await startThread(t, { serializer: new JsonSerializer(), startupData: { json: true } });
    const chunks: unknown[] = [];
    for await (const chunk of worker.stream('values')) chunks.push(chunk);
    assert.deepEqual(chunks, [{ a: 1 }, 'ä€', null]);
    const broken = worker.stream('unsendable');
    assert.deepEqual((await broken.next()).value, 1);
    assert.equal((await failure(broken.next())).code, 'ERR_NOT_SERIALIZABLE');
    assert.equal(await worker.send('sum', undefined, { input: [1, 2, 3] }), 6);
  });

  test('dies by an escalation, and the host retries its requests in a new one', async (t) => {
    const worker = await startThread(t, { unexpectedShutdown: { strategy: 'retry', attempts: 3 } });
    const held = worker.send('echoLater', 'kept');
    const late = failure(worker.send('spin', 60_000, { timeout: 20, escalate: { killAfter: 30 } }));
    assert.equal((await late).code, 'ERR_MESSAGE_TIMEOUT');
    assert.equal(await held, 'kept');
  });

  test('accepts an AbortSignal of a DOM or a polyfill, and null for none', async (t) => {
    class OtherSignal extends EventTarget {
      aborted = false;
      reason = undefined;
    }
    const worker = await startThread(t);
    const signal = new OtherSignal();
    const pending = failure(worker.send('hold', 1, { signal }));
    signal.aborted = true;
    signal.dispatchEvent(new Event('abort'));
    assert.equal(((await pending) as Error).name, 'AbortError');
    const before = failure(worker.send('hold', 1, { signal }));
    assert.equal(((await before) as Error).name, 'AbortError');
    assert.equal(await worker.send('echoLater', 1, { signal: null }), 1);
  });

  test('keeps signal and progress of a request that is retried', async (t) => {
    const worker = await startThread(t, { unexpectedShutdown: { strategy: 'retry', attempts: 2 } });
    const seen: number[] = [];
    const controller = new AbortController();
    const options = { signal: controller.signal, onProgress: (value: number) => seen.push(value) };
    const sent = failure(worker.send('crashOnce', new SharedArrayBuffer(4), options));
    while (seen.length < 2) await new Promise((resolve) => setTimeout(resolve, 1));
    controller.abort('by the user');
    assert.equal(await sent, 'by the user');
    assert.deepEqual(seen, [1, 2]);
  });

  test('refuses invalid options', async (t) => {
    const worker = await startThread(t);
    for (const options of [
      { signal: 1 },
      { onProgress: 1 },
      { input: 5 },
      { escalate: 1 },
      { escalate: { killAfter: -1 } },
    ]) {
      assert.equal((await failure(worker.send('held', undefined, options))).code, 'ERR_INVALID_OPTION');
      assert.equal((await failure(worker.stream('held', undefined, options).result)).code, 'ERR_INVALID_OPTION');
    }
    await assert.rejects(startThread(t, { handlers: { wrong: 1 } }), { code: 'ERR_INVALID_OPTION' });
  });
});
