import assert from 'node:assert/strict';
import { Readable } from 'node:stream';

import type { Definition } from '../definition.js';
import { stillAnswers, upTo } from '../expect.js';
import { quiet } from '../harness.js';

const WINDOW = 64;

/** Counts its chunks, and reports its end. */
function source(count = Infinity, failAfter = Infinity) {
  const state = { made: 0, ended: false };
  async function* make() {
    try {
      while (state.made < count) {
        if (state.made === failAfter) throw new Error('the source has failed');
        yield state.made++;
      }
    } finally {
      state.ended = true;
    }
  }
  return { state, chunks: make() };
}

async function untilSourceEnds(state: { readonly ended: boolean }): Promise<void> {
  while (!state.ended) await new Promise((resolve) => setTimeout(resolve, 1));
}

/** Requests with input. */
export const uploads: readonly Definition[] = [
  {
    name: 'an input reaches the handler in order and whole, from each kind of source',
    async test(stage) {
      const worker = await stage.start();
      const { caseId } = stage;
      const numbers = upTo(300);
      const total = numbers.reduce((sum, number) => sum + number, 0);
      const inputs = [numbers, source(300).chunks, Readable.from(numbers), new Set(numbers)];
      for (const input of inputs) {
        assert.deepEqual(await worker.send('total', { caseId }, { input }), { chunks: 300, total });
      }
      assert.deepEqual(await worker.send('total', { caseId }, { input: [] }), { chunks: 0, total: 0 });
    },
  },
  {
    name: 'a handler that does not read stops the source, and its result ends it',
    async test(stage) {
      const worker = await stage.start();
      const { caseId } = stage;
      const { state, chunks } = source();
      const sent = quiet(worker.send('total', { caseId, most: 0, hold: 'reader' }, { input: chunks }));
      for (let before = -1; before !== state.made || state.made === 0;) {
        before = state.made;
        for (let turn = 0; turn < 20; turn++) await worker.send('echo', turn);
      }
      assert.ok(state.made <= WINDOW + 1, `${state.made} were made`);
      await stage.release(worker, 'reader');
      assert.deepEqual(await sent, { chunks: 0, total: 0 });
      await untilSourceEnds(state);
    },
  },
  {
    name: 'a handler that stops reading ends the source before it answers',
    async test(stage) {
      const worker = await stage.start();
      const { caseId } = stage;
      const { state, chunks } = source();
      const sent = quiet(worker.send('total', { caseId, most: 10, hold: 'reader' }, { input: chunks }));
      await untilSourceEnds(state);
      while ((await stage.release(worker, 'reader')) === 0) await worker.send('echo', 1);
      assert.deepEqual(await sent, { chunks: 10, total: 45 });
    },
  },
  {
    name: 'an error of the source reaches the handler after the chunks before it',
    async test(stage) {
      const worker = await stage.start();
      const { chunks } = source(Infinity, 5);
      const result = await worker.send('total', { caseId: stage.caseId }, { input: chunks });
      assert.deepEqual(result, { chunks: 5, total: 10, error: 'the source has failed' });
    },
  },
  {
    name: 'an abort ends the source and the handler',
    async test(stage) {
      const worker = await stage.start();
      const controller = new AbortController();
      const { state, chunks } = source();
      const sent = quiet(
        worker.send(
          'total',
          { caseId: stage.caseId, most: 100, hold: 'x' },
          { input: chunks, signal: controller.signal },
        ),
      );
      while (state.made < 50) await worker.send('echo', 1);
      controller.abort(new Error('enough'));
      await assert.rejects(sent, /enough/);
      await untilSourceEnds(state);
      await stillAnswers(worker);
      await stage.release(worker, 'x');
    },
  },
  {
    name: 'chunks go both ways at once',
    async test(stage) {
      const worker = await stage.start();
      const stream = worker.stream('twice', undefined, { input: source(500).chunks });
      const got: number[] = [];
      for await (const chunk of stream) got.push(chunk);
      assert.deepEqual(
        got,
        upTo(500).map((number) => number * 2),
      );
      assert.equal(await stream.result, 500);
    },
  },
  {
    name: 'leaving a stream ends its input as well',
    async test(stage) {
      const worker = await stage.start();
      const { state, chunks } = source();
      for await (const chunk of worker.stream('twice', undefined, { input: chunks })) if (chunk === 100) break;
      await untilSourceEnds(state);
      await stillAnswers(worker);
    },
  },
  {
    name: 'progress arrives in order, before the result',
    async test(stage) {
      const worker = await stage.start();
      const seen: unknown[] = [];
      const done = worker.send('steps', 100, { onProgress: (value) => seen.push(value) });
      void done.then((result) => seen.push(`result ${result}`));
      await done;
      assert.deepEqual(seen, [...upTo(101).slice(1), 'result 100']);
      assert.equal(await worker.send('steps', 3), 3);
    },
  },
];
