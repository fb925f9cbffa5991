import assert from 'node:assert/strict';

import type { Definition } from '../definition.js';
import { upTo } from '../expect.js';
import type { Stage } from '../harness.js';

const MEBIBYTE = 2 ** 20;

/** Sends each value and receives it back. */
const makesRoundTrips = (list: readonly unknown[]) => async (stage: Stage) => {
  const worker = await stage.start();
  for (const value of list) assert.deepEqual(await worker.send('echo', value), value);
};

function nest(depth: number): unknown {
  return depth === 0 ? 'the end' : { depth, inner: [nest(depth - 1)] };
}

/** Values of payloads and results. */
export const values: readonly Definition[] = [
  {
    name: 'null, booleans and numbers arrive as they were sent',
    test: makesRoundTrips([null, true, false, 0, 1, -1, 0.1, 1e300, -5e-324, Number.MAX_SAFE_INTEGER]),
  },
  {
    name: 'strings arrive as they were sent, whatever characters they have',
    test: makesRoundTrips([
      '',
      'text',
      ' ',
      '\n',
      '\0',
      '"\\',
      'ä€😀',
      '\u2028\u2029',
      '\u001e',
      '\ufeff',
      '[1]',
      'null',
    ]),
  },
  {
    name: 'arrays and objects arrive as they were sent, also empty and nested',
    test: makesRoundTrips([[], {}, [[]], [{}], { '': '' }, [1, [2, [3]]], { ä: { '😀': [null, ''] } }, nest(50)]),
  },
  {
    name: 'an object with a thousand members and an array with ten thousand elements arrive whole',
    test: makesRoundTrips([Object.fromEntries(upTo(1000).map((index) => [`member ${index}`, index])), upTo(10_000)]),
  },
  {
    name: 'a member called __proto__ is data like any other',
    async test(stage) {
      const worker = await stage.start();
      const text = '{"__proto__":{"sly":true},"constructor":1}';
      const received = (await worker.send('echo', JSON.parse(text))) as object;
      assert.equal(JSON.stringify(received), text);
      assert.equal(Object.getPrototypeOf(received), Object.prototype);
    },
  },
  {
    name: 'a payload that is left out arrives as undefined, and so does the result of a handler that returns nothing',
    async test(stage) {
      const worker = await stage.start();
      assert.equal(await worker.send('kindOf'), 'undefined');
      assert.equal(await worker.send('kindOf', null), 'object');
      assert.equal(await worker.send('nothing'), undefined);
      assert.equal(await worker.send('echo', undefined), undefined);
    },
  },
  {
    name: 'a string of 1 MiB arrives whole, in both directions',
    async test(stage) {
      const worker = await stage.start();
      const text = 'ä€😀x'.repeat(MEBIBYTE / 10);
      assert.ok(Buffer.byteLength(text) >= MEBIBYTE - 10);
      assert.ok((await worker.send('echo', text)) === text);
      const [first, second, third] = await Promise.all([
        worker.send('echo', text),
        worker.send('echo', 'small'),
        worker.send('echo', { text }),
      ]);
      assert.ok(first === text);
      assert.equal(second, 'small');
      assert.ok((third as { text: string }).text === text);
    },
  },
];
