import assert from 'node:assert/strict';

import type { Definition } from '../definition.js';
import { rejection, rejectsWith, stillAnswers, upTo } from '../expect.js';
import type { NumbersPayload } from '../messages.js';
import { type ConformanceWorker, quiet, type Stage } from '../harness.js';
import { untilEnded, untilStill } from '../until.js';

/** The most unread chunks that a handler yields: the initial credit. */
const WINDOW = 64;

function numbers(stage: Stage, worker: ConformanceWorker, rest: Partial<NumbersPayload>, options = {}) {
  return worker.stream('numbers', { caseId: stage.caseId, key: 'n', ...rest }, options);
}

/** Reads the whole stream; returns its chunks, and the error of reading. */
async function readAll(stream: AsyncIterable<unknown>): Promise<{ chunks: unknown[]; error?: unknown }> {
  const chunks: unknown[] = [];
  try {
    for await (const chunk of stream) chunks.push(chunk);
    return { chunks };
  } catch (error) {
    return { chunks, error };
  }
}

/** Streamed answers. */
export const streams: readonly Definition[] = [
  {
    name: 'the chunks of a stream arrive in order, then its result',
    async test(stage) {
      const worker = await stage.start();
      const stream = numbers(stage, worker, { count: 1000 });
      assert.deepEqual(await readAll(stream), { chunks: upTo(1000) });
      assert.equal(await stream.result, 1000);
      assert.deepEqual(await stream.next(), { value: undefined, done: true });
      const empty = numbers(stage, worker, { count: 0 });
      assert.deepEqual(await readAll(empty), { chunks: [] });
      assert.equal(await empty.result, 0);
    },
  },
  {
    name: 'a handler may return a readable stream of Node or of the web',
    async test(stage) {
      const worker = await stage.start();
      for (const kind of ['node', 'web'] as const) {
        const stream = worker.stream('readable', { caseId: stage.caseId, kind, count: 100 });
        assert.deepEqual(await readAll(stream), { chunks: upTo(100) });
        assert.equal(await stream.result, undefined);
      }
    },
  },
  {
    name: 'a reader that leaves ends a readable stream',
    async test(stage) {
      const worker = await stage.start();
      for (const kind of ['node', 'web'] as const) {
        const stream = worker.stream('readable', { caseId: stage.caseId, kind, count: 100_000 });
        for await (const chunk of stream) if (chunk === 3) break;
        await untilEnded(stage, worker, kind);
      }
    },
  },
  {
    name: 'a handler that returns a plain value to stream() gives no chunks and that result',
    async test(stage) {
      const worker = await stage.start();
      const stream = worker.stream('noStream');
      assert.deepEqual(await readAll(stream), { chunks: [] });
      assert.equal(await stream.result, 'no stream');
    },
  },
  {
    name: 'send() of a type whose handler streams rejects, and the error names stream()',
    async test(stage) {
      const worker = await stage.start();
      await rejectsWith(worker.send('wrongStream'), 'ERR_ANSWER_IS_STREAM', 'stream("wrongStream"');
      await stillAnswers(worker);
    },
  },
  {
    name: 'a slow reader pauses the writer, and gets each chunk in the end',
    async test(stage) {
      const worker = await stage.start();
      const stream = numbers(stage, worker, { count: 500 });
      assert.ok((await untilStill(stage, worker, 'n')) <= WINDOW);
      for (let next = 0; next < 100; next++) assert.equal((await stream.next()).value, next);
      const made = await untilStill(stage, worker, 'n');
      assert.ok(made <= 100 + WINDOW, `${made} were made`);
      assert.deepEqual((await readAll(stream)).chunks, upTo(500).slice(100));
    },
  },
  {
    name: 'large chunks cost more credit, and the writer makes fewer of them in advance',
    async test(stage) {
      const worker = await stage.start();
      const stream = numbers(stage, worker, { count: 40, size: 65_536 });
      const made = await untilStill(stage, worker, 'n');
      assert.ok(made <= WINDOW / 4, `${made} were made`);
      assert.equal((await readAll(stream)).chunks.length, 40);
    },
  },
  {
    name: 'leaving a stream ends its generator, by break, return() and throw()',
    async test(stage) {
      const worker = await stage.start();
      for await (const chunk of numbers(stage, worker, { key: 'break' })) if (chunk === 5) break;
      const returned = numbers(stage, worker, { key: 'return' });
      await returned.next();
      assert.deepEqual(await returned.return(), { value: undefined, done: true });
      await rejectsWith(returned.result, 'ERR_CANCELLED');
      assert.deepEqual(await returned.next(), { value: undefined, done: true });
      const thrown = numbers(stage, worker, { key: 'throw' });
      const reason = new Error('by the reader');
      assert.equal(await rejection(thrown.throw(reason)), reason);
      for (const key of ['break', 'return']) await untilEnded(stage, worker, key);
      await stillAnswers(worker);
    },
  },
  {
    name: 'a generator that throws after some chunks delivers them, then reading and the result reject',
    async test(stage) {
      const worker = await stage.start();
      const stream = numbers(stage, worker, { failAfter: 10 });
      const { chunks, error } = await readAll(stream);
      assert.deepEqual(chunks, upTo(10));
      assert.ok(error instanceof RangeError && error.message === 'no more than 10');
      assert.equal(await rejection(stream.result), error);
    },
  },
  {
    name: 'an abort ends reading at once with the reason, and the generator',
    async test(stage) {
      const worker = await stage.start();
      const controller = new AbortController();
      const stream = numbers(stage, worker, {}, { signal: controller.signal });
      await stream.next();
      await untilStill(stage, worker, 'n');
      const reason = new Error('enough');
      controller.abort(reason);
      assert.equal(await rejection(stream.next()), reason);
      assert.equal(await rejection(stream.result), reason);
      await untilEnded(stage, worker, 'n');
    },
  },
  {
    name: 'the timeout of a stream limits each pause of the writer, and no pause of the reader',
    async test(stage) {
      const worker = await stage.start();
      const timeout = 400;
      const slow = numbers(stage, worker, { key: 'slow', count: 200 }, { timeout });
      await untilStill(stage, worker, 'slow');
      await new Promise((resolve) => setTimeout(resolve, timeout * 2));
      assert.deepEqual((await readAll(slow)).chunks, upTo(200));
      const stops = numbers(stage, worker, { key: 'stops', stopAfter: 20 }, { timeout });
      const { chunks, error } = await readAll(stops);
      assert.deepEqual(chunks, upTo(20));
      assert.equal((error as { code?: string }).code, 'ERR_MESSAGE_TIMEOUT');
      await untilEnded(stage, worker, 'stops');
    },
  },
  {
    name: 'a worker that ends in the middle of a stream ends the reading, after the chunks that had come',
    appliesTo: ({ endsAlone }) => endsAlone,
    async test(stage) {
      const worker = await stage.start();
      const stream = numbers(stage, worker, { exitAfter: 20 });
      await quiet(stream.result).catch(() => {});
      const { chunks, error } = await readAll(stream);
      assert.ok(chunks.length >= 20 && chunks.length <= WINDOW, `${chunks.length} chunks`);
      assert.deepEqual(chunks, upTo(chunks.length));
      assert.equal((error as Error).name, 'WorkerCrashedError');
    },
  },
  {
    name: 'a thousand streams at once each get their own chunks',
    async test(stage) {
      const worker = await stage.start();
      const all = upTo(1000).map((index) => numbers(stage, worker, { key: `n${index}`, count: index % 100 }));
      const read = await Promise.all(all.map(readAll));
      for (const [index, { chunks }] of read.entries()) assert.deepEqual(chunks, upTo(index % 100));
      assert.deepEqual(
        await Promise.all(all.map(({ result }) => result)),
        upTo(1000).map((index) => index % 100),
      );
    },
  },
  {
    name: 'a stream of an unknown type, and one of a closed worker, reject',
    async test(stage) {
      const worker = await stage.start();
      const unknown = worker.stream('no such type' as 'noStream');
      await rejectsWith(unknown.next(), 'ERR_UNKNOWN_MESSAGE_TYPE');
      await worker.close();
      await rejectsWith(worker.stream('noStream').next(), 'ERR_WORKER_CLOSED');
    },
  },
];
