import assert from 'node:assert/strict';

import { checkedHostMessages, checkedMessages } from '../checked-messages.js';
import type { Definition } from '../definition.js';
import { rejectsWith, stillAnswers, upTo } from '../expect.js';
import { numberTo } from '../schemas.js';
import type { FullOptions, Stage } from '../harness.js';

/** A worker whose messages both sides check. */
const start = (stage: Stage, options: FullOptions = {}) =>
  stage.startFull({ messages: checkedMessages, hostMessages: checkedHostMessages, ...options });

/** Asserts that a message was invalid: the side, and the path. */
async function isInvalid(sent: Promise<unknown>, type: string, side: 'host' | 'worker', ...path: unknown[]) {
  const error = await rejectsWith(sent, 'ERR_INVALID_MESSAGE', `"${type}" that came to the ${side} is not valid`);
  assert.equal(error['messageType'], type);
  assert.equal(error['side'], side);
  const [issue] = error['issues'] as { message: string; path: unknown[] }[];
  assert.deepEqual(issue?.path, path);
  assert.equal(typeof issue.message, 'string');
  return error;
}

/** Messages whose definitions have validators. */
export const validators: readonly Definition[] = [
  {
    name: 'handlers and callers get what validators make of payloads and results',
    async test(stage) {
      const { caseId } = stage;
      const worker = await start(stage);
      assert.deepEqual(await worker.send('checked', { caseId, width: 2 }), { text: '2 M' });
      assert.deepEqual(await worker.send('checked', { caseId, width: 2, unit: 'km' }), { text: '2 KM' });
    },
  },
  {
    name: 'an invalid payload fails alone in the worker, which does not call its handler',
    async test(stage) {
      const { caseId } = stage;
      const worker = await start(stage);
      const before = (await worker.send('noted', { caseId })).length;
      const bad = worker.send('checked', { caseId, width: 'two' });
      const good = worker.send('checked', { caseId, width: 3, unit: 'good' });
      await isInvalid(bad, 'checked', 'worker', 'payload', 'width');
      assert.deepEqual(await good, { text: '3 GOOD' });
      assert.deepEqual((await worker.send('noted', { caseId })).slice(before), ['good']);
      await stillAnswers(worker);
    },
  },
  {
    name: 'an invalid result fails alone in the host',
    async test(stage) {
      const { caseId } = stage;
      const worker = await start(stage);
      const bad = worker.send('checked', { caseId, width: 0 });
      const good = worker.send('checked', { caseId, width: 1 });
      await isInvalid(bad, 'checked', 'host', 'result', 'text');
      assert.deepEqual(await good, { text: '1 M' });
      await stillAnswers(worker);
    },
  },
  {
    name: 'each side validates the messages that it receives, whatever the other side does',
    async test(stage) {
      const { caseId } = stage;
      const trusting = await stage.startFull();
      assert.deepEqual(await trusting.send('checked', { caseId, width: 0 }), { text: 0 });
      await isInvalid(trusting.send('checked', { caseId, width: null }), 'checked', 'worker', 'payload', 'width');
      const host = await stage.start({ messages: checkedMessages } as FullOptions);
      await isInvalid(host.send('checked', { caseId, width: 0 }), 'checked', 'host', 'result', 'text');
    },
  },
  {
    name: 'asynchronous validators keep messages in order',
    async test(stage) {
      const { caseId } = stage;
      const worker = await start(stage);
      const before = (await worker.send('noted', { caseId })).length;
      const slow = worker.send('checkedSlowly', { caseId, key: 'slow', ms: 40 });
      const bad = worker.send('checkedSlowly', { caseId, key: 'bad', ms: 'long' });
      const quick = worker.send('checkedSlowly', { caseId, key: 'quick', ms: 0 });
      worker.post('note', { caseId, value: 'last' });
      await isInvalid(bad, 'checkedSlowly', 'worker', 'payload', 'ms');
      assert.deepEqual(await slow, { caseId, key: 'slow', ms: 40, checked: true });
      await quick;
      assert.deepEqual((await worker.send('noted', { caseId })).slice(before), ['slow', 'quick', 'last']);
    },
  },
  {
    name: 'a validator that throws fails its message, with its error as the cause',
    async test(stage) {
      const worker = await start(stage);
      const caseId = `${stage.caseId} broken`;
      const error = await isInvalid(worker.send('checkedBroken', { caseId }), 'checkedBroken', 'worker', 'payload');
      assert.ok(error.cause instanceof RangeError && error.cause.message === 'fell over');
      assert.deepEqual(await worker.send('noted', { caseId }), []);
      await stillAnswers(worker);
    },
  },
  {
    name: 'the reader of a stream receives validated chunks, and the first invalid one ends it',
    async test(stage) {
      const worker = await start(stage);
      const stream = worker.stream('checkedNumbers', upTo(100));
      const chunks: unknown[] = [];
      for await (const chunk of stream) chunks.push(chunk);
      assert.deepEqual(
        chunks,
        upTo(100).map((number) => number * 10),
      );
      assert.equal(await stream.result, 100);
      const broken = worker.stream('checkedNumbers', [1, 'two', 3]);
      assert.deepEqual(await broken.next(), { value: 10, done: false });
      await isInvalid(broken.next(), 'checkedNumbers', 'host', 'stream');
      assert.deepEqual(await broken.next(), { value: undefined, done: true });
      await stillAnswers(worker);
    },
  },
  {
    name: 'the handler receives validated chunks of an input, and an invalid one fails it',
    async test(stage) {
      const worker = await start(stage);
      assert.equal(await worker.send('checkedTotal', undefined, { input: [1, 2, 3] }), 9);
      const bad = worker.send('checkedTotal', undefined, { input: [1, 'two', 3] });
      await isInvalid(bad, 'checkedTotal', 'worker', 'input');
      await stillAnswers(worker);
    },
  },
  {
    name: 'the caller receives validated progress, and the host drops invalid progress',
    async test(stage) {
      const worker = await start(stage, { logLevel: 'silent' });
      const seen: unknown[] = [];
      const onProgress = (value: unknown) => void seen.push(value);
      assert.equal(await worker.send('checkedSteps', [1, 'high', 3], { onProgress }), 3);
      assert.deepEqual(seen, ['1 m', '3 m']);
    },
  },
  {
    name: 'the worker drops an invalid notification, and handles the others',
    async test(stage) {
      const { caseId } = stage;
      const worker = await start(stage);
      const before = (await worker.send('noted', { caseId })).length;
      for (const value of [1, 'two', 3]) worker.post('checkedNote', { caseId, value });
      assert.deepEqual((await worker.send('noted', { caseId })).slice(before), [1, 3]);
    },
  },
  {
    name: 'the host validates the requests of its worker, and the worker the answers',
    async test(stage) {
      const ids: unknown[] = [];
      const worker = await start(stage, {
        handlers: {
          hostChecked(payload) {
            ids.push(payload);
            return { cents: payload.id === 7 ? 'many' : payload.id };
          },
        },
      });
      const ask = (id: unknown) => worker.send('ask', { type: 'hostChecked', payload: { id } });
      const [fine, payload, result] = await Promise.all([ask(3), ask('three'), ask(7)]);
      assert.deepEqual(fine, { value: { cents: 3, currency: 'EUR' } });
      assert.equal(payload.code, 'ERR_INVALID_MESSAGE');
      assert.match(payload.message ?? '', /"hostChecked" that came to the host is not valid: payload\.id: /);
      assert.equal(result.code, 'ERR_INVALID_MESSAGE');
      assert.match(result.message ?? '', /"hostChecked" that came to the worker is not valid: result\.cents: /);
      assert.deepEqual(ids, [
        { id: 3, checked: true },
        { id: 7, checked: true },
      ]);
    },
  },
  {
    name: 'the receiver validates the posts and streams of a worker, in both directions',
    async test(stage) {
      const seen: unknown[] = [];
      const worker = await start(stage, {
        logLevel: 'silent',
        hostMessages: { said: { payload: numberTo((value) => -value) }, hostTotal: { input: numberTo((n) => n * 2) } },
        handlers: {
          said: (value) => void seen.push(value),
          async hostTotal(_, { input }) {
            let total = 0;
            for await (const chunk of input) total += chunk;
            return total;
          },
          async *hostNumbers(count) {
            yield* upTo(count);
            yield 'one more' as unknown as number;
            return count;
          },
        },
      });
      for (const value of [1, 'two', 3]) await worker.send('tell', value);
      assert.equal(await worker.send('askTotal', 10), 90);
      assert.deepEqual(seen, [-1, -3]);
      assert.deepEqual(await worker.send('askStream', { count: 3, most: 3 }), { chunks: [0, 1, 2] });
      await isInvalid(worker.send('askStream', { count: 3 }), 'hostNumbers', 'worker', 'stream');
      await stillAnswers(worker);
    },
  },
];
